package dhcpv4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"httptap/stack/link"
)

// A State is where a client is in the diagram of RFC 2131, 4.4, figure 5.
type State uint8

// The states.
const (
	Init       State = iota // nothing is under way, or a DHCPDISCOVER is about to be sent
	Selecting               // waits for offers
	Requesting              // has asked for the offered address
	Bound                   // has a lease
	Renewing                // has a lease past T1 and asks its server for more
	Rebinding               // has a lease past T2 and asks every server
	Stopped                 // has given its lease back
)

var stateNames = [...]string{"INIT", "SELECTING", "REQUESTING", "BOUND", "RENEWING", "REBINDING", "STOPPED"}

// String returns the state's name as RFC 2131 writes it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown state"
}

// Why a client does not take a message.
var (
	ErrNotReply     = errors.New("dhcpv4: not a server's message")
	ErrXID          = errors.New("dhcpv4: another transaction's number")
	ErrHardwareAddr = errors.New("dhcpv4: another client's hardware address")
	ErrClientID     = errors.New("dhcpv4: another client's identifier")
	ErrType         = errors.New("dhcpv4: no message type that a server sends a client")
	ErrUnexpected   = errors.New("dhcpv4: no message that this state waits for")
	ErrOtherServer  = errors.New("dhcpv4: from another server than was asked")
	ErrOtherAddress = errors.New("dhcpv4: acknowledges another address than was asked for")
	ErrNAK          = errors.New("dhcpv4: the server refused the address")
)

// BufferLen is the length in bytes of the buffer that Transmit needs: what every host takes,
// so that no message is longer. RFC 2131, 2: "a DHCP client must be prepared to receive a
// message of up to 576 octets", less IP and UDP header.
const BufferLen = 548

// The client's timing.
const (
	// RFC 2131, 4.1: "the delay before the first retransmission SHOULD be 4 seconds randomized
	// by the value of a uniform random number chosen from the range -1 to +1. [...] The
	// retransmission delay SHOULD be doubled with subsequent retransmissions up to a maximum of
	// 64 seconds."
	firstDelay = 4 * time.Second
	lastDelay  = 64 * time.Second

	// requestTries is how often a DHCPREQUEST is sent. RFC 2131, 3.1(5): "for a total delay of
	// 60 seconds, before restarting the initialization procedure": 4 + 8 + 16 + 32.
	requestTries = 4

	// RFC 2131, 4.4.5: "down to a minimum of 60 seconds, before retransmitting the DHCPREQUEST
	// message."
	renewDelay = time.Minute

	// RFC 2131, 3.1(5): "The client SHOULD wait a minimum of ten seconds before restarting the
	// configuration process to avoid excessive network traffic in case of looping."
	restartDelay = 10 * time.Second
)

// parameters are the options that the client asks for, in numerical order but for one: the ones
// that a Lease has a place for. RFC 3442: "The Classless Static Routes option code MUST appear
// in the parameter request list prior to both the Router option code and the Static Routes
// option code".
var parameters = [...]byte{OptMask, OptRoutes, OptRouter, OptDNS, OptHostname, OptDomain, OptMTU,
	OptNTP, OptLeaseTime, OptServer, OptRenewal, OptRebinding}

// ClientConfig configures a Client.
type ClientConfig struct {
	HardwareAddr link.Addr
	Hostname     string  // told to the server when it has 1 to 255 bytes
	Requested    [4]byte // the address that the client would like; zero: any
	Seed         uint64  // of the transaction numbers and the retransmissions' randomness
	MaxMessage   int     // longest message with IP and UDP header in bytes; under 576: not told
}

// A Client is the client's machine. The zero Client is in state INIT and does nothing until
// Start. Its caller hands it every message that arrives at the client port, calls Transmit
// until it returns 0 after every other call and whenever Deadline has passed, and puts what
// it writes in a UDP datagram from port 68 to port 67.
type Client struct {
	cfg   ClientConfig
	rng   rand.PCG
	state State
	gen   uint32

	xid      uint32
	began    time.Time // of the acquisition or renewal: what secs counts from
	secs     uint16    // of the last DHCPDISCOVER
	sent     time.Time // of the first DHCPREQUEST of this state
	due      time.Time // of the next message; zero: none
	tries    int       // messages sent in this state
	failures int       // addresses refused or declined since the last renewal
	offer    terms
	lease    Lease
	bye      farewell
	refused  error
}

// A farewell is a DHCPDECLINE or DHCPRELEASE that waits to be sent.
type farewell struct {
	typ          Type // zero: none waits
	since        time.Time
	addr, server [4]byte
}

// Start begins to look for a lease at once; a lease in hand is forgotten.
//
// RFC 2131, 4.4.1: "The client SHOULD wait a random time between one and ten seconds to
// desynchronize the use of DHCP at startup." This client does not: that is for many machines
// that are switched on together, and here somebody waits for the answer.
func (c *Client) Start(now time.Time, cfg ClientConfig) {
	gen := c.gen
	if c.bound() {
		gen++
	}
	*c = Client{cfg: cfg, gen: gen, began: now, due: now}
	c.rng.Seed(cfg.Seed, binary.BigEndian.Uint64(append([]byte{0, 0}, cfg.HardwareAddr[:]...)))
}

// State returns the client's state.
func (c *Client) State() State { return c.state }

// Lease returns the lease in states BOUND, RENEWING and REBINDING, else false.
func (c *Client) Lease() (Lease, bool) {
	if !c.bound() {
		return Lease{}, false
	}
	return c.lease, true
}

func (c *Client) bound() bool {
	return c.state == Bound || c.state == Renewing || c.state == Rebinding
}

