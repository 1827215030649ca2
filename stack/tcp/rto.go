package tcp

import "time"

// Times of retransmission.
const (
	// RFC 6298, 2.1: "Until a round-trip time (RTT) measurement has been made ... the sender
	// SHOULD set RTO <- 1 second".
	initialRTO = time.Second
	// RFC 6298, 2.4: "Whenever RTO is computed, if it is less than 1 second, then the RTO
	// SHOULD be rounded up to 1 second." Every current stack deviates, because links have
	// become faster: 200 ms is Linux's least, and above what delayed ACKs add.
	minRTO = 200 * time.Millisecond
	maxRTO = 60 * time.Second // RFC 6298, 2.5: "at least 60 seconds"
	// RFC 6298, 5.7: "If the timer expires awaiting the ACK of a SYN segment and the TCP
	// implementation is using an RTO less than 3 seconds, the RTO MUST be re-initialized to 3
	// seconds when data transmission begins".
	lostSynRTO = 3 * time.Second
	// clockGranularity is G of RFC 6298, 2.
	clockGranularity = time.Millisecond

	// R2 of RFC 9293, 3.8.3: "The value of R2 SHOULD correspond to at least 100 seconds."
	maxSilence = 100 * time.Second
	// maxTimeouts is how many timeouts in a row there have to be, too: on a link that loses
	// every second frame 100 seconds are too few of them. It is Linux's tcp_retries2.
	maxTimeouts = 15
	// RFC 9293, 3.8.3: "R2 for a SYN segment MUST be set large enough to provide
	// retransmission of the segment for at least 3 minutes."
	maxSynSilence = 3 * time.Minute
)

// rtt estimates the round-trip time. RFC 6298, 2
type rtt struct {
	srtt, rttvar time.Duration
	rto          time.Duration
	measured     bool
	fresh        bool // a sample was taken since the last tail loss probe
}

func (r *rtt) reset() { *r = rtt{rto: initialRTO} }

// sample takes one of n measurements in a round trip.
func (r *rtt) sample(d time.Duration, n int) {
	r.fresh = true
	if !r.measured {
		// "SRTT <- R", "RTTVAR <- R/2"
		r.srtt, r.rttvar, r.measured = d, d/2, true
	} else {
		// "RTTVAR <- (1 - beta) * RTTVAR + beta * |SRTT - R'|", "SRTT <- (1 - alpha) * SRTT +
		// alpha * R'" with alpha = 1/8 and beta = 1/4, shared out among the samples of a round
		// trip: RFC 7323, 4.2 and appendix G.
		r.rttvar += ((r.srtt - d).Abs() - r.rttvar) / time.Duration(4*n)
		r.srtt += (d - r.srtt) / time.Duration(8*n)
	}
	r.rto = min(max(r.srtt+max(clockGranularity, 4*r.rttvar), minRTO), maxRTO)
}

// restart undoes the doubling of the timeout once new data is acknowledged. Karn's algorithm
// would keep it until a segment that was sent once only is acknowledged; in a long recovery
// there is none, and one lost segment after the other would be waited for ever longer.
func (r *rtt) restart() {
	r.rto = min(max(r.srtt+max(clockGranularity, 4*r.rttvar), minRTO), maxRTO)
}

// backOff doubles the timeout. RFC 6298, 5.5
func (r *rtt) backOff() { r.rto = min(2*r.rto, maxRTO) }

// persist returns how long to wait behind the n-th probe. RFC 9293, 3.8.6.1: "SHOULD increase
// exponentially the interval between successive probes". A window that opens says nothing about
// the network, so that the timeout itself stays.
func (r *rtt) persist(n int) time.Duration { return min(r.rto<<min(n, 10), maxRTO) }
