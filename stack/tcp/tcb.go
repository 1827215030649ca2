package tcp

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

// Why a connection ended. Err returns one of them, wrapped.
var (
	ErrRefused = errors.New("tcp: connection refused")
	ErrReset   = errors.New("tcp: connection reset by the peer")
	ErrTimeout = errors.New("tcp: the peer does not answer")
	ErrAborted = errors.New("tcp: connection aborted")
)

// Why Receive refused a segment, and Write data.
var (
	ErrClosed       = errors.New("tcp: the connection is closed")
	ErrClosing      = errors.New("tcp: no data can be sent after the FIN")
	ErrNotSyn       = errors.New("tcp: not an acceptable SYN")
	ErrBadAck       = errors.New("tcp: acknowledges what was never sent")
	ErrNoAck        = errors.New("tcp: a segment without ACK")
	ErrOutOfWindow  = errors.New("tcp: outside the receive window")
	ErrChallenge    = errors.New("tcp: RST or SYN inside the window, answered with a challenge ACK")
	ErrAfterClose   = errors.New("tcp: data for an application that has closed")
	ErrNoRoom       = errors.New("tcp: no memory for the data, or for one more gap in it")
	ErrNoTimestamp  = errors.New("tcp: a segment without the timestamps that were agreed on")
	ErrOldTimestamp = errors.New("tcp: a segment from before, by its timestamp")
	ErrBadFIN       = errors.New("tcp: a FIN in the middle of the data")
)

const (
	defaultMSS = 536 // RFC 9293, 3.7.1: "SendMSS ... 536 for IPv4" when the peer says nothing
	minMSS     = 64  // a peer that says less makes us send headers; Linux's least is 48
	// timeWait is twice the maximum segment lifetime of RFC 9293, 3.4.2, which is 2 minutes in
	// the RFC and 30 seconds in current stacks.
	timeWait = time.Minute
	// finWait2 bounds how long a connection that the application closed waits for the peer's FIN.
	finWait2 = time.Minute
)

// Config says who talks to whom, and with what memory.
type Config struct {
	Local, Remote netip.AddrPort // IPv4
	MSS           int            // the largest payload we can receive and want to send: MTU - 40
	PathMTU       int            // what routers said of the path; 0: nothing
	ISS           seq.Value      // initial send sequence number

	// Tx and Rx are the send and receive buffer, the caller's. They may be nil when TxMax and
	// RxMax say how large they may become: WantTx and WantRx then ask for memory.
	Tx, Rx       []byte
	TxMax, RxMax int

	Congestion Controller    // nil: CUBIC
	TimeOffset uint32        // of the timestamps; not to be guessed, so that they tell nothing of the host
	TimeWait   time.Duration // how long TIME-WAIT lasts; 0: a minute
	ECN        bool          // ask the peer for explicit congestion notification
	Pace       bool          // spread a window over the round trip instead of sending it at once
}

