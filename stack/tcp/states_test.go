package tcp

import (
	"errors"
	"io"
	"testing"
	"time"

	"httptap/stack/seq"
)

// A play drives one TCB by hand: what the peer sends, what has to come back.
type play struct {
	t   *testing.T
	c   TCB
	now time.Time
	out [1500]byte
}

const (
	ourISS  = 1000
	peerISS = 5000
)

func (p *play) config() Config { return endConfig(addrA, addrB, 8192, ourISS) }

// peer delivers a segment from the peer; the error is what Receive says.
func (p *play) peer(f Flags, s, ack seq.Value, wnd int, payload string, opts ...byte) error {
	p.t.Helper()
	b := append(append(make([]byte, HeaderLen), opts...), payload...)
	Put(b, Header{SrcPort: 80, DstPort: 50000, Seq: s, Ack: ack, Flags: f, Window: uint16(wnd)}, len(opts), 0)
	seg, err := Parse(b)
	if err != nil {
		p.t.Fatal(err)
	}
	err = p.c.Receive(p.now, seg)
	checkInvariants(p.t, &p.c)
	return err
}

// sends expects the next segment; why says what the RFC wants.
func (p *play) sends(why string, f Flags, s, ack seq.Value, payload int) Segment {
	p.t.Helper()
	n := p.c.Transmit(p.now, p.out[:])
	if n == 0 {
		p.t.Fatalf("%s: nothing was sent; %+v", why, p.c.Info())
	}
	seg := parsed(p.t, p.out[:n], addrA, addrB)
	if seg.Flags() != f || seg.Seq() != s || f&ACK != 0 && seg.Ack() != ack || len(seg.Payload()) != payload {
		p.t.Fatalf("%s: %v seq %d ack %d with %d bytes was sent, want %v seq %d ack %d with %d",
			why, seg.Flags(), seg.Seq(), seg.Ack(), len(seg.Payload()), f, s, ack, payload)
	}
	return seg
}

// quiet expects that nothing is sent now.
func (p *play) quiet(why string) {
	p.t.Helper()
	if n := p.c.Transmit(p.now, p.out[:]); n != 0 {
		seg, _ := Parse(p.out[:n])
		p.t.Fatalf("%s: %v seq %d ack %d was sent", why, seg.Flags(), seg.Seq(), seg.Ack())
	}
	checkQuiet(p.t, &p.c, p.now)
}

func (p *play) state(want State) {
	p.t.Helper()
	if p.c.State() != want {
		p.t.Fatalf("state %v, want %v", p.c.State(), want)
	}
}

// pass lets time pass.
func (p *play) pass(d time.Duration) { p.now = p.now.Add(d) }

// established returns a play whose connection is open, with a peer's window of wnd bytes.
func established(t *testing.T, wnd int) *play {
	p := &play{t: t, now: origin}
	p.c.Open(p.now, p.config())
	p.sends("an active open sends SYN", SYN, ourISS, 0, 0)
	p.peer(SYN|ACK, peerISS, ourISS+1, wnd, "", kindMSS, 4, 5, 180)
	p.sends("the third segment of the handshake", ACK, ourISS+1, peerISS+1, 0)
	p.state(Established)
	p.c.quick = 0 // delayed ACKs as in the middle of a connection
	return p
}

func TestSynSent(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags Flags
		ack   seq.Value
		err   error
		state State
		cause error
	}{
		{"a SYN,ACK for us opens", SYN | ACK, ourISS + 1, nil, Established, nil},
		{"an ACK of something never sent is refused", SYN | ACK, ourISS + 2, ErrBadAck, SynSent, nil},
		{"an old ACK is refused", ACK, ourISS, ErrBadAck, SynSent, nil},
		{"a RST for our SYN refuses the connection", RST | ACK, ourISS + 1, nil, Closed, ErrRefused},
		{"a RST without ACK is ignored", RST, 0, ErrNoAck, SynSent, nil},
		{"a blind RST is ignored", RST | ACK, ourISS + 77, ErrBadAck, SynSent, nil},
		{"an ACK without SYN is ignored", ACK, ourISS + 1, ErrNotSyn, SynSent, nil},
	} {
		p := &play{t: t, now: origin}
		p.c.Open(p.now, p.config())
		p.sends("SYN", SYN, ourISS, 0, 0)
		if err := p.peer(c.flags, peerISS, c.ack, 1000, ""); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if p.c.State() != c.state || !errors.Is(p.c.Err(), c.cause) {
			t.Errorf("%s: %v %v, want %v %v", c.name, p.c.State(), p.c.Err(), c.state, c.cause)
		}
	}
}

