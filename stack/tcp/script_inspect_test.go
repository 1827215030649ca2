package tcp

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// inspect runs the lines of a script that look at a TCB as its owner can, and those that say a
// thing often. It returns false for what is none of them.
//
//	info SRTT 100ms     a field of Info
//	inflight 5 = 1      whether the number is in flight, for what ICMP quotes
//	ends 30s            it ends by itself after so long, neither before nor later
//	flow 9              so many segments of a byte, each acknowledged at once
//	silentfor 9s        time passes, and whatever is sent in it is lost
//	readeach 9          so many bytes are read one at a time
//	flood 50 10 RST 100 ErrChallenge   so many segments from 100 on, each 7 further; so many answers
func (s *script) inspect(verb, arg, at string) bool {
	s.t.Helper()
	words := strings.Fields(arg)
	switch verb {
	case "info":
		v := reflect.ValueOf(s.c.Info()).FieldByName(words[0])
		if !v.IsValid() {
			s.t.Fatalf("%s: Info has no such field", at)
		}
		if got := fmt.Sprint(v.Interface()); got != strings.Join(words[1:], " ") {
			s.t.Errorf("%s: it is %q", at, got)
		}
	case "inflight":
		if got := s.c.InFlight(s.iss.Add(number(s.t, words[0]))); fmt.Sprint(got) != words[1] {
			s.t.Errorf("%s: it is %v", at, got)
		}
	case "ends":
		started := s.now
		for s.c.State() != Closed {
			d := s.c.Deadline()
			if d.IsZero() || d.Sub(started) > 24*time.Hour {
				s.t.Fatalf("%s: it never ends", at)
			}
			s.now = d
			s.line("consume", at)
		}
		if got := s.now.Sub(started); got != duration(s.t, arg) {
			s.t.Errorf("%s: it ended after %v", at, got)
		}
	case "flood":
		sent := 0
		for i := range number(s.t, words[0]) {
			s.line(fmt.Sprintf("< %s %d = %s", words[2], number(s.t, words[3])+7*i, words[4]), at)
			for {
				seg, ok := s.transmit(at)
				if !ok {
					break
				}
				sent++
				if seg.Flags() != ACK || seg.Ack() != s.c.rnxt || seg.Seq() != s.c.nxt {
					s.t.Errorf("%s: the answer is %s", at, s.show(seg))
				}
			}
		}
		if sent != number(s.t, words[1]) {
			s.t.Errorf("%s: it sent %d answers", at, sent)
		}
	case "flow":
		for i := range number(s.t, arg) {
			s.run(fmt.Sprintf("< ACK %d+1 ack 1 win 65535\n> ACK 1 ack %d\nread 1", i+1, i+2))
		}
	case "silentfor":
		for end := s.now.Add(duration(s.t, arg)); ; {
			d := s.c.Deadline()
			if d.IsZero() || d.After(end) {
				s.now = end
				break
			}
			s.now = d
			s.line("consume", at)
		}
	case "readeach":
		for range number(s.t, arg) {
			s.line("read 1", at)
		}
	default:
		return false
	}
	return true
}
