package dhcpv4

import (
	"errors"
	"net/netip"
	"time"

	"httptap/stack/link"
)

// Why a server does not take a message or its configuration.
var (
	ErrConfig       = errors.New("dhcpv4: the server's configuration is not usable")
	ErrNotRequest   = errors.New("dhcpv4: not a client's message")
	ErrTooLong      = errors.New("dhcpv4: message longer than a server keeps")
	ErrRequest      = errors.New("dhcpv4: a request that no client's state makes")
	ErrUnknown      = errors.New("dhcpv4: no record of this client with this address")
	ErrOtherNetwork = errors.New("dhcpv4: relayed from a network that is not served")
	ErrExhausted    = errors.New("dhcpv4: no address is left in the pool")
	ErrBusy         = errors.New("dhcpv4: too many answers wait to be sent")
)

// The server's bounds and times.
const (
	maxPool    = 4096             // addresses, and so records, at most
	maxRequest = 2048             // bytes of a message
	maxAnswers = 16               // answers that wait for Transmit
	offerTime  = time.Minute      // how long an offer is kept: as long as a client repeats its request
	quarantine = 10 * time.Minute // how long a declined address is not given out
	// DefaultLease is the lease time when ServerConfig has none.
	DefaultLease = time.Hour
)

// ServerConfig configures a Server.
type ServerConfig struct {
	Addr        [4]byte       // the server's own address, its identifier
	Prefix      netip.Prefix  // the network; it holds Addr
	First, Last netip.Addr    // the pool; zero: all of the network, 4096 addresses at most
	Router      []netip.Addr  // options of the clients; empty: not sent
	DNS         []netip.Addr  //
	NTP         []netip.Addr  //
	Domain      string        //
	MTU         int           // in bytes
	Lease       time.Duration // longest lease; zero: DefaultLease; the wire has whole seconds
}

// ServerStats counts what a server saw and did.
type ServerStats struct {
	Discovers, Requests, Declines, Releases, Informs uint64 // taken
	Offers, ACKs, NAKs                               uint64 // answered
	Exhausted                                        uint64 // not answered for want of an address
	Refused                                          uint64 // not taken for any other reason
}

// A Binding is one client's lease.
type Binding struct {
	Addr         netip.Addr
	HardwareAddr link.Addr
	Hostname     string // as the client says, "" when it doesn't
	Expires      time.Time
}

// A Destination is where a server's message goes. RFC 2131, 4.1
type Destination struct {
	Addr         [4]byte
	HardwareAddr link.Addr // zero: to be found by ARP
	Port         uint16    // ClientPort, or ServerPort for a relay
}

// A Server is the server's machine for one network. Its caller hands it every message that
// arrives at the server port and calls Transmit until it returns 0. Its records are bounded by
// the pool, and are lost with it.
type Server struct {
	cfg     ServerConfig
	options serverOptions
	pool    pool
	answers [maxAnswers]response
	first   int // index of the oldest answer
	waiting int // how many there are
	oldest  time.Time
	stats   ServerStats
}

// A response is a message to be sent: what it answers, and what was decided.
type response struct {
	typ     Type
	request []byte // the client's message; memory of the ring
	addr    [4]byte
	seconds uint32 // lease time; zero: none is told
	text    string
}

// Reset configures the server and forgets everything. It fails with ErrConfig.
func (s *Server) Reset(cfg ServerConfig) error {
	addr := netip.AddrFrom4(cfg.Addr)
	switch {
	case !cfg.Prefix.IsValid() || !cfg.Prefix.Addr().Is4() || !cfg.Prefix.Contains(addr) || !usable(cfg.Addr):
		return ErrConfig
	case cfg.Lease < 0 || cfg.MTU < 0 || cfg.MTU > 0xffff || len(cfg.Domain) > 255:
		return ErrConfig
	}
	if cfg.Lease == 0 {
		cfg.Lease = DefaultLease
	}
	p, ok := newPool(cfg)
	if !ok {
		return ErrConfig
	}
	*s = Server{cfg: cfg, pool: p, options: newServerOptions(cfg)}
	return nil
}