func TestSimultaneousOpen(t *testing.T) {
	p := &play{t: t, now: origin}
	p.c.Open(p.now, p.config())
	p.sends("SYN", SYN, ourISS, 0, 0)
	p.peer(SYN, peerISS, 0, 1000, "")
	p.state(SynReceived)
	p.sends("RFC 9293, 3.5: SYN,ACK answers a SYN that crossed ours", SYN|ACK, ourISS, peerISS+1, 0)
	p.peer(SYN|ACK, peerISS, ourISS+1, 1000, "")
	p.peer(ACK, peerISS+1, ourISS+1, 1000, "")
	p.state(Established)
}

func TestSynIsSentAgainAndGivenUp(t *testing.T) {
	p := &play{t: t, now: origin}
	p.c.Open(p.now, p.config())
	p.sends("SYN", SYN, ourISS, 0, 0)
	wait := time.Second
	for p.now.Sub(origin) < 3*time.Minute {
		p.quiet("not before the timeout")
		if d := p.c.Deadline().Sub(p.now); d != wait {
			t.Fatalf("the timeout is %v, want %v: RFC 6298, 5.5 doubles it", d, wait)
		}
		p.pass(wait)
		if p.now.Sub(origin) >= 3*time.Minute {
			break
		}
		p.sends("SYN again", SYN, ourISS, 0, 0)
		wait = min(2*wait, time.Minute)
	}
	p.quiet("given up")
	if !errors.Is(p.c.Err(), ErrTimeout) || !p.c.Done() {
		t.Errorf("%v", p.c.Err())
	}
}

func TestPassiveOpen(t *testing.T) {
	p := &play{t: t, now: origin}
	syn := make([]byte, HeaderLen+8)
	copy(syn[HeaderLen:], []byte{kindMSS, 4, 2, 24, kindNop, kindWindowScale, 3, 7})
	Put(syn, Header{SrcPort: 80, DstPort: 50000, Seq: peerISS, Flags: SYN, Window: 1000}, 8, 0)
	seg, _ := Parse(syn)
	if err := p.c.Accept(p.now, p.config(), seg); err != nil {
		t.Fatal(err)
	}
	s := p.sends("SYN,ACK", SYN|ACK, ourISS, peerISS+1, 0)
	if o := optionsOf(s.Options()); o.mss != 1460 || !o.scaled || o.sackOK {
		t.Errorf("the SYN,ACK's options are %+v: the MSS always, what the peer offered, nothing else", o)
	}
	p.c.Receive(p.now, seg)
	p.sends("a SYN that comes again has lost our answer", SYN|ACK, ourISS, peerISS+1, 0)
	p.peer(ACK, peerISS+1, ourISS+1, 10, "")
	p.state(Established)
	if i := p.c.Info(); i.SndWnd != 10<<7 || i.SndMSS != 536 {
		t.Errorf("window %d MSS %d, the peer scales by 7 and takes 536", i.SndWnd, i.SndMSS)
	}
	if err := (&TCB{}).Accept(p.now, p.config(), parsedOrDie(t, SYN|ACK)); !errors.Is(err, ErrNotSyn) {
		t.Errorf("accepting a SYN,ACK: %v", err)
	}
}

func parsedOrDie(t *testing.T, f Flags) Segment {
	b := make([]byte, HeaderLen)
	Put(b, Header{Flags: f}, 0, 0)
	s, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResetAndSynInsideTheWindow(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags Flags
		seq   seq.Value
		err   error
		dead  bool
		ack   bool
	}{
		{"a RST at rcv.nxt ends the connection", RST, peerISS + 1, nil, true, false},
		{"RFC 5961, 3.2: one elsewhere in the window is challenged", RST, peerISS + 100, ErrChallenge, false, true},
		{"one outside is ignored", RST, peerISS + 1 + 9000, ErrOutOfWindow, false, false},
		{"RFC 5961, 4.2: a SYN in the window is challenged", SYN, peerISS + 50, ErrChallenge, false, true},
		{"data without ACK is dropped", 0, peerISS + 1, ErrNoAck, false, false},
		{"an ACK of what was never sent is answered", ACK, peerISS + 1, ErrBadAck, false, true},
	} {
		p := established(t, 1000)
		ack := seq.Value(ourISS + 1)
		if c.err == ErrBadAck {
			ack += 500
		}
		if err := p.peer(c.flags, c.seq, ack, 1000, ""); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if dead := p.c.State() == Closed; dead != c.dead || dead && !errors.Is(p.c.Err(), ErrReset) {
			t.Errorf("%s: %v %v", c.name, p.c.State(), p.c.Err())
		}
		if c.ack {
			p.sends(c.name, ACK, ourISS+1, peerISS+1, 0)
		}
		p.quiet(c.name)
	}
}

