package curl

import (
	"fmt"
	"testing"
	"time"

	"httptap/stack/tcp"
)

func TestComments(t *testing.T) {
	c := new(Comments)
	frame := []byte("one")
	c.OnSegment(frame, tcp.Info{Why: tcp.ReasonSYN, State: tcp.SynSent, CWnd: 14600, SSThresh: 1<<31 - 1, RTO: time.Second, RcvWnd: 65535})
	copy(frame, "two") // the host uses its memory again
	c.OnSegment(frame, tcp.Info{Why: tcp.ReasonFastRetransmit, State: tcp.Established, CWnd: 10, SSThresh: 20, InFlight: 30, Unsent: 40, SndWnd: 50,
		RcvWnd: 60, SRTT: 1234567, RTO: 200 * time.Millisecond, Retransmits: 2, Recovery: "fast"})
	for _, x := range []struct{ frame, want string }{
		{"arp", ""},
		{"one", "why: SYN; SYN-SENT, cwnd 14600, in flight 0, unsent 0, peer's window 0, own window 65535, rto 1s"},
		{"one", ""},
		{"two", "why: fast retransmission; ESTABLISHED, cwnd 10, ssthresh 20, in flight 30, unsent 40, peer's window 50, own window 60, " +
			"srtt 1.235ms, rto 200ms, 2 sent again, in fast recovery"},
	} {
		if got := c.Of([]byte(x.frame)); got != x.want {
			t.Errorf("%s: %q, want %q", x.frame, got, x.want)
		}
	}
	for i := range 3 * maxComments {
		c.OnSegment(fmt.Append(nil, i), tcp.Info{})
	}
	if len(c.pending) != maxComments || c.Of(fmt.Append(nil, 3*maxComments-1)) == "" {
		t.Errorf("%d segments wait", len(c.pending))
	}
}