// A TCB is a connection's transmission control block: the whole state machine of RFC 9293, as a
// machine without clock, lock or I/O. The zero TCB is CLOSED; Open and Accept can be called
// again on one that is. It must not be copied. Times in it count from epoch; 0 is none.
type TCB struct {
	local, remote netip.AddrPort
	pseudo        sum.Partial // of addresses and protocol, without the length
	epoch         time.Time
	state         State
	err           error // why it ended
	soft          error // why it may be about to: the cause of a timeout
	timeWait      time.Duration
	active        bool // opened by Open

	// Send sequence variables. RFC 9293, 3.3.1
	iss    seq.Value
	una    seq.Value // snd.una: the oldest byte not acknowledged
	nxt    seq.Value // snd.nxt: the next byte to send
	max    seq.Value // the byte behind the last that was ever sent, probes into a closed window too
	wnd    int       // snd.wnd, scaled
	maxWnd int       // the largest it ever was
	wl1    seq.Value // seq of the segment that updated wnd last
	wl2    seq.Value // and its ack
	mss    int       // largest payload to send, before options
	known  int       // what of it the path took before; 0: nothing is known
	tx     ring      // data that is not acknowledged
	txMax  int
	base   seq.Value // sequence number of its first byte
	finIn  bool      // the application has closed: a FIN follows the data
	nagle  bool
	urg    urgent

	// Receive sequence variables.
	irs     seq.Value
	rnxt    seq.Value // rcv.nxt
	edge    seq.Value // right edge of the window that was offered; never goes back
	rmss    int       // largest payload to receive
	rx      ring      // data in order that was not read yet; what is behind its end waits
	gaps    runs      // what came behind rcv.nxt
	recent  lastRuns  // of gaps, that grew last: RFC 2018, 4 has them reported first
	double  block     // what came twice: RFC 2883 has it reported
	fin     seq.Value // where the peer's FIN is
	finSeen bool      // it has been received, though perhaps not what is before it
	eof     bool      // rcv.nxt is past it
	discard bool      // nobody will read any more
	tuning  tuning

	// Options in force.
	o        options // of the segment that is being received
	scale    bool
	sndShift uint8 // the peer's
	rcvShift uint8 // ours
	sack     bool  // both sides use SACK
	stamps   stamps
	ecn      ecn

	// What is in flight, how much may be, and what of it is lost.
	log      sentLog
	peerHas  runs // what SACK says
	cong     congestion
	progress Progress // of the segment that is being received; here, because Controllers see it
	rtt      rtt
	rack     rack
	rec      recovery
	dupAcks  int
	tlp      tailProbe
	hole     blackHole
	pacing   pacing

	// What the next Transmit has to do, and why.
	sendRST bool
	ackNow  bool
	synNow  bool // the SYN again
	probe   bool // one byte into a zero window
	unacked int  // segments received since the last ACK
	quick   int  // segments that are acknowledged at once
	why     Reason
	ackWhy  Reason // of the ACK that ackNow asks for

	// Timers and what they look at.
	rtoAt       time.Duration // retransmission or persist timer
	reoAt       time.Duration // RACK's reordering timer
	delackAt    time.Duration
	endAt       time.Duration // TIME-WAIT or FIN-WAIT-2 is over
	keep        keepAlive
	ut          userTimeout
	synSent     time.Duration
	lastSent    time.Duration // data
	lastAgain   time.Duration // data that had been sent before
	lastHeard   time.Duration // anything acceptable
	silence     time.Duration // when snd.una moved last, or the first unanswered segment was sent
	invalidAt   time.Duration // when an unacceptable segment was answered last
	challenges  challenges
	timeouts    int // in a row, without an ACK for new data
	synTimeouts int
	probes      int // persist probes without an answer that opens the window

	retransmits, recoveries, undone, tailProbes int // counters, for people
}

// since returns now on the connection's own clock.
func (t *TCB) since(now time.Time) time.Duration { return max(now.Sub(t.epoch), 1) }

// open sets what Open and Accept share.
func (t *TCB) open(now time.Time, cfg Config) {
	ring1, b1, b2 := t.log.ring, t.gaps.b[:0], t.peerHas.b[:0] // the memory serves again
	*t = TCB{
		local: cfg.Local, remote: cfg.Remote, timeWait: cfg.TimeWait, epoch: now.Add(-1),
		pseudo: sum.Pseudo4(cfg.Local.Addr().As4(), cfg.Remote.Addr().As4(), 6, 0),
		iss:    cfg.ISS, una: cfg.ISS, nxt: cfg.ISS, max: cfg.ISS, base: cfg.ISS.Add(1),
		mss: min(defaultMSS, cfg.MSS), rmss: cfg.MSS,
		tx: ring{b: cfg.Tx}, rx: ring{b: cfg.Rx}, txMax: max(cfg.TxMax, len(cfg.Tx)),
		silence: 1, lastHeard: 1, quick: 16,
	}
	t.log.ring, t.gaps.b, t.peerHas.b = ring1, b1, b2
	if t.timeWait == 0 {
		t.timeWait = timeWait
	}
	if cfg.PathMTU != 0 {
		t.known = max(cfg.PathMTU-headers, minMSS)
	}
	b := &t.tuning
	b.max = max(cfg.RxMax, len(cfg.Rx))
	if b.size = len(cfg.Rx); b.size == 0 {
		b.size = min(startBuffer, b.max)
	}
	b.goal = b.size
	t.gaps.max, t.peerHas.max = maxRuns(b.size), maxRuns(t.txMax)
	t.rec.point, t.ecn.cut = t.iss, t.iss
	t.stamps.offset, t.ecn.ask = cfg.TimeOffset, cfg.ECN
	t.pacing.on = cfg.Pace
	t.rtt.reset()
	t.cong.begin(cfg.Congestion, t.mss)
	for b.max>>t.rcvShift > 0xffff && t.rcvShift < maxShift {
		t.rcvShift++
	}
}

