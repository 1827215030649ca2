package tcp

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"httptap/stack/seq"
)

// ErrCookie says that a segment does not acknowledge a cookie of ours.
var ErrCookie = errors.New("tcp: no valid SYN cookie")

// Cookies answers SYNs without remembering them: what has to be known later is in the initial
// sequence number, and comes back with the peer's acknowledgment. RFC 4987, 3.6
//
//	 31     27 26  24 23                          0
//	┌─────────┬──────┬─────────────────────────────┐
//	│ minutes │ MSS  │ hash of both ends, the SYN's │
//	│  mod 32 │ index│ number, minute and MSS       │
//	└─────────┴──────┴─────────────────────────────┘
//
// What else the peer offered is in the low bits of our timestamp, which it echoes: without
// timestamps there is no window scale and no SACK.
type Cookies struct {
	Key [32]byte

	scratch TCB // writes the answers
}

// cookieMSS are the sizes that a cookie can say, the largest that is not above the peer's.
var cookieMSS = [8]int{64, 512, 536, 1024, 1220, 1360, 1440, 1460}

// The low bits of a cookie's timestamp.
const (
	cookieShift  = 0xf // the peer's window scale; 15: none
	cookieSACK   = 1 << 4
	cookieECN    = 1 << 5
	cookieBits   = 6
	cookieMask   = 1<<cookieBits - 1
	cookieMinute = time.Minute
	// cookieLife is how many minutes a cookie counts, the one in which it was made among them.
	cookieLife = 2
)

// value returns the cookie of one minute.
func (c *Cookies) value(local, remote netip.AddrPort, irs seq.Value, minute uint32, mss int) seq.Value {
	var b [32 + 4 + 4 + 4 + 4 + 4 + 1]byte
	copy(b[:], c.Key[:])
	l, r := local.Addr().As4(), remote.Addr().As4()
	copy(b[32:], l[:])
	copy(b[36:], r[:])
	binary.BigEndian.PutUint16(b[40:], local.Port())
	binary.BigEndian.PutUint16(b[42:], remote.Port())
	binary.BigEndian.PutUint32(b[44:], uint32(irs))
	binary.BigEndian.PutUint32(b[48:], minute)
	b[52] = byte(mss)
	h := sha256.Sum256(b[:])
	return seq.Value(minute%32<<27 | uint32(mss)<<24 | binary.BigEndian.Uint32(h[:])>>8)
}

func minuteOf(now time.Time) uint32 { return uint32(now.Unix() / int64(cookieMinute/time.Second)) }

// Answer writes the SYN,ACK to a SYN into dst and returns its length. Of cfg it takes the
// addresses, the MSS and the receive buffer. It fails with ErrNotSyn.
func (c *Cookies) Answer(now time.Time, cfg Config, syn Segment, dst []byte) (int, error) {
	t := &c.scratch
	if err := t.Accept(now, cfg, syn); err != nil {
		return 0, err
	}
	i := 0
	for i+1 < len(cookieMSS) && cookieMSS[i+1] <= t.mss {
		i++
	}
	iss := c.value(cfg.Local, cfg.Remote, syn.Seq(), minuteOf(now), i)
	t.iss, t.una, t.nxt, t.max = iss, iss, iss, iss
	if t.stamps.on {
		bits := uint32(cookieShift)
		if t.scale {
			bits = uint32(t.sndShift)
		}
		if t.sack {
			bits |= cookieSACK
		}
		if t.ecn.on {
			bits |= cookieECN
		}
		t.stamps.offset = uint32(now.UnixMilli())&^cookieMask | bits
	} else {
		t.scale, t.sack, t.rcvShift, t.ecn.on = false, false, 0, false
	}
	return t.Transmit(now, dst), nil
}

// Valid tells whether a segment acknowledges a cookie of ours, before there is a TCB for it.
func (c *Cookies) Valid(now time.Time, local, remote netip.AddrPort, ack Segment) bool {
	if ack.Flags()&(SYN|RST|ACK) != ACK {
		return false
	}
	iss, irs := ack.Ack().Add(-1), ack.Seq().Add(-1)
	minute, index := minuteOf(now), cookieIndex(iss)
	for age := range uint32(cookieLife) {
		if c.value(local, remote, irs, minute-age, index) == iss {
			return true
		}
	}
	return false
}

// cookieIndex returns which of cookieMSS a cookie says.
func cookieIndex(iss seq.Value) int { return int(iss >> 24 & 7) }

// Accept opens t from the ACK of a cookie, as if it had been in SYN-RECEIVED since the SYN. It
// fails with ErrCookie, and then t is CLOSED, or as Receive does.
func (c *Cookies) Accept(t *TCB, now time.Time, cfg Config, ack Segment) error {
	if !c.Valid(now, cfg.Local, cfg.Remote, ack) {
		return ErrCookie
	}
	iss, irs := ack.Ack().Add(-1), ack.Seq().Add(-1)
	cfg.ISS = iss
	t.open(now, cfg)
	t.o.parse(ack.Options())
	t.irs, t.rnxt = irs, irs.Add(1)
	t.edge = t.rnxt.Add(min(t.tuning.size, 0xffff))
	t.takeMSS(t.since(now), cookieMSS[cookieIndex(iss)])
	if o := &t.o; o.stamped {
		bits := o.tsecr & cookieMask
		t.stamps.begin(t.since(now), o, irs)
		t.stamps.offset, t.stamps.lastAck = o.tsecr, t.rnxt
		t.scale = bits&cookieShift != cookieShift
		if t.sndShift = uint8(min(bits&cookieShift, maxShift)); !t.scale {
			t.sndShift = 0
		}
		t.sack, t.ecn.on = bits&cookieSACK != 0, bits&cookieECN != 0
	}
	if !t.scale {
		t.rcvShift = 0
	}
	t.state = SynReceived
	t.nxt, t.max = iss.Add(1), iss.Add(1)
	t.wl1, t.wl2 = irs, iss
	t.synTimeouts = 1 // when the SYN,ACK was sent is not known: no round trip is measured
	return t.Receive(now, ack)
}
