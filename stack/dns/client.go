package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// How a lookup can fail. The text of the error names the server.
var (
	ErrNoName      = errors.New("dns: no such name")
	ErrNoData      = errors.New("dns: the name has no record of this type")
	ErrServFail    = errors.New("dns: server failed")
	ErrRefused     = errors.New("dns: server refused")
	ErrTimeout     = errors.New("dns: no answer in time")
	ErrUnreachable = errors.New("dns: server can't be reached")
	ErrLoop        = errors.New("dns: aliases lead in a circle or are too many")
	ErrNoServer    = errors.New("dns: no server to ask")

	// ErrNotOurs says that a message answers nothing that was asked: a late answer, or a
	// forged one. It is ignored.
	ErrNotOurs = errors.New("dns: message is no answer to the query")
)

// maxAliases is how many CNAME records a lookup follows.
const maxAliases = 8

// A ClientConfig says whom to ask and how patiently. Only Servers is needed.
type ClientConfig struct {
	Servers  []netip.AddrPort // asked in this order
	Timeout  time.Duration    // a try; 0 is 2 s
	Tries    int              // of each server; 0 is 3
	Seed     uint64           // of the identifications; it has to be unpredictable
	EDNSSize int              // offered over UDP; 0 is EDNSSize, under 0 is no EDNS
}

// clientState is what a Client does next.
type clientState uint8

const (
	idle      clientState = iota // nothing was started, or all is done
	toSend                       // a datagram
	waiting                      // for an answer over UDP
	toStream                     // a query over TCP
	streaming                    // waiting for the answer over TCP
)

// peer is what is known of one server.
type peer struct {
	tries int   // queries sent to it for the current name
	out   bool  // it can't help: not asked again
	plain bool  // it does not understand EDNS
	err   error // why it did not answer, the last time
}

// A Client is one lookup as a machine: it has no clock, no socket and no lock. RFC 1034,
// 5.3.1: a stub resolver. The host calls Start, then sends what Transmit gives, hands
// answers to Receive and calls Transmit again when Deadline has come, until Done.
//
// The identification is random for each name asked. RFC 5452, 9.2 wants the source port
// unpredictable, too: that is the host's part, a fresh socket for each lookup.
type Client struct {
	cfg     ClientConfig
	rng     rand.PCG
	typ     uint16
	id      uint16
	name    [MaxName]byte // the name asked now
	peers   []peer        // one for each of cfg.Servers
	current int           // the server asked now
	state   clientState
	due     time.Time
	records []Record // aliases followed so far, then the answer
	aliases int
	err     error
	ignored int
}

// Start begins the lookup of the records of type typ that name has. It forgets what the
// Client did before. It fails with ErrNoServer or with what is wrong with the name.
func (c *Client) Start(now time.Time, cfg ClientConfig, name string, typ uint16) error {
	*c = Client{cfg: cfg, typ: typ, peers: make([]peer, len(cfg.Servers))}
	if len(cfg.Servers) == 0 {
		return c.finish(ErrNoServer)
	}
	if cfg.Timeout <= 0 {
		c.cfg.Timeout = 2 * time.Second
	}
	if cfg.Tries <= 0 {
		c.cfg.Tries = 3
	}
	if cfg.EDNSSize == 0 {
		c.cfg.EDNSSize = EDNSSize
	}
	c.rng.Seed(cfg.Seed, uint64(typ))
	if _, err := AppendName(c.name[:0], name); err != nil {
		return c.finish(err)
	}
	c.ask(now)
	return nil
}

// ask makes the current name a new query, to the server that is current.
func (c *Client) ask(now time.Time) {
	c.id = uint16(c.rng.Uint64() >> 48)
	for i := range c.peers {
		c.peers[i].tries = 0
	}
	c.state, c.due = toSend, now
}

func (c *Client) finish(err error) error {
	c.state, c.due, c.err = idle, time.Time{}, err
	return err
}

// Done tells whether the lookup is over and Result has the answer.
func (c *Client) Done() bool { return c.state == idle }

// Result returns the records of the answer, after the aliases that led to them; or why there
// is none: ErrNoName, ErrNoData, ErrServFail, ErrRefused, ErrTimeout, ErrUnreachable, ErrLoop
// or what Start said. Before Done it returns nothing.
func (c *Client) Result() ([]Record, error) {
	if c.state != idle || c.err != nil {
		return nil, c.err
	}
	return c.records, nil
}

