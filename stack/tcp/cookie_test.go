package tcp

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

// A baker answers SYNs with cookies as a listener does, and opens connections from them.
type baker struct {
	t   *testing.T
	c   Cookies
	cfg Config
	now time.Time
	buf [1500]byte
}

func newBaker(t *testing.T) *baker {
	b := &baker{t: t, cfg: endConfig(addrA, addrB, 4096, 77), now: origin}
	b.cfg.RxMax = 1 << 20 // so that there is a window scale
	for i := range b.c.Key {
		b.c.Key[i] = byte(i * 7)
	}
	return b
}

// peerSegment builds a segment of the peer.
func (b *baker) peerSegment(f Flags, s, ack seq.Value, opts, payload string) Segment {
	b.t.Helper()
	o := buildOptions(b.t, opts, 0)
	p := append(append(make([]byte, HeaderLen), o...), payload...)
	Put(p, Header{SrcPort: addrB.Port(), DstPort: addrA.Port(), Seq: s, Ack: ack, Flags: f, Window: 500}, len(o), sum.Partial(0))
	seg, err := Parse(p)
	if err != nil {
		b.t.Fatal(err)
	}
	return seg
}

// answer returns the SYN,ACK to a SYN, whose checksum must be right.
func (b *baker) answer(syn Segment) Segment {
	b.t.Helper()
	n, err := b.c.Answer(b.now, b.cfg, syn, b.buf[:])
	if err != nil {
		b.t.Fatal(err)
	}
	return parsed(b.t, append([]byte(nil), b.buf[:n]...), addrA, addrB)
}

// TestCookieRoundTrip opens a connection for every MSS and combination of options, and compares
// it with what a listener that remembers would have made of the SYN.
func TestCookieRoundTrip(t *testing.T) {
	for _, mss := range []int{0, 1, 64, 100, 511, 512, 535, 536, 1000, 1024, 1219, 1220, 1360, 1400, 1440, 1459, 1460, 8960, 65535} {
		for bits := range 1 << 4 {
			stamps, sack, scale, ecn := bits&1 != 0, bits&2 != 0, bits&4 != 0, bits&8 != 0
			for _, shift := range []int{0, 7, 14} {
				if shift != 7 && !scale {
					continue
				}
				opts, f := "", SYN
				add := func(on bool, o string) {
					if on {
						opts += o + ", "
					}
				}
				add(mss > 0, fmt.Sprintf("mss %d", mss))
				add(stamps, "ts 4294967295 0")
				add(sack, "sackok")
				add(scale, fmt.Sprintf("wscale %d", shift))
				if ecn {
					f |= ECE | CWR
				}
				name := fmt.Sprintf("%s ecn %v", opts, ecn)
				b := newBaker(t)
				syn := b.peerSegment(f, 0xffffffff, 0, opts, "")
				var full TCB
				if err := full.Accept(b.now, b.cfg, syn); err != nil {
					t.Fatal(err)
				}
				a := b.answer(syn)
				o := optionsOf(a.Options())
				if want := map[bool]Flags{true: SYN | ACK | ECE, false: SYN | ACK}[ecn && stamps]; a.Flags() != want {
					t.Errorf("%s: flags %v", name, a.Flags())
				}
				if a.Ack() != 0 || o.mss != 1460 || o.stamped != stamps || o.sackOK != (sack && stamps) || o.scaled != (scale && stamps) {
					t.Errorf("%s: the answer is ack %d %+v", name, a.Ack(), o)
				}
				echo := ""
				if stamps {
					echo = fmt.Sprintf("ts 3 %d", o.tsval)
				}
				var c TCB
				if err := b.c.Accept(&c, b.now.Add(time.Second), b.cfg, b.peerSegment(ACK, 0, a.Seq().Add(1), echo, "")); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				best := 0
				for _, m := range cookieMSS {
					if m <= full.mss {
						best = m
					}
				}
				wnd := 500
				if scale && stamps {
					wnd <<= shift
				}
				i := c.Info()
				if i.State != Established || c.mss != best || i.SndWnd != wnd || i.SACK != (sack && stamps) || i.ECN != (ecn && stamps) ||
					i.Timestamps != stamps || i.ISS != a.Seq() || i.IRS != 0xffffffff || i.SndUna != a.Seq().Add(1) || i.RcvNxt != 0 {
					t.Errorf("%s: MSS %d, want %d; %+v", name, c.mss, best, i)
				}
				if scale && stamps && (i.SndScale != full.sndShift || i.RcvScale != full.rcvShift || i.RcvScale != o.shift) {
					t.Errorf("%s: scales %d and %d, want %d and %d", name, i.SndScale, i.RcvScale, full.sndShift, full.rcvShift)
				}
				checkInvariants(t, &c)
			}
		}
	}
}

