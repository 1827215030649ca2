package tcp

import (
	"errors"
	"fmt"
	"io"
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
	ErrClosed      = errors.New("tcp: the connection is closed")
	ErrClosing     = errors.New("tcp: no data can be sent after the FIN")
	ErrNotSyn      = errors.New("tcp: not an acceptable SYN")
	ErrBadAck      = errors.New("tcp: acknowledges what was never sent")
	ErrNoAck       = errors.New("tcp: a segment without ACK")
	ErrOutOfWindow = errors.New("tcp: outside the receive window")
	ErrChallenge   = errors.New("tcp: RST or SYN inside the window, answered with a challenge ACK")
	ErrAfterClose  = errors.New("tcp: data for an application that has closed")
	ErrNoRoom      = errors.New("tcp: too many gaps in the data")
	ErrBadFIN      = errors.New("tcp: a FIN in the middle of the data")
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
	Tx, Rx        []byte         // send and receive buffer, the caller's; at least a byte each
	MSS           int            // the largest payload we can receive and want to send: MTU - 40
	ISS           seq.Value      // initial send sequence number
	TimeWait      time.Duration  // how long TIME-WAIT lasts; 0: a minute
}

// A TCB is a connection's transmission control block: the whole state machine of RFC 9293, as a
// machine without clock, lock or I/O. The zero TCB is CLOSED; Open and Accept can be called
// again on one that is.
type TCB struct {
	local, remote netip.AddrPort
	pseudo        sum.Partial // of addresses and protocol, without the length
	state         State
	err           error // why it ended
	soft          error // why it may be about to: the cause of a timeout
	timeWait      time.Duration

	// Send sequence variables. RFC 9293, 3.3.1
	iss    seq.Value
	una    seq.Value // snd.una: the oldest byte not acknowledged
	nxt    seq.Value // snd.nxt: the next byte to send; goes back to resend
	max    seq.Value // the byte behind the last that was ever sent
	wnd    int       // snd.wnd, scaled
	maxWnd int       // the largest it ever was
	wl1    seq.Value // seq of the segment that updated wnd last
	wl2    seq.Value // and its ack
	mss    int       // largest payload to send
	tx     ring      // data that is not acknowledged
	base   seq.Value // sequence number of its first byte
	finIn  bool      // the application has closed: a FIN follows the data

	// Receive sequence variables.
	irs     seq.Value
	rnxt    seq.Value // rcv.nxt
	edge    seq.Value // right edge of the window that was offered; never goes back
	rmss    int       // largest payload to receive
	rx      ring      // data in order that was not read yet; what is behind its end waits
	gaps    reassembly
	fin     seq.Value // where the peer's FIN is
	finSeen bool      // it has been received, though perhaps not what is before it
	eof     bool      // rcv.nxt is past it
	discard bool      // nobody will read any more

	// Options in force.
	scale    bool
	sndShift uint8 // the peer's
	rcvShift uint8 // ours
	sack     bool  // the peer takes SACK blocks

	// What the next Transmit has to do.
	sendRST   bool
	ackNow    bool
	resend    int  // so many segments from again on; in the handshake the SYN
	probe     bool // one byte into a zero window
	unacked   int  // segments received since the last ACK
	quick     int  // segments that are acknowledged at once
	delackAt  time.Time
	invalidAt time.Time // when an unacceptable segment was answered last

	rtt         rtt
	timing      bool      // a segment is being timed
	timedEnd    seq.Value // its end
	timedAt     time.Time
	rtoAt       time.Time // retransmission or persist timer
	endAt       time.Time // TIME-WAIT or FIN-WAIT-2 is over
	progress    time.Time // when snd.una moved last, or the first unanswered segment was sent
	dupAcks     int
	recovering  bool
	recover     seq.Value // RFC 6582: ends the recovery
	again       seq.Value // behind what the recovery has sent again
	retransmits int
	timeouts    int // in a row, without an ACK for new data
	probes      int // persist probes without an answer that opens the window
}

// open sets what Open and Accept share.
func (t *TCB) open(now time.Time, cfg Config) {
	*t = TCB{
		local: cfg.Local, remote: cfg.Remote, timeWait: cfg.TimeWait,
		pseudo: sum.Pseudo4(cfg.Local.Addr().As4(), cfg.Remote.Addr().As4(), 6, 0),
		iss:    cfg.ISS, una: cfg.ISS, nxt: cfg.ISS, max: cfg.ISS, recover: cfg.ISS, base: cfg.ISS.Add(1),
		mss: min(defaultMSS, cfg.MSS), rmss: cfg.MSS,
		tx: ring{b: cfg.Tx}, rx: ring{b: cfg.Rx},
		progress: now, quick: 16,
	}
	if t.timeWait == 0 {
		t.timeWait = timeWait
	}
	t.rtt.reset()
	for len(cfg.Rx)>>t.rcvShift > 0xffff && t.rcvShift < maxShift {
		t.rcvShift++
	}
}