func TestReassemblyAndSACK(t *testing.T) {
	p := &play{t: t, now: origin}
	p.c.Open(p.now, p.config())
	p.sends("SYN", SYN, ourISS, 0, 0)
	p.peer(SYN|ACK, peerISS, ourISS+1, 1000, "", kindNop, kindNop, kindSACKPermitted, 2)
	p.sends("ACK", ACK, ourISS+1, peerISS+1, 0)
	base := seq.Value(peerISS + 1)
	p.peer(ACK, base+3, ourISS+1, 1000, "DEF")
	s := p.sends("RFC 5681, 4.2: data out of order is acknowledged at once", ACK, ourISS+1, base, 0)
	if o := s.Options(); len(o) != 12 || o[2] != kindSACK || o[7] != byte(base+3) || o[11] != byte(base+6) {
		t.Errorf("the SACK option is % x", o)
	}
	p.peer(ACK, base+9, ourISS+1, 1000, "JK")
	s = p.sends("again", ACK, ourISS+1, base, 0)
	if o := s.Options(); len(o) != 20 || o[7] != byte(base+9) {
		t.Errorf("RFC 2018, 4: the block that came last is the first: % x", o)
	}
	p.peer(ACK, base, ourISS+1, 1000, "ABCDEFGHI") // overlaps both
	p.sends("a filled gap is acknowledged at once", ACK, ourISS+1, base+11, 0)
	buf := make([]byte, 100)
	if n, _ := p.c.Read(buf); string(buf[:n]) != "ABCDEFGHIJK" {
		t.Errorf("read %q", buf[:n])
	}
	p.peer(ACK, base, ourISS+1, 1000, "ABC")
	p.sends("old data is acknowledged", ACK, ourISS+1, base+11, 0)
	p.quiet("nothing more")
}

func TestDelayedAck(t *testing.T) {
	p := established(t, 1000)
	p.peer(ACK, peerISS+1, ourISS+1, 1000, "a")
	p.quiet("RFC 9293, 3.8.6.3: one segment can wait")
	p.peer(ACK, peerISS+2, ourISS+1, 1000, "b")
	p.sends("every second segment is acknowledged", ACK, ourISS+1, peerISS+3, 0)
	p.peer(ACK, peerISS+3, ourISS+1, 1000, "c")
	p.pass(ackDelay)
	p.sends("none waits for longer than the delay", ACK, ourISS+1, peerISS+4, 0)
	p.peer(ACK, peerISS+4, ourISS+1, 1000, "d")
	p.c.Write([]byte("x"))
	p.sends("an ACK rides on data", ACK|PSH, ourISS+1, peerISS+5, 1)
	p.quiet("once is enough")
}

func TestFastRetransmitAndPartialAck(t *testing.T) {
	p := established(t, 60000)
	p.c.Write(make([]byte, 5*1460))
	for i := range 5 {
		f := ACK
		if i == 4 {
			f |= PSH
		}
		p.sends("data", f, ourISS+1+seq.Value(1460*i), peerISS+1, 1460)
	}
	for i := range 3 { // the first and the third were lost
		p.peer(ACK, peerISS+1, ourISS+1, 60000, "")
		if i < 2 {
			p.quiet("two duplicates may be reordering")
		}
	}
	p.sends("RFC 5681, 3.2: the third duplicate ACK resends", ACK, ourISS+1, peerISS+1, 1460)
	p.peer(ACK, peerISS+1, ourISS+1+2*1460, 60000, "")
	p.sends("RFC 6582, 3.2: a partial ACK shows the next hole", ACK, ourISS+1+2*1460, peerISS+1, 1460)
	p.peer(ACK, peerISS+1, ourISS+1+5*1460, 60000, "")
	p.quiet("all is there")
	if (p.c.Info().Recovery != "") || !p.c.Deadline().IsZero() {
		t.Errorf("the recovery goes on: %+v", p.c.Info())
	}
}

func TestZeroWindow(t *testing.T) {
	p := established(t, 0)
	p.c.Write([]byte("hello"))
	p.quiet("nothing fits a closed window")
	for range 30 {
		p.now = p.c.Deadline()
		p.sends("RFC 9293, 3.8.6.1: a probe of one byte", ACK, ourISS+1, peerISS+1, 1)
		if d := p.c.Deadline().Sub(p.now); d > time.Minute {
			t.Fatalf("the next probe waits %v", d)
		}
		p.peer(ACK, peerISS+1, ourISS+1, 0, "")
		p.quiet("the window is still closed")
	}
	p.state(Established) // "the connection can stay open for as long as the peer answers"
	p.peer(ACK, peerISS+1, ourISS+1, 100, "")
	p.sends("the window opens", ACK|PSH, ourISS+1, peerISS+1, 5)
}

