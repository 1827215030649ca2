package ipv4

import (
	"bytes"
	"testing"
	"time"
)

// slow is reassembly as the RFCs tell it, byte for byte and without bounds: what the Reassembler
// has to come to.
type slow struct{ open map[key]*slowDatagram }

type slowDatagram struct {
	since  time.Time
	spoilt error
	came   []Packet
}

func (s *slow) receive(now time.Time, p Packet) (payload []byte, mark uint8, err error) {
	for k, d := range s.open {
		if now.Sub(d.since) >= reassemblyTimeout {
			delete(s.open, k)
		}
	}
	from, to := p.FragmentOffset(), p.FragmentOffset()+len(p.Payload())
	if from == to || p.MoreFragments() && to%8 != 0 || to+HeaderLen > 65535 {
		return nil, 0, ErrFragment
	}
	k := key{p.Src(), p.Dst(), p.ID(), p.Protocol()}
	d := s.open[k]
	if d == nil {
		d = &slowDatagram{since: now}
		s.open[k] = d
	}
	if d.spoilt != nil {
		return nil, 0, d.spoilt
	}
	for _, q := range d.came {
		if q.FragmentOffset() == from && q.MoreFragments() == p.MoreFragments() && bytes.Equal(q.Payload(), p.Payload()) {
			return nil, 0, nil
		}
	}
	if len(d.came) == 256 {
		d.spoilt = ErrTiny
		return nil, 0, d.spoilt
	}
	d.came = append(d.came, p)
	// Each byte once, one end, and nothing behind it.
	owner, end, far := map[int]byte{}, 0, 0
	var marks [4]bool
	for _, q := range d.came {
		for i, v := range q.Payload() {
			if _, twice := owner[q.FragmentOffset()+i]; twice {
				d.spoilt = ErrOverlap
			}
			owner[q.FragmentOffset()+i] = v
		}
		stop := q.FragmentOffset() + len(q.Payload())
		if !q.MoreFragments() && end != 0 {
			d.spoilt = ErrOverlap
		} else if !q.MoreFragments() {
			end = stop
		}
		far = max(far, stop)
		marks[q.TOS()&3] = true
	}
	if end != 0 && far > end {
		d.spoilt = ErrOverlap
	}
	if d.spoilt != nil || end == 0 || len(owner) < end {
		return nil, 0, d.spoilt
	}
	if marks[ce] && marks[notECT] {
		d.spoilt = ErrMarks
		return nil, 0, d.spoilt
	}
	delete(s.open, k)
	payload = make([]byte, end)
	for i := range payload {
		payload[i] = owner[i]
	}
	for _, q := range d.came {
		if q.FragmentOffset() == 0 {
			mark = q.TOS() & 3
		}
	}
	if marks[ce] {
		mark = ce
	}
	return payload, mark, nil
}

// FuzzReassembler: any fragments in any order. With room enough, the Reassembler comes to what the
// slow one does, and forgets when that does. With little room it stays within its bounds, and what
// comes out of it was put in. Every fragment is counted once.
func FuzzReassembler(f *testing.F) {
	f.Add([]byte{0, 0, 8, 1, 0, 1, 8, 0})
	f.Add([]byte{0, 1, 8, 0, 0, 0, 8, 1, 1, 0, 8, 1, 1, 1, 3, 8, 1, 0, 16, 0})
	f.Add([]byte{2, 0, 8, 5, 2, 0, 8, 5, 2, 1, 8, 0xf0, 2, 1, 8, 0xf0, 2, 1, 8, 0xf0})
	f.Add([]byte{0, 0, 8, 7, 0, 1, 8, 3, 0, 2, 4, 4})
	f.Fuzz(func(t *testing.T, script []byte) {
		script = script[:min(len(script), 800)] // the slow one is slow
		roomy, tight := newReassembler(ReassemblerConfig{MaxBytes: 1 << 24}), newReassembler(ReassemblerConfig{MaxDatagrams: 3, MaxBytes: 500})
		ref := &slow{open: map[key]*slowDatagram{}}
		type place struct {
			key
			at int
			v  byte
		}
		sent := map[place]bool{}
		now := start
		for ; len(script) >= 4; script = script[4:] {
			who, off, n, flags := script[0], int(script[1]&31)*8, int(script[2]&63), script[3]
			if script[1]&0x80 != 0 {
				off += 65536 - 32*8 // where datagrams may not reach
			}
			body := make([]byte, n)
			for i := range body {
				body[i] = who&15 ^ byte(off+i)
			}
			if who&0x80 != 0 && n > 0 {
				body[n/2] ^= 0x55 // a liar's
			}
			h := Header{Src: [4]byte{10, 0, 0, who & 3}, ID: uint16(who >> 2 & 1), TOS: flags >> 1 & 3, MoreFragments: flags&1 != 0, FragmentOffset: off}
			raw := append(make([]byte, HeaderLen), body...)
			Put(raw, h, n)
			p := must(Parse(raw))
			k := key{p.Src(), p.Dst(), p.ID(), p.Protocol()}
			for i, v := range body {
				sent[place{k, off + i, v}] = true
			}
			now = now.Add(time.Duration(flags>>4) * time.Second)

			for _, ok := roomy.Expire(now); ok; {
				_, ok = roomy.Expire(now)
			}
			whole, err := roomy.Receive(now, p)
			payload, mark, wantErr := ref.receive(now, p)
			if err != wantErr || whole.Valid() != (payload != nil) {
				t.Fatalf("%v, whole %v; the slow one: %v, whole %v", err, whole.Valid(), wantErr, payload != nil)
			}
			if whole.Valid() {
				again, err := Parse(whole.Bytes())
				if err != nil || again.IsFragment() || !bytes.Equal(again.Payload(), payload) || again.TOS()&3 != mark {
					t.Fatalf("% x, TOS %#x, %v; the slow one: % x, %d", again.Payload(), again.TOS(), err, payload, mark)
				}
			}
			if len(roomy.open) != len(ref.open) {
				t.Fatalf("%d are incomplete; of the slow one %d", len(roomy.open), len(ref.open))
			}

			for _, ok := tight.Expire(now); ok; {
				_, ok = tight.Expire(now)
			}
			if whole, err = tight.Receive(now, p); whole.Valid() && err != nil {
				t.Fatal("a packet and an error")
			}
			if whole.Valid() {
				for i, v := range whole.Payload() {
					if !sent[place{k, i, v}] {
						t.Fatalf("byte %d was never sent", i)
					}
				}
			}
			if tight.held < 0 || tight.held > 500 || len(tight.open) > 3 || len(tight.spare) > maxSpare {
				t.Fatalf("%d bytes in %d datagrams", tight.held, len(tight.open))
			}
			account(t, roomy)
			account(t, tight)
		}
	})
}

// account holds the counters against what is there.
func account(t *testing.T, r *Reassembler) {
	t.Helper()
	s, held, bytes := r.Stats, uint64(0), 0
	for _, d := range r.open {
		held += uint64(len(d.parts))
		bytes += cap(d.buf)
	}
	if gone := s.Joined + s.Malformed + s.Duplicate + s.Overlap + s.Tiny + s.Marks + s.TimedOut + s.Evicted; s.Received != gone+held {
		t.Fatalf("%d fragments are held, and the counters are %+v", held, s)
	}
	if bytes != r.held {
		t.Fatalf("%d bytes of buffers, %d on the books", bytes, r.held)
	}
}