// Stats returns the server's counters.
func (s *Server) Stats() ServerStats { return s.stats }

// Leases returns the leases that are in force at now, in the order of their addresses.
func (s *Server) Leases(now time.Time) []Binding { return s.pool.leases(now) }

// Deadline returns when Transmit has something to send: the zero time when no answer waits.
func (s *Server) Deadline() time.Time {
	if s.waiting == 0 {
		return time.Time{}
	}
	return s.oldest
}

// Receive takes a message that came to port 67. The error says why no answer will follow.
func (s *Server) Receive(now time.Time, msg []byte) error {
	err := s.receive(now, msg)
	switch err {
	case nil:
	case ErrExhausted:
		s.stats.Exhausted++
	default:
		s.stats.Refused++
	}
	return err
}

func (s *Server) receive(now time.Time, msg []byte) error {
	if len(msg) > maxRequest {
		return ErrTooLong
	}
	m, err := Parse(msg)
	if err != nil {
		return err
	}
	hw := m.HardwareAddr()
	switch relay := m.GIAddr(); {
	case m.Op() != OpRequest:
		return ErrNotRequest
	case m.HType() != 1 || m.HLen() != 6 || hw.IsZero() || hw.IsMulticast():
		return ErrHardwareAddr
	case relay != [4]byte{} && !s.cfg.Prefix.Contains(netip.AddrFrom4(relay)):
		return ErrOtherNetwork
	case s.waiting == maxAnswers:
		return ErrBusy
	}
	var buf [1 + 255]byte
	key := clientKey(m, buf[:0])
	switch m.Type() {
	case Discover:
		s.stats.Discovers++
		return s.discover(now, m, key)
	case Request:
		s.stats.Requests++
		return s.request(now, m, key)
	case Decline:
		s.stats.Declines++
		return s.decline(now, m, key)
	case Release:
		s.stats.Releases++
		return s.release(now, m, key)
	case Inform:
		s.stats.Informs++
		// RFC 2131, 4.3.5: "The server MUST NOT send a lease expiration time to the client and
		// SHOULD NOT fill in 'yiaddr'."
		if !usable(m.CIAddr()) {
			return ErrRequest
		}
		s.answer(now, m, response{typ: ACK})
		return nil
	}
	return ErrType
}

// clientKey appends what a client is known by.
//
// RFC 2131, 4.2: "If the client supplies a 'client identifier', [...] the server MUST use that
// identifier to identify the client. If the client does not provide a 'client identifier'
// option, the server MUST use the contents of the 'chaddr' field to identify the client."
func clientKey(m Message, dst []byte) []byte {
	if id, ok := m.first(OptClientID); ok && len(id) > 0 {
		return append(append(dst, 'i'), id...)
	}
	hw := m.HardwareAddr()
	return append(append(dst, 'h'), hw[:]...)
}

func (s *Server) discover(now time.Time, m Message, key []byte) error {
	want, _ := m.Addr(OptRequested)
	r := s.pool.choose(now, key, want)
	if r == nil {
		return ErrExhausted
	}
	if !r.active(now) || r.state == offered {
		r.state, r.until = offered, now.Add(offerTime)
	}
	r.hw = m.HardwareAddr()
	s.answer(now, m, response{typ: Offer, addr: r.addr, seconds: s.leaseTime(m)})
	return nil
}

// leaseTime returns the seconds that the client gets: what it asks for, up to what is configured.
func (s *Server) leaseTime(m Message) uint32 {
	most := uint32(min(max(s.cfg.Lease/time.Second, 1), Infinite-1))
	if v, ok := m.Uint32(OptLeaseTime); ok && v > 0 && v < most {
		return v
	}
	return most
}