// Open begins an active open: a SYN goes out by Transmit, the state is SYN-SENT.
func (t *TCB) Open(now time.Time, cfg Config) {
	t.open(now, cfg)
	t.state, t.active = SynSent, true
	t.scale, t.sack, t.stamps.on = true, true, true // offered; in force when the peer offers them, too
}

// Accept begins a passive open from the SYN that a listener received: the state is
// SYN-RECEIVED. It fails with ErrNotSyn, and then t is CLOSED.
func (t *TCB) Accept(now time.Time, cfg Config, syn Segment) error {
	t.open(now, cfg)
	if syn.Flags()&(SYN|ACK|RST|FIN) != SYN {
		return ErrNotSyn
	}
	t.state = SynReceived
	t.o.parse(syn.Options())
	t.takeSyn(t.since(now), syn)
	// RFC 3168, 6.1.1: an "ECN-setup SYN packet" has ECE and CWR set.
	t.ecn.on = syn.Flags()&(ECE|CWR) == ECE|CWR
	t.wnd = int(syn.Window())
	t.maxWnd = t.wnd
	t.wl1, t.wl2 = syn.Seq(), t.iss
	return nil
}

// takeSyn takes the peer's initial sequence number and options.
func (t *TCB) takeSyn(now time.Duration, syn Segment) {
	o := &t.o
	t.irs = syn.Seq()
	t.rnxt = t.irs.Add(1)
	// The window of a SYN is never scaled: RFC 7323, 2.2.
	t.edge = t.rnxt.Add(min(t.tuning.size, 0xffff))
	// RFC 9293, 3.7.1: "If an MSS Option is not received at connection setup, TCP implementations
	// MUST assume a default send MSS of 536 (576 - 40) for IPv4".
	mss := defaultMSS
	if o.mss > 0 {
		mss = max(o.mss, minMSS)
	}
	t.takeMSS(now, mss)
	t.sack = o.sackOK
	t.stamps.begin(now, o, t.irs)
	// RFC 7323, 2.2: "both sides MUST send Window Scale options in their <SYN> segments to enable
	// window scaling in either direction".
	if t.scale = o.scaled; t.scale {
		t.sndShift = o.shift
	} else {
		t.rcvShift = 0
	}
	t.ut.peer = o.userTimeout
}

// State returns the connection's state.
func (t *TCB) State() State { return t.state }

// Err returns why the connection ended, nil while it has not, or when both sides closed it.
func (t *TCB) Err() error { return t.err }

// Delivered tells whether the peer has everything that was written, the FIN too, or never will.
func (t *TCB) Delivered() bool { return t.state == Closed || t.finAcked() }

// Done tells whether the connection is over and has nothing more to send.
func (t *TCB) Done() bool { return t.state == Closed && !t.sendRST }

// end makes the connection CLOSED for the given reason.
func (t *TCB) end(err error) {
	t.state = Closed
	if t.err == nil {
		t.err = err
	}
	t.ackNow, t.synNow, t.probe, t.ecn.ect = false, false, false, false
	t.rtoAt, t.delackAt, t.endAt, t.reoAt, t.tlp.at, t.pacing.wake = 0, 0, 0, 0, 0, 0
	t.keep = keepAlive{}
	t.log.clear()
}

// Fail ends the connection with err, without a word to the peer: nothing can be sent.
func (t *TCB) Fail(err error) {
	if t.state != Closed || t.sendRST {
		t.sendRST = false
		t.end(err)
	}
}