func TestZeroWindowAndSilence(t *testing.T) {
	p := established(t, 0)
	p.c.Write([]byte("hello"))
	p.quiet("nothing fits")
	for p.c.State() == Established {
		d := p.c.Deadline()
		if d.IsZero() || d.Sub(origin) > time.Hour {
			t.Fatal("a silent peer keeps the connection open")
		}
		p.now = d
		p.c.Transmit(p.now, p.out[:])
	}
	if !errors.Is(p.c.Err(), ErrTimeout) {
		t.Errorf("%v", p.c.Err())
	}
}

func TestCloses(t *testing.T) {
	fin := func(p *play, why string) { p.sends(why, ACK|FIN, ourISS+1, peerISS+1, 0) }
	t.Run("we close first", func(t *testing.T) {
		p := established(t, 1000)
		p.c.CloseWrite(p.now)
		p.state(FinWait1)
		fin(p, "FIN")
		p.peer(ACK, peerISS+1, ourISS+2, 1000, "")
		p.state(FinWait2)
		p.peer(ACK, peerISS+1, ourISS+2, 1000, "late") // half close: the peer may still talk
		if err := p.peer(ACK|FIN, peerISS+5, ourISS+2, 1000, ""); err != nil {
			t.Error(err)
		}
		p.state(TimeWait)
		p.sends("the peer's FIN is acknowledged", ACK, ourISS+2, peerISS+6, 0)
		buf := make([]byte, 9)
		if n, _ := p.c.Read(buf); string(buf[:n]) != "late" {
			t.Errorf("read %q", buf[:n])
		}
		if _, err := p.c.Read(buf); err != io.EOF {
			t.Errorf("behind the FIN: %v", err)
		}
		p.pass(50 * time.Second)
		p.peer(ACK|FIN, peerISS+5, ourISS+2, 1000, "")
		p.sends("a FIN that comes again is acknowledged again", ACK, ourISS+2, peerISS+6, 0)
		p.pass(50 * time.Second)
		p.quiet("and restarts TIME-WAIT")
		p.state(TimeWait)
		p.pass(10 * time.Second)
		p.quiet("2 MSL are over")
		if !p.c.Done() || p.c.Err() != nil {
			t.Errorf("%v %v", p.c.State(), p.c.Err())
		}
	})
	t.Run("the peer closes first", func(t *testing.T) {
		p := established(t, 1000)
		p.peer(ACK|FIN, peerISS+1, ourISS+1, 1000, "")
		p.state(CloseWait)
		p.sends("FIN is acknowledged at once", ACK, ourISS+1, peerISS+2, 0)
		p.c.Write([]byte("bye"))
		p.sends("we may still talk", ACK|PSH, ourISS+1, peerISS+2, 3)
		p.c.CloseWrite(p.now)
		p.state(LastAck)
		p.sends("our FIN", ACK|FIN, ourISS+4, peerISS+2, 0)
		p.peer(ACK, peerISS+2, ourISS+5, 1000, "")
		if !p.c.Done() || p.c.Err() != nil {
			t.Errorf("%v %v", p.c.State(), p.c.Err())
		}
	})
	t.Run("both at once", func(t *testing.T) {
		p := established(t, 1000)
		p.c.CloseWrite(p.now)
		fin(p, "FIN")
		p.peer(ACK|FIN, peerISS+1, ourISS+1, 1000, "")
		p.state(Closing)
		p.sends("its FIN is acknowledged", ACK, ourISS+2, peerISS+2, 0)
		p.peer(ACK, peerISS+2, ourISS+2, 1000, "")
		p.state(TimeWait)
	})
	t.Run("the FIN rides on the last data and is sent again", func(t *testing.T) {
		p := established(t, 1000)
		p.c.Write([]byte("bye"))
		p.c.CloseWrite(p.now)
		if _, err := p.c.Write([]byte("more")); !errors.Is(err, ErrClosing) {
			t.Errorf("a write behind the close: %v", err)
		}
		p.sends("data and FIN", ACK|PSH|FIN, ourISS+1, peerISS+1, 3)
		p.now = p.c.Deadline()
		p.sends("again", ACK|PSH|FIN, ourISS+1, peerISS+1, 3)
		p.peer(ACK, peerISS+1, ourISS+5, 1000, "")
		p.state(FinWait2)
	})
	t.Run("data for an application that has closed is reset", func(t *testing.T) {
		p := established(t, 1000)
		p.c.CloseWrite(p.now)
		p.c.Discard(p.now)
		fin(p, "FIN")
		p.peer(ACK, peerISS+1, ourISS+2, 1000, "")
		if err := p.peer(ACK, peerISS+1, ourISS+2, 1000, "anybody?"); !errors.Is(err, ErrAfterClose) {
			t.Errorf("%v", err)
		}
		p.sends("RFC 1122, 4.2.2.13", RST|ACK, ourISS+2, peerISS+1, 0)
	})
	t.Run("a peer that never closes is not waited for without end", func(t *testing.T) {
		p := established(t, 1000)
		p.c.CloseWrite(p.now)
		p.c.Discard(p.now)
		fin(p, "FIN")
		p.peer(ACK, peerISS+1, ourISS+2, 1000, "")
		p.pass(finWait2)
		p.quiet("over")
		p.state(Closed)
	})
	t.Run("abort", func(t *testing.T) {
		p := established(t, 1000)
		p.c.Abort(p.now)
		p.sends("RST", RST|ACK, ourISS+1, peerISS+1, 0)
		if !p.c.Done() || !errors.Is(p.c.Err(), ErrAborted) {
			t.Errorf("%v", p.c.Err())
		}
	})
}

