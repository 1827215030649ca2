package stack

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"httptap/stack/link"
	"httptap/stack/tcp"
)

// A schedule is what a fuzzer says about frames: each takes a byte or some of it, in the order
// that both hosts send them in. Behind its end frames pass, or it begins again.
type schedule struct {
	script []byte
	next   int
	cyclic bool
}

func (s *schedule) byte() int {
	if s.next >= len(s.script) && s.cyclic {
		s.next = 0
	}
	if s.next >= len(s.script) {
		return 0
	}
	s.next++
	return int(s.script[s.next-1])
}

// judge reads the verdict on a frame of n bytes: three bits say what is done to it, five by how
// many milliseconds it is late, so that others overtake it.
func (s *schedule) judge(_, n int) link.Verdict {
	op := s.byte()
	v := link.Verdict{FlipBit: -1, Jitter: time.Duration(op>>3) * time.Millisecond}
	switch op & 7 {
	case 3:
		v.Drop = true
	case 4:
		v.Duplicate = true
	case 5:
		v.Hold = true
	case 6:
		v.FlipBit = (s.byte()<<8 | s.byte()) % (8 * n)
	case 7:
		v.Cut = link.HeaderLen + s.byte()*(n-link.HeaderLen)/256
	}
	return v
}

// linkErrors are the reasons for which a transfer over a bad link may fail.
var linkErrors = []error{tcp.ErrTimeout, tcp.ErrReset, tcp.ErrRefused, syscall.EHOSTUNREACH}

// FuzzLink: two hosts on a link that does to each frame what the fuzzer says. A transfer ends with
// the same bytes on both sides or with an error that has a name: it never stalls, and no byte is
// another. A link that is soon good again lets all of them through.
func FuzzLink(f *testing.F) {
	long := func(bytes ...byte) (out []byte) {
		for range 40 {
			out = append(out, bytes...)
		}
		return out
	}
	for _, mode := range []byte{0, 1, 2, 3, 4, 8, 15} {
		f.Add([]byte{}, mode, uint16(20000), uint16(5000))
		f.Add(long(0, 3, 0, 0), mode, uint16(20000), uint16(0))               // loses
		f.Add(long(4), mode, uint16(3000), uint16(3000))                      // doubles
		f.Add(long(5, 0, 0), mode, uint16(9000), uint16(20))                  // holds back
		f.Add(long(6, 1, 99, 0, 0), mode, uint16(9000), uint16(9000))         // spoils
		f.Add(long(7, 200, 0, 0, 0), mode, uint16(9000), uint16(9000))        // cuts
		f.Add(long(0x80, 0, 0x41, 0, 0xf8), mode, uint16(30000), uint16(100)) // overtakes
		f.Add([]byte{3, 3, 3, 3, 3, 3, 3, 3, 3, 3}, mode, uint16(1), uint16(1))
		f.Add([]byte{0, 0, 0, 0, 3, 3, 3, 3, 3, 3}, mode, uint16(0), uint16(0))
		f.Add([]byte{3}, mode, uint16(1), uint16(0))
	}
	f.Fuzz(fuzzLink)
}

func fuzzLink(t *testing.T, script []byte, mode byte, there, back uint16) {
	sched := &schedule{script: script, cyclic: mode&1 != 0}
	c := link.ImpairConfig{Delay: 5 * time.Millisecond, Overtake: true}
	buffer := 1 << 14
	if mode&2 != 0 {
		buffer = 1000
	}
	s := newSim(simOptions{impair: [2]link.ImpairConfig{c, c}, buffer: buffer, seed: 1, ask: mode&4 != 0})
	s.judge = sched.judge
	if mode&8 != 0 {
		// A link that is good at first, and bad in the middle of the transfer.
		first := 10
		s.judge = func(from, n int) link.Verdict {
			if first > 0 {
				first--
				return link.Verdict{FlipBit: -1}
			}
			return sched.judge(from, n)
		}
	}
	data := GridData()
	accept := s.listen(t, 1, 80)
	// A wait for an answer ends after sixteen timeouts of a minute at most, either with an answer
	// or with ErrTimeout; R2 of RFC 9293, 3.8.3. Segments are of 250 bytes at least, for buffers
	// of 1000. So this is the longest that a transfer can go on.
	limit := 20 * time.Minute * time.Duration(10+(int(there)+int(back))/250)
	d, err := s.transfer(accept, 50000, data[:there], data[1<<17:1<<17+int(back)], limit)
	if err != nil && !isAny(err, linkErrors) {
		t.Fatalf("after %v: %v", d, err)
	}
	if few := len(script) <= 5 && mode&(1|4) == 0; few && err != nil {
		t.Fatalf("a link that was bad for some frames only: after %v: %v", d, err)
	}
	for i, l := range s.lines {
		if st := l.Stats(); st.Frames != st.Passed+st.Dropped()+st.InFlight {
			t.Fatalf("line %d: %+v", i, st)
		}
	}
}

func isAny(err error, targets []error) bool {
	for _, e := range targets {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