// Open begins an active open: a SYN goes out by Transmit, the state is SYN-SENT.
func (t *TCB) Open(now time.Time, cfg Config) {
	t.open(now, cfg)
	t.state = SynSent
	t.scale, t.sack = true, true // offered; in force when the peer offers them, too
}

// Accept begins a passive open from the SYN that a listener received: the state is
// SYN-RECEIVED. It fails with ErrNotSyn, and then t is CLOSED.
func (t *TCB) Accept(now time.Time, cfg Config, syn Segment) error {
	t.open(now, cfg)
	if syn.Flags()&(SYN|ACK|RST|FIN) != SYN {
		return ErrNotSyn
	}
	t.state = SynReceived
	t.takeSyn(syn)
	t.wnd = int(syn.Window())
	t.maxWnd = t.wnd
	t.wl1, t.wl2 = syn.Seq(), t.iss
	return nil
}

// takeSyn takes the peer's initial sequence number and options.
func (t *TCB) takeSyn(syn Segment) {
	o := parseOptions(syn.Options())
	t.irs = syn.Seq()
	t.rnxt = t.irs.Add(1)
	// The window of a SYN is never scaled: RFC 7323, 2.2.
	t.edge = t.rnxt.Add(min(len(t.rx.b), 0xffff))
	if o.mss > 0 {
		t.mss = min(max(o.mss, minMSS), t.rmss)
	}
	t.sack = o.sackOK
	// RFC 7323, 2.2: "Window scaling ... only if both sides send Window Scale options".
	if t.scale = o.scaled; t.scale {
		t.sndShift = o.shift
	} else {
		t.rcvShift = 0
	}
}

// State returns the connection's state.
func (t *TCB) State() State { return t.state }

// Err returns why the connection ended, nil while it has not, or when both sides closed it.
func (t *TCB) Err() error { return t.err }

// Done tells whether the connection is over and has nothing more to send.
func (t *TCB) Done() bool { return t.state == Closed && !t.sendRST }

// end makes the connection CLOSED for the given reason.
func (t *TCB) end(err error) {
	t.state = Closed
	if t.err == nil {
		t.err = err
	}
	t.ackNow, t.resend, t.probe = false, 0, false
	t.rtoAt, t.delackAt, t.endAt = time.Time{}, time.Time{}, time.Time{}
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
		n := t.rx.peek(0, b)
		t.rx.drop(n)
		if t.state.canReceive() && t.windowGain() {
			t.ackNow = true // the window opens again: tell the peer
		}
		return n, nil
	}
	switch {
	case t.eof:
		return 0, io.EOF
	case t.err != nil:
		return 0, t.err
	case t.state == Closed:
		return 0, ErrClosed
	}
	return 0, nil
}

// Readable tells whether Read has an answer: data, an end or an error.
func (t *TCB) Readable() bool { return t.rx.n > 0 || t.eof || t.state == Closed }

// Writable tells whether Write takes a byte.
func (t *TCB) Writable() bool { return t.tx.free() > 0 && !t.finIn && t.state != Closed }

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
		t.endAt = now.Add(finWait2)
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

// PathMTU tells that the path takes packets of mtu bytes at most; 0 when the router did not
// say. What is in flight is sent again in smaller pieces. RFC 1191, 6.4
func (t *TCB) PathMTU(now time.Time, mtu int) {
	if mtu == 0 {
		mtu = 576 // RFC 1191, 5: what a router that does not say may have meant
	}
	if mss := max(mtu-40, minMSS); mss < t.mss {
		t.mss = mss
		if t.state.canSend() {
			t.nxt = t.una
		}
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

// Info is the state of a connection for people.
type Info struct {
	State                  State
	Local, Remote          netip.AddrPort
	ISS, SndUna, SndNxt    seq.Value
	SndWnd, SndMSS         int
	IRS, RcvNxt            seq.Value
	RcvWnd                 int
	SndScale, RcvScale     uint8
	SACK                   bool
	SRTT, RTTVar, RTO      time.Duration
	InFlight, Unsent       int // bytes
	Retransmits, Gaps      int
	Recovering             bool
	ReadBuffered, SndSpace int
}

// Info returns the connection's state.
func (t *TCB) Info() Info {
	return Info{
		State: t.state, Local: t.local, Remote: t.remote,
		ISS: t.iss, SndUna: t.una, SndNxt: t.nxt, SndWnd: t.wnd, SndMSS: t.mss,
		IRS: t.irs, RcvNxt: t.rnxt, RcvWnd: t.rcvWnd(), SndScale: t.sndShift, RcvScale: t.rcvShift, SACK: t.sack,
		SRTT: t.rtt.srtt, RTTVar: t.rtt.rttvar, RTO: t.rtt.rto,
		InFlight: t.max.Diff(t.una), Unsent: max(0, t.dataEnd().Diff(t.max)),
		Retransmits: t.retransmits, Gaps: t.gaps.n, Recovering: t.recovering,
		ReadBuffered: t.rx.n, SndSpace: t.tx.free(),
	}
}