// Deadline returns when Transmit has to be called next; it is zero when the lookup is over.
func (c *Client) Deadline() time.Time { return c.due }

// Ignored returns how many messages were no answer to what was asked.
func (c *Client) Ignored() int { return c.ignored }

// Transmit writes the query that is due at now into dst and returns its length and where it
// goes; 0 is nothing to send. dst needs 2+MaxQuery bytes, else the lookup ends with
// io.ErrShortBuffer.
//
// With stream the answer was too long for UDP: dst holds the message behind its length in
// two bytes (RFC 7766, 8), and the host has to open a TCP connection, hand the answer,
// without its length, to Receive or say StreamFailed.
func (c *Client) Transmit(now time.Time, dst []byte) (n int, to netip.AddrPort, stream bool) {
	if (c.state == waiting || c.state == streaming) && !now.Before(c.due) {
		c.peers[c.current].err = ErrTimeout
		c.next(now)
	}
	stream = c.state == toStream
	if !stream && c.state != toSend {
		return 0, to, false
	}
	if len(dst) < 2+MaxQuery {
		c.finish(io.ErrShortBuffer)
		return 0, to, false
	}
	p := &c.peers[c.current]
	edns := c.cfg.EDNSSize
	if p.plain {
		edns = 0
	}
	c.due = now.Add(c.cfg.Timeout)
	name := Name{msg: c.name[:]}
	if stream {
		c.state = streaming
		n = len(AppendQuery(dst[2:2], c.id, name, c.typ, edns))
		binary.BigEndian.PutUint16(dst, uint16(n))
		return 2 + n, c.cfg.Servers[c.current], true
	}
	c.state = waiting
	p.tries++
	return len(AppendQuery(dst[:0], c.id, name, c.typ, edns)), c.cfg.Servers[c.current], false
}

// next turns to the next server that may still help, or ends the lookup.
func (c *Client) next(now time.Time) {
	for i := 1; i <= len(c.peers); i++ {
		k := (c.current + i) % len(c.peers)
		if p := &c.peers[k]; !p.out && p.tries < c.cfg.Tries {
			c.current, c.state, c.due = k, toSend, now
			return
		}
	}
	c.finish(c.verdict())
}

// verdict returns why no server answered: what the first one said that said anything, else
// that all were silent.
func (c *Client) verdict() error {
	var silent []string
	for i, p := range c.peers {
		server := c.cfg.Servers[i].String()
		if p.err != nil && p.err != ErrTimeout {
			return fmt.Errorf("%w (%s)", p.err, server)
		}
		silent = append(silent, server)
	}
	return fmt.Errorf("%w (%s)", ErrTimeout, strings.Join(silent, ", "))
}

// fail notes that server k can't help, and turns to the next one when it was the current.
func (c *Client) fail(now time.Time, k int, err error) {
	c.peers[k].out, c.peers[k].err = true, err
	if k == c.current {
		c.next(now)
	}
}

// StreamFailed says that the TCP connection that Transmit asked for brought no answer.
func (c *Client) StreamFailed(now time.Time, err error) {
	if c.state == streaming {
		c.fail(now, c.current, fmt.Errorf("%w over TCP: %w", ErrUnreachable, err))
	}
}

// ServerFailed says that a datagram to a server can't arrive: its port is unreachable. The
// next server is asked at once.
func (c *Client) ServerFailed(now time.Time, server netip.AddrPort, err error) {
	if k := c.server(server); k >= 0 && c.state != idle {
		c.fail(now, k, fmt.Errorf("%w: %w", ErrUnreachable, err))
	}
}

// server returns the index of a server that was asked for the current name, or -1.
func (c *Client) server(from netip.AddrPort) int {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	for k, s := range c.cfg.Servers {
		if c.peers[k].tries > 0 && netip.AddrPortFrom(s.Addr().Unmap(), s.Port()) == from {
			return k
		}
	}
	return -1
}