func TestPathMTU(t *testing.T) {
	p := established(t, 60000)
	p.c.Write(make([]byte, 1460))
	p.sends("a full segment", ACK|PSH, ourISS+1, peerISS+1, 1460)
	p.c.PathMTU(p.now, 1000)
	p.sends("RFC 1191: smaller pieces at once", ACK, ourISS+1, peerISS+1, 960)
	p.sends("the rest", ACK|PSH, ourISS+961, peerISS+1, 500)
	p.c.PathMTU(p.now, 10)
	if m := p.c.Info().SndMSS; m != minMSS {
		t.Errorf("a router that lies makes the MSS %d", m)
	}
}

func TestReset(t *testing.T) {
	b := make([]byte, HeaderLen)
	for _, c := range []struct {
		name string
		f    Flags
		want Header
	}{
		{"RFC 9293, 3.10.7.1: without ACK", SYN, Header{SrcPort: 50000, DstPort: 80, Ack: 101, Flags: RST | ACK}},
		{"with ACK", ACK, Header{SrcPort: 50000, DstPort: 80, Seq: 77, Flags: RST}},
	} {
		in := make([]byte, HeaderLen)
		Put(in, Header{SrcPort: 80, DstPort: 50000, Seq: 100, Ack: 77, Flags: c.f}, 0, 0)
		seg, _ := Parse(in)
		n := Reset(b, seg, 0)
		got, err := Parse(b[:n])
		if err != nil || got.Verify(0) != nil || got.SrcPort() != c.want.SrcPort || got.DstPort() != c.want.DstPort ||
			got.Seq() != c.want.Seq || got.Ack() != c.want.Ack || got.Flags() != c.want.Flags {
			t.Errorf("%s: %v seq %d ack %d", c.name, got.Flags(), got.Seq(), got.Ack())
		}
	}
	if n := Reset(b, parsedOrDie(t, RST), 0); n != 0 {
		t.Error("a RST is answered")
	}
}

func TestParseAndOptions(t *testing.T) {
	good := make([]byte, HeaderLen+4)
	Put(good, Header{}, 4, 0)
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"a segment", good, nil}, {"19 bytes", good[:19], ErrTruncated}, {"nothing", nil, ErrTruncated},
		{"options past the end", good[:22], ErrTruncated}, {"four words", append([]byte{11: 0, 12: 0x40}, make([]byte, 20)...), ErrDataOffset},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	for _, c := range []struct {
		name string
		in   []byte
		want options
	}{
		{"none", nil, options{}},
		{"all", []byte{2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 0, 9}, options{mss: 1460, shift: 7, scaled: true, sackOK: true}},
		{"RFC 7323, 2.3: a shift over 14 is 14", []byte{3, 3, 200}, options{shift: 14, scaled: true}},
		{"a length of zero", []byte{2, 0, 5, 180}, options{}},
		{"a length past the end", []byte{4, 2, 2, 9}, options{sackOK: true}},
		{"a kind without a length", []byte{1, 1, 2}, options{}},
		{"a wrong length is skipped", []byte{2, 3, 5, 4, 2}, options{sackOK: true}},
	} {
		if got := optionsOf(c.in); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
