package tcp

import (
	"net/netip"
	"time"

	"httptap/stack/seq"
)

// Reason is why a segment was sent.
type Reason uint8

// The reasons.
const (
	ReasonNone Reason = iota
	ReasonSYN
	ReasonData
	ReasonACK
	ReasonDelayedACK
	ReasonOutOfOrder
	ReasonUnacceptable
	ReasonChallenge
	ReasonWindowUpdate
	ReasonFastRetransmit
	ReasonTimeout
	ReasonTailProbe
	ReasonWindowProbe
	ReasonKeepAlive
	ReasonReset
)

var reasons = [...]string{"nothing sent", "SYN", "new data", "acknowledgment", "delayed acknowledgment",
	"acknowledgment of out-of-order data", "answer to an unacceptable segment", "challenge ACK", "window update",
	"fast retransmission", "retransmission after a timeout", "tail loss probe", "zero window probe", "keep-alive probe", "reset"}

// String returns the reason in words.
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return "unknown"
}

// Info is the state of a connection for people. Sizes are in bytes.
type Info struct {
	State               State
	Local, Remote       netip.AddrPort
	ISS, SndUna, SndNxt seq.Value
	SndWnd, SndMSS      int
	IRS, RcvNxt         seq.Value
	RcvWnd              int
	SndScale, RcvScale  uint8

	SACK, Timestamps, ECN bool // in force

	Congestion     string // the algorithm
	CWnd, SSThresh int
	Recovery       string // "", "fast" or "timeout"

	SRTT, RTTVar, MinRTT, RTO time.Duration
	PeerUserTimeout           time.Duration // the peer advertised it last, 0: never. It changes nothing here: RFC 5482, 3.1

	InFlight       int // sent and not acknowledged
	Pipe           int // of those, what is still in the network: RFC 6675, 4
	Unsent         int
	ReadBuffered   int
	SndSpace       int
	SndBuf, RcvBuf int // memory
	Gaps           int // runs of data behind what is missing
	Urgent         int // bytes to the end of the peer's urgent data

	Retransmits  int // segments sent again
	Recoveries   int // fast recoveries
	Timeouts     int // in a row, at the moment
	TailProbes   int
	Undone       int // cuts of the window that turned out to be wrong
	MarksEchoed  int // cuts because of ECN
	DoublesHeard int // D-SACKs received
	Reordering   bool
	Why          Reason // the last segment was sent
	Soft         error  // a failure that may pass, reported since the peer answered last
}

// Info returns the connection's state.
func (t *TCB) Info() Info {
	return Info{
		State: t.state, Local: t.local, Remote: t.remote,
		ISS: t.iss, SndUna: t.una, SndNxt: t.nxt, SndWnd: t.wnd, SndMSS: t.smss(),
		IRS: t.irs, RcvNxt: t.rnxt, RcvWnd: t.rcvWnd(), SndScale: t.sndShift, RcvScale: t.rcvShift,
		SACK: t.sack, Timestamps: t.stamps.on, ECN: t.ecn.on,
		Congestion: t.algorithm(), CWnd: t.cong.w.CWnd, SSThresh: t.cong.w.SSThresh,
		Recovery: [...]string{"", "fast", "timeout"}[t.rec.kind],
		SRTT:     t.rtt.srtt, RTTVar: t.rtt.rttvar, MinRTT: t.rack.minRTT, RTO: t.rtt.rto,
		InFlight: t.max.Diff(t.una), Pipe: t.inNetwork(), Unsent: max(0, t.dataEnd().Diff(t.max)),
		ReadBuffered: t.rx.n, SndSpace: t.tx.free(), SndBuf: len(t.tx.b), RcvBuf: len(t.rx.b), Gaps: len(t.gaps.b), Urgent: t.Urgent(),
		Retransmits: t.retransmits, Recoveries: t.recoveries, Timeouts: t.timeouts, TailProbes: t.tailProbes,
		Undone: t.undone, MarksEchoed: t.ecn.cuts, DoublesHeard: t.rack.duplicates, Reordering: t.rack.reordered,
		Why: t.why, Soft: t.soft, PeerUserTimeout: t.ut.peer,
	}
}

// inNetwork is pipe without what RFC 6582 takes off the window for a partial ACK, which pipe counts
// as if it were in flight.
func (t *TCB) inNetwork() int { return min(t.pipe(), t.log.pipe) }

func (t *TCB) algorithm() string {
	if t.cong.ctl == nil {
		return ""
	}
	return t.cong.ctl.Name()
}