// request answers a DHCPREQUEST; RFC 2131, 4.3.2 and table 4 tell the client's state by what
// the message holds.
func (s *Server) request(now time.Time, m Message, key []byte) error {
	want, asked := m.Addr(OptRequested)
	have := m.CIAddr()
	server, selecting := m.Addr(OptServer)
	r := s.pool.of(key)
	switch {
	case selecting && server != s.cfg.Addr:
		// RFC 2131, 3.1(4): "Those servers not selected by the DHCPREQUEST message use the
		// message as notification that the client has declined that server's offer."
		if r != nil && r.state == offered {
			r.state, r.until = free, now
		}
		return ErrOtherServer

	case selecting && asked && have == [4]byte{}:
		if r == nil || r.addr != want {
			r = s.pool.claim(now, key, want)
		}
		if r == nil {
			s.refuse(now, m, "the address is not free")
			return nil
		}

	case !selecting && have != [4]byte{} && (!asked || want == have): // RENEWING, REBINDING
		if !s.pool.contains(have) && s.cfg.Prefix.Contains(netip.AddrFrom4(have)) {
			return ErrUnknown // another server's, or configured by hand
		}
		if r == nil || r.addr != have {
			// The record was lost with an earlier process: the address is this server's to
			// give, so the client may keep it unless another one has it now.
			r = s.pool.claim(now, key, have)
		}
		if r == nil {
			s.refuse(now, m, "the address is not this client's")
			return nil
		}

	case !selecting && asked && have == [4]byte{}: // INIT-REBOOT
		wrongNetwork := !s.cfg.Prefix.Contains(netip.AddrFrom4(want))
		if r == nil && !wrongNetwork {
			// "If the DHCP server has no record of this client, then it MUST remain silent"
			return ErrUnknown
		}
		if wrongNetwork || r.addr != want {
			s.refuse(now, m, "the address is not this client's")
			return nil
		}

	default:
		return ErrRequest
	}
	seconds := s.leaseTime(m)
	r.state, r.until = leased, now.Add(time.Duration(seconds)*time.Second)
	r.hw = m.HardwareAddr()
	if name := nameOf(m, OptHostname); string(name) != r.hostname {
		r.hostname = string(name)
	}
	s.answer(now, m, response{typ: ACK, addr: r.addr, seconds: seconds})
	return nil
}

func (s *Server) refuse(now time.Time, m Message, text string) {
	s.answer(now, m, response{typ: NAK, text: text})
}

// decline takes an address out of use for a time: RFC 2131, 4.3.3: "The server MUST mark the
// network address as not available".
func (s *Server) decline(now time.Time, m Message, key []byte) error {
	addr, _ := m.Addr(OptRequested)
	r, err := s.own(m, key, addr)
	if err != nil {
		return err
	}
	s.pool.quarantine(r, now.Add(quarantine))
	return nil
}

// release ends a lease and remembers whose it was: RFC 2131, 4.3.4: "The server SHOULD retain a
// record of the client's initialization parameters for possible reuse in response to subsequent
// requests from the client."
func (s *Server) release(now time.Time, m Message, key []byte) error {
	r, err := s.own(m, key, m.CIAddr())
	if err != nil {
		return err
	}
	r.state, r.until = free, now
	return nil
}

// own returns the client's record for a message that gives addr back to this server.
func (s *Server) own(m Message, key []byte, addr [4]byte) (*record, error) {
	if server, ok := m.Addr(OptServer); !ok || server != s.cfg.Addr {
		return nil, ErrOtherServer
	}
	r := s.pool.of(key)
	if r == nil || r.addr != addr || r.state == free {
		return nil, ErrUnknown
	}
	return r, nil
}

// answer queues a response to m.
func (s *Server) answer(now time.Time, m Message, r response) {
	slot := &s.answers[(s.first+s.waiting)%maxAnswers]
	r.request = append(slot.request[:0], m.b...)
	*slot = r
	if s.waiting == 0 {
		s.oldest = now
	}
	s.waiting++
	switch r.typ {
	case Offer:
		s.stats.Offers++
	case ACK:
		s.stats.ACKs++
	case NAK:
		s.stats.NAKs++
	}
}