// SoftError notes a failure that may pass. It becomes the cause if the connection times out.
// RFC 9293, 3.9.2.2: soft errors: "MUST NOT abort the connection".
func (t *TCB) SoftError(err error) { t.soft = err }

// Write queues what fits of b for sending. It returns less than len(b) when the buffer is full,
// and ErrClosing or why the connection ended when nothing can be sent any more.
func (t *TCB) Write(b []byte) (int, error) {
	switch {
	case t.err != nil:
		return 0, t.err
	case t.finIn:
		return 0, ErrClosing
	case t.state == Closed:
		return 0, ErrClosed
	}
	return t.tx.write(b), nil
}

// Read takes received data. It returns 0 and nil when there is none yet, io.EOF behind the
// peer's last byte, and why the connection ended when it did.
func (t *TCB) Read(b []byte) (int, error) {
	if t.rx.n > 0 {
		if u := t.Urgent(); u > 0 && u < len(b) {
			// RFC 9293, 3.9.1.3: "data following the urgent pointer (non-urgent data) cannot be
			// delivered to the user in the same buffer with preceding urgent data".
			b = b[:u]
		}
		n := t.rx.peek(0, b)
		t.rx.drop(n)
		t.taken(n)
		return n, nil
	}
	return 0, t.noData()
}

// SetNagle switches Nagle's algorithm. RFC 9293, 3.7.4: it "MUST" be possible "to disable the Nagle
// algorithm on an individual connection".
func (t *TCB) SetNagle(on bool) { t.nagle = on }

// Readable tells whether Read has an answer: data, an end or an error.
func (t *TCB) Readable() bool { return t.rx.n > 0 || t.eof || t.state == Closed }

// Writable tells whether Write takes a byte, perhaps after SetTx.
func (t *TCB) Writable() bool {
	return (t.tx.free() > 0 || t.WantTx() > 0) && !t.finIn && t.state != Closed
}

// Buffered returns how many bytes can be read at once.
func (t *TCB) Buffered() int { return t.rx.n }

// CloseWrite sends a FIN behind the data that was written.
func (t *TCB) CloseWrite(now time.Time) {
	if t.finIn || t.state == Closed {
		return
	}
	t.finIn = true
	switch t.state {
	case SynSent:
		t.end(nil) // RFC 9293, 3.10.4: "Delete the TCB"
	case Established:
		t.state = FinWait1
	case CloseWait:
		t.state = LastAck
	}
}

// Discard says that nobody reads any more. Data that was not read, or comes yet, resets the
// connection, because the peer has to know that it was lost.
//
// RFC 1122, 4.2.2.13: "If such a host issues a CLOSE call while received data is still pending
// in TCP, or if new data is received after CLOSE is called, its TCP SHOULD send a RST".
func (t *TCB) Discard(now time.Time) {
	t.discard = true
	if t.state == Closed {
		return
	}
	if t.rx.n > 0 && t.state != TimeWait {
		t.sendRST = true
		t.end(ErrAborted)
		return
	}
	if t.state == FinWait2 {
		t.endAt = t.since(now) + finWait2
	}
}

// Abort ends the connection with a RST where the peer still waits for something of ours.
// RFC 9293, 3.10.5
func (t *TCB) Abort(now time.Time) {
	switch t.state {
	case SynReceived, Established, FinWait1, FinWait2, CloseWait:
		t.sendRST = true
	case Closing, LastAck:
		// In the RFC these states begin when our FIN is sent, and then no RST is wanted. Here
		// they begin when the application closes; until the FIN is out the peer waits for it.
		t.sendRST = t.max.LessEq(t.dataEnd())
	}
	if t.state != Closed {
		t.end(ErrAborted)
	}
}

// InFlight tells whether s was sent and is not acknowledged yet.
func (t *TCB) InFlight(s seq.Value) bool { return t.una.LessEq(s) && s.Less(t.max) }

// timeOut ends the connection because the peer is silent.
func (t *TCB) timeOut() {
	if t.soft != nil {
		t.end(fmt.Errorf("%w: %w", ErrTimeout, t.soft))
		return
	}
	t.end(ErrTimeout)
}