// Generation changes whenever a lease was gained, changed or lost.
func (c *Client) Generation() uint32 { return c.gen }

// Refused returns why the last message meant for this client was not taken, so that a search
// without end can say what it saw; nil when there was none since Start.
func (c *Client) Refused() error { return c.refused }

// Deadline returns when Transmit has next something to do; the zero time when there is nothing
// to wait for.
func (c *Client) Deadline() time.Time {
	if c.bye.typ != 0 {
		return c.bye.since
	}
	switch c.state {
	case Bound:
		return c.lease.Renew
	case Renewing:
		return earlier(c.due, c.lease.Rebind)
	case Rebinding:
		return earlier(c.due, c.lease.Expires)
	}
	return c.due
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Receive takes a message that came from port 67 to port 68. The error says why the message
// was not taken; with ErrNAK it was, and the search begins again. The first acceptable offer
// is taken at once: RFC 2131, 4.4.1: "The time over which the client collects messages and the
// mechanism used to select one DHCPOFFER are implementation dependent."
func (c *Client) Receive(now time.Time, msg []byte) error {
	m, err := Parse(msg)
	if err != nil {
		return err
	}
	switch {
	case m.Op() != OpReply:
		return ErrNotReply
	case m.HType() != 1 || m.HLen() != 6 || m.HardwareAddr() != c.cfg.HardwareAddr:
		return ErrHardwareAddr
	case c.state == Init || c.state == Bound || c.state == Stopped:
		// Figure 5: "DHCPOFFER, DHCPACK, DHCPNAK/Discard"
		return ErrUnexpected
	case m.XID() != c.xid:
		return ErrXID
	}
	if err := c.take(now, m); err != nil {
		c.refused = err
		return err
	}
	return nil
}

func (c *Client) take(now time.Time, m Message) error {
	// RFC 6842, 3: "When a client receives a DHCP message containing a 'client identifier'
	// option, the client MUST compare that client identifier to the one it is configured to
	// send. If the two client identifiers do not match, the client MUST silently discard the
	// message."
	if id, ok := m.first(OptClientID); ok && (len(id) != 7 || id[0] != 1 || link.Addr(id[1:]) != c.cfg.HardwareAddr) {
		return ErrClientID
	}
	switch typ := m.Type(); {
	case typ == Offer && c.state == Selecting:
		return c.takeOffer(now, m)
	case typ == ACK && c.asked():
		return c.takeACK(now, m)
	case typ == NAK && c.asked():
		return c.takeNAK(now, m)
	case typ == Offer || typ == ACK || typ == NAK:
		return ErrUnexpected
	}
	return ErrType
}

// asked tells whether a DHCPREQUEST was sent and waits for its answer.
func (c *Client) asked() bool {
	return c.tries > 0 && (c.state == Requesting || c.state == Renewing || c.state == Rebinding)
}

func (c *Client) takeOffer(now time.Time, m Message) error {
	t, err := readTerms(m)
	if err != nil {
		return err
	}
	c.offer = t
	c.enter(Requesting, now)
	return nil
}

func (c *Client) takeACK(now time.Time, m Message) error {
	t, err := readTerms(m)
	switch {
	case err != nil:
		return err
	case t.addr != c.offer.addr:
		return ErrOtherAddress
	case t.server != c.offer.server && c.state != Rebinding:
		return ErrOtherServer
	}
	if c.state != Requesting {
		c.failures = 0
	}
	c.offer, c.lease = t, t.lease(m, c.sent)
	c.enter(Bound, time.Time{})
	c.gen++
	return nil
}

func (c *Client) takeNAK(now time.Time, m Message) error {
	server, ok := m.Addr(OptServer)
	switch {
	case !ok:
		return ErrServerID
	case server != c.offer.server && c.state != Rebinding:
		return ErrOtherServer
	}
	c.failed(now)
	if text, ok := m.Option(OptText, nil); ok {
		return fmt.Errorf("%w: %q", ErrNAK, text)
	}
	return ErrNAK
}

// failed begins again after an address was refused or declined: at once the first time, because
// somebody waits for the answer, from the second time on after restartDelay, so that client and
// server do not go round in circles at the speed of the link.
func (c *Client) failed(now time.Time) {
	c.failures++
	c.cfg.Requested = [4]byte{}
	at := now
	if c.failures > 1 {
		at = now.Add(restartDelay)
	}
	c.restart(at)
}

func (c *Client) restart(at time.Time) {
	if c.bound() {
		c.gen++
		c.began = at
	}
	c.lease = Lease{}
	c.enter(Init, at)
}

// enter begins a state whose first message is due at the given time.
func (c *Client) enter(s State, due time.Time) { c.state, c.due, c.tries = s, due, 0 }

// Decline gives the lease back because another station uses its address, and begins again: at
// once the first time, ten seconds later from the second time on. RFC 2131, 3.1(5) would have
// it wait each time; a person who debugs a link learns more from an address that works. Without
// a lease it does nothing.
func (c *Client) Decline(now time.Time) {
	if !c.bound() {
		return
	}
	c.bye = farewell{typ: Decline, since: now, addr: c.offer.addr, server: c.offer.server}
	c.failed(now)
}

// Release gives the lease back and stops. Without a lease there is nothing to send.
//
// RFC 2131, 4.4.6: "the correct operation of DHCP does not depend on the transmission of
// DHCPRELEASE messages", so it is sent once.
func (c *Client) Release(now time.Time) {
	if c.bound() {
		c.gen++
		c.bye = farewell{typ: Release, since: now, addr: c.offer.addr, server: c.offer.server}
	}
	c.lease = Lease{}
	c.enter(Stopped, time.Time{})
}