// TestCookieRefuses: what is no cookie of ours opens nothing.
func TestCookieRefuses(t *testing.T) {
	b := newBaker(t)
	a := b.answer(b.peerSegment(SYN, 5000, 0, "mss 1460", ""))
	good := func(f Flags, s, ack seq.Value) Segment { return b.peerSegment(f, s, ack, "", "") }
	if err := b.c.Accept(new(TCB), b.now, b.cfg, good(ACK, 5001, a.Seq().Add(1))); err != nil {
		t.Fatal("the good one: ", err)
	}
	other := func(change func(*Cookies, *Config)) (Cookies, Config) {
		c, cfg := Cookies{Key: b.c.Key}, b.cfg
		change(&c, &cfg)
		return c, cfg
	}
	ack := good(ACK, 5001, a.Seq().Add(1))
	for _, c := range []struct {
		sentence string
		change   func(*Cookies, *Config)
		seg      Segment
		after    time.Duration
	}{
		{"the number behind it", nil, good(ACK, 5001, a.Seq().Add(2)), 0},
		{"the number before it", nil, good(ACK, 5001, a.Seq()), 0},
		{"another number of the peer: data that came first is not the first", nil, good(ACK, 5002, a.Seq().Add(1)), 0},
		{"another peer's address", func(_ *Cookies, c *Config) { c.Remote = netip.MustParseAddrPort("10.0.0.3:80") }, ack, 0},
		{"another peer's port", func(_ *Cookies, c *Config) { c.Remote = netip.MustParseAddrPort("10.0.0.2:81") }, ack, 0},
		{"another address of ours", func(_ *Cookies, c *Config) { c.Local = netip.MustParseAddrPort("10.0.0.9:50000") }, ack, 0},
		{"another port of ours", func(_ *Cookies, c *Config) { c.Local = netip.MustParseAddrPort("10.0.0.1:50001") }, ack, 0},
		{"both ends the wrong way around", func(_ *Cookies, c *Config) { c.Local, c.Remote = c.Remote, c.Local }, ack, 0},
		{"another key", func(c *Cookies, _ *Config) { c.Key[31] ^= 1 }, ack, 0},
		{"a RST", nil, good(RST|ACK, 5001, a.Seq().Add(1)), 0},
		{"a SYN", nil, good(SYN|ACK, 5001, a.Seq().Add(1)), 0},
		{"without ACK", nil, good(0, 5001, a.Seq().Add(1)), 0},
		{"two minutes later", nil, ack, 2 * time.Minute},
		{"an hour later", nil, ack, time.Hour},
		{"32 minutes later, when the minute's bits are the same", nil, ack, 32 * time.Minute},
		{"before it was made", nil, ack, -2 * time.Minute},
	} {
		if c.change == nil {
			c.change = func(*Cookies, *Config) {}
		}
		k, cfg := other(c.change)
		var tcb TCB
		if err := k.Accept(&tcb, b.now.Add(c.after), cfg, c.seg); !errors.Is(err, ErrCookie) || tcb.State() != Closed || !tcb.Done() {
			t.Errorf("%s: %v, %v", c.sentence, err, tcb.State())
		}
	}
	for bit := range 32 { // a guess that is wrong in one bit only
		forged := good(ACK, 5001, (a.Seq() ^ 1<<bit).Add(1))
		if err := b.c.Accept(new(TCB), b.now, b.cfg, forged); !errors.Is(err, ErrCookie) {
			t.Errorf("bit %d is not looked at: %v", bit, err)
		}
	}
}

// TestCookieLife: one made in the last second of a minute counts for the next minute, and one
// made in the first for two.
func TestCookieLife(t *testing.T) {
	minute := origin.Truncate(time.Minute)
	for _, c := range []struct {
		made, used time.Duration
		ok         bool
	}{
		{0, 0, true}, {0, 119 * time.Second, true}, {0, 120 * time.Second, false},
		{59 * time.Second, 60 * time.Second, true}, {59 * time.Second, 119 * time.Second, true}, {59 * time.Second, 120 * time.Second, false},
	} {
		b := newBaker(t)
		b.now = minute.Add(c.made)
		a := b.answer(b.peerSegment(SYN, 5000, 0, "mss 1460", ""))
		err := b.c.Accept(new(TCB), minute.Add(c.used), b.cfg, b.peerSegment(ACK, 5001, a.Seq().Add(1), "", ""))
		if c.ok != (err == nil) {
			t.Errorf("made at %v, used at %v: %v", c.made, c.used, err)
		}
	}
}