// Receive takes a message that came from a server, with stream over TCP. What is no answer
// to the query is ignored, counted and named by the error: ErrNotOurs, or why it can't be
// read.
func (c *Client) Receive(now time.Time, from netip.AddrPort, msg []byte, stream bool) error {
	ignore := func(err error) error {
		c.ignored++
		return err
	}
	k := c.server(from)
	if c.state == idle || k < 0 || stream && (c.state != streaming || k != c.current) {
		return ignore(ErrNotOurs)
	}
	m, err := Parse(msg)
	if err != nil {
		return ignore(err)
	}
	if !c.matches(m) {
		return ignore(ErrNotOurs)
	}
	overTCP := c.state == toStream || c.state == streaming
	switch rcode := m.RCode(); rcode {
	case NoError, NXDomain:
		switch {
		case m.Truncated() && stream:
			c.fail(now, k, fmt.Errorf("%w: answer cut short over TCP", ErrServFail))
		case m.Truncated() && overTCP:
			return ignore(ErrNotOurs) // once more what led to the stream
		case m.Truncated():
			// RFC 2181, 9: "When a DNS client receives a reply with TC set, it should ignore
			// that response, and query again, using a mechanism, such as a TCP connection,
			// that will permit larger replies".
			c.current, c.state, c.due = k, toStream, now
		default:
			c.answer(now, k, m)
		}
	case FormErr, NotImp, BadVers:
		// RFC 6891, 6.2.2 and 7: such a server may not know EDNS; it is asked without.
		if !c.peers[k].plain && c.cfg.EDNSSize > 0 && !overTCP {
			c.peers[k].plain = true
			c.peers[k].tries--
			c.current, c.state, c.due = k, toSend, now
			return nil
		}
		c.fail(now, k, fmt.Errorf("%w: %s", ErrServFail, rcode))
	case Refused:
		c.fail(now, k, ErrRefused)
	default:
		c.fail(now, k, fmt.Errorf("%w: %s", ErrServFail, rcode))
	}
	return nil
}

// matches tells whether m answers the query. RFC 5452, 9.1: a resolver "MUST match responses
// to all of the following attributes of the query": the server's address and port, the
// identification, the name, the class and the type.
func (c *Client) matches(m Message) bool {
	if !m.Response() || m.ID() != c.id || m.Opcode() != OpcodeQuery {
		return false
	}
	switch m.Count(Questions) {
	case 0:
		// A server that could not read the query has no question to repeat.
		return m.RCode() != NoError && m.RCode() != NXDomain
	case 1:
		q, _ := m.Question()
		return q.Type == c.typ && q.Class == ClassIN && q.Name.Equal(Name{msg: c.name[:]})
	}
	return false
}

// answer follows the aliases in m from the name asked, and ends the lookup or asks on.
func (c *Client) answer(now time.Time, k int, m Message) {
	asked := Name{msg: c.name[:]}
	name := asked
	for {
		before, alias := len(c.records), RR{}
		for r := range m.Records() {
			if r.Section != Answers || r.Class != ClassIN || !r.Name.Equal(name) {
				continue
			}
			switch {
			case r.Type == c.typ || c.typ == TypeANY:
				c.records = append(c.records, r.Record())
			case r.Type == TypeCNAME && alias.Type == 0:
				alias = r
			}
		}
		if len(c.records) > before {
			c.finish(nil)
			return
		}
		target, ok := alias.Target()
		if !ok {
			break
		}
		c.records = append(c.records, alias.Record())
		if c.aliases++; c.aliases > maxAliases || c.seen(target) {
			c.finish(fmt.Errorf("%w (%s)", ErrLoop, c.cfg.Servers[k]))
			return
		}
		name = target
	}
	soa, ns := false, false
	for r := range m.Records() {
		soa = soa || r.Section == Authorities && r.Type == TypeSOA
		ns = ns || r.Section == Authorities && r.Type == TypeNS
	}
	switch {
	case m.RCode() == NXDomain:
		c.finish(fmt.Errorf("%w (%s)", ErrNoName, c.cfg.Servers[k]))
	case soa:
		c.finish(fmt.Errorf("%w (%s)", ErrNoData, c.cfg.Servers[k]))
	case !name.Equal(asked):
		// RFC 1034, 5.2.2: the rest of a chain may have to be asked for.
		copy(c.name[:], name.AppendWire(make([]byte, 0, MaxName)))
		c.current = k
		c.ask(now)
	case ns:
		// RFC 2308, 2.2: NS records without a SOA are a referral, not an answer. To follow it
		// is a resolver's work, which this server does not do for us.
		c.fail(now, k, fmt.Errorf("%w: it only refers to other servers", ErrServFail))
	default:
		c.finish(fmt.Errorf("%w (%s)", ErrNoData, c.cfg.Servers[k]))
	}
}

// seen tells whether the aliases followed so far begin at n somewhere.
func (c *Client) seen(n Name) bool {
	text := n.String()
	for _, r := range c.records {
		if strings.EqualFold(r.Name, text) {
			return true
		}
	}
	return false
}