// TestCookieData: the first data comes with the ACK, or in its place when that was lost.
func TestCookieData(t *testing.T) {
	b := newBaker(t)
	a := b.answer(b.peerSegment(SYN, 5000, 0, "mss 1460, ts 9 0, sackok, wscale 2", ""))
	o := optionsOf(a.Options())
	var c TCB
	now := b.now.Add(300 * time.Millisecond)
	ack := b.peerSegment(ACK|PSH, 5001, a.Seq().Add(1), fmt.Sprintf("ts 10 %d", o.tsval), "hello")
	if err := b.c.Accept(&c, now, b.cfg, ack); err != nil {
		t.Fatal(err)
	}
	var in [9]byte
	if n, err := c.Read(in[:]); string(in[:n]) != "hello" || err != nil {
		t.Errorf("%q, %v", in[:n], err)
	}
	c.Write([]byte("you, too"))
	n := c.Transmit(now, b.buf[:])
	seg := parsed(t, b.buf[:n], addrA, addrB)
	got := optionsOf(seg.Options())
	if string(seg.Payload()) != "you, too" || seg.Seq() != a.Seq().Add(1) || seg.Ack() != 5006 || got.tsecr != 10 {
		t.Errorf("%q seq %d ack %d %+v", seg.Payload(), seg.Seq(), seg.Ack(), got)
	}
	// RFC 7323, 5.3: our time must not go back between the SYN,ACK and what follows.
	if int32(got.tsval-o.tsval) < 0 {
		t.Errorf("our time went back from %d to %d", o.tsval, got.tsval)
	}
	// RFC 6298, 5.7 in spirit: when the SYN,ACK was sent is not known, so nothing is measured.
	if i := c.Info(); i.SRTT != 0 || i.RTO != lostSynRTO {
		t.Errorf("SRTT %v, RTO %v", i.SRTT, i.RTO)
	}
	fin := b.peerSegment(FIN|ACK, 5001, a.Seq().Add(1), fmt.Sprintf("ts 10 %d", o.tsval), "bye")
	if err := b.c.Accept(&c, now, b.cfg, fin); err != nil || c.State() != CloseWait {
		t.Errorf("with a FIN: %v, %v", err, c.State())
	}
	// Data behind a gap: the ACK and the first data were lost.
	if err := b.c.Accept(&c, now, b.cfg, b.peerSegment(ACK, 5006, a.Seq().Add(1), fmt.Sprintf("ts 10 %d", o.tsval), "x")); !errors.Is(err, ErrCookie) {
		t.Errorf("data that is not the first: %v", err)
	}
}

// TestCookieAnswersOnlySYNs: nothing is written for anything else.
func TestCookieAnswersOnlySYNs(t *testing.T) {
	b := newBaker(t)
	for _, f := range []Flags{0, ACK, RST, SYN | ACK, SYN | RST, SYN | FIN, FIN} {
		if n, err := b.c.Answer(b.now, b.cfg, b.peerSegment(f, 1, 1, "", ""), b.buf[:]); n != 0 || !errors.Is(err, ErrNotSyn) {
			t.Errorf("%v: %d bytes, %v", f, n, err)
		}
	}
}

// TestCookiesAreHardToPredict: neighbours in anything give numbers that have nothing in common.
func TestCookiesAreHardToPredict(t *testing.T) {
	b := newBaker(t)
	seen := map[seq.Value]bool{}
	for i := range 2000 {
		seen[b.answer(b.peerSegment(SYN, seq.Value(i), 0, "mss 1460", "")).Seq()&(1<<24-1)] = true
	}
	if len(seen) < 1990 { // of 2^24 a collision or two may be
		t.Errorf("%d different numbers of 2000", len(seen))
	}
}

func TestCookiesAllocateNothing(t *testing.T) {
	b := newBaker(t)
	syn := b.peerSegment(SYN|ECE|CWR, 5000, 0, "mss 1460, ts 9 0, sackok, wscale 2", "")
	a := b.answer(syn)
	ack := b.peerSegment(ACK, 5001, a.Seq().Add(1), fmt.Sprintf("ts 10 %d", optionsOf(a.Options()).tsval), "hello")
	forged := b.peerSegment(ACK, 5001, a.Seq(), "", "")
	var c TCB
	if n := testing.AllocsPerRun(1000, func() {
		if n, err := b.c.Answer(b.now, b.cfg, syn, b.buf[:]); n == 0 || err != nil {
			t.Fatal(err)
		}
		if err := b.c.Accept(&c, b.now, b.cfg, forged); err == nil {
			t.Fatal("forged")
		}
		if err := b.c.Accept(&c, b.now, b.cfg, ack); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCookie(b *testing.B) {
	k := newBaker(new(testing.T))
	syn := k.peerSegment(SYN, 5000, 0, "mss 1460, ts 9 0, sackok, wscale 2", "")
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := k.c.Answer(k.now, k.cfg, syn, k.buf[:]); n == 0 {
			b.Fatal("no answer")
		}
	}
}
