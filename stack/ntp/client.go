package ntp

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"
)

// How a query can fail.
var (
	ErrTimeout        = errors.New("ntp: no answer in time")
	ErrKiss           = errors.New("ntp: server says kiss-o'-death")
	ErrUnsynchronized = errors.New("ntp: server's clock is not synchronised")
	ErrInsane         = errors.New("ntp: server's figures can't be right")

	// ErrBogus says that a message answers nothing that was asked: late, replayed or forged.
	// It is ignored.
	ErrBogus = errors.New("ntp: message is no answer to the query")
)

// maxTries bounds ClientConfig.Tries: answers to all of them are recognised.
const maxTries = 8

// maxDistance is the root distance from which on a server's time is worth nothing.
// RFC 5905, figure 6: MAXDISP
const maxDistance = 16 * time.Second

// A ClientConfig says whom to ask and how patiently. Only Server is needed.
type ClientConfig struct {
	Server  netip.Addr
	Timeout time.Duration // a try; 0 is 2 s
	Tries   int           // 0 is 3; at most 8
	Seed    uint64        // of the identifications; it has to be unpredictable
}

// A Sample is what one exchange with a server tells. RFC 5905, 8
type Sample struct {
	Server         netip.Addr
	Offset         time.Duration // what to add to this clock
	Delay          time.Duration // round trip without the server's own time; Offset is right to half of it
	Stratum        int
	RefID          string
	Leap           int
	RootDelay      time.Duration
	RootDispersion time.Duration
	Time           time.Time // the server's time when the answer arrived
}

// try is one query that was sent.
type try struct {
	nonce Timestamp // its transmit timestamp
	sent  time.Time // T1
}

// A Client is one query for the time as a machine: it has no clock, no socket and no lock.
// The host calls Start, then sends what Transmit gives, hands answers to Receive and calls
// Transmit again when Deadline has come, until Done. now is the clock to compare.
type Client struct {
	cfg     ClientConfig
	rng     rand.PCG
	tries   [maxTries]try
	sent    int
	due     time.Time
	done    bool
	sample  Sample
	err     error
	ignored int
}

// Start begins a query. It forgets what the Client did before.
func (c *Client) Start(now time.Time, cfg ClientConfig) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 2 * time.Second
	}
	if cfg.Tries <= 0 {
		cfg.Tries = 3
	}
	cfg.Tries = min(cfg.Tries, maxTries)
	*c = Client{cfg: cfg, due: now}
	c.rng.Seed(cfg.Seed, Port)
}

// Done tells whether the query is over and Result has the answer.
func (c *Client) Done() bool { return c.done }

// Result returns what the server said, or why there is nothing: ErrTimeout, ErrKiss with its
// code, ErrUnsynchronized or ErrInsane.
func (c *Client) Result() (Sample, error) { return c.sample, c.err }

// Deadline returns when Transmit has to be called next; it is zero when the query is over.
func (c *Client) Deadline() time.Time { return c.due }

// Ignored returns how many messages were no answer to the query.
func (c *Client) Ignored() int { return c.ignored }

func (c *Client) finish(err error) error {
	c.done, c.due, c.err = true, time.Time{}, err
	return err
}

// Transmit writes the query that is due at now into dst and returns its length; 0 is nothing
// to send. dst needs HeaderLen bytes, else the query ends with io.ErrShortBuffer.
//
// The query tells nothing of this machine: not even its time. The transmit timestamp is
// random and only names the query: the server copies it, and T1 stays here.
func (c *Client) Transmit(now time.Time, dst []byte) (n int) {
	if c.due.IsZero() || now.Before(c.due) {
		return 0
	}
	if len(dst) < HeaderLen {
		c.finish(io.ErrShortBuffer)
		return 0
	}
	if c.sent == c.cfg.Tries {
		c.finish(fmt.Errorf("%w (%s, %d tries)", ErrTimeout, c.cfg.Server, c.sent))
		return 0
	}
	t := try{nonce: Timestamp(max(c.rng.Uint64(), 1)), sent: now}
	c.tries[c.sent] = t
	c.sent++
	c.due = now.Add(c.cfg.Timeout)
	return len(Header{Version: Version, Mode: ModeClient, Transmit: t.nonce}.Append(dst[:0]))
}

// Receive takes a message that came from the server. What is no answer is ignored, counted
// and named by the error: ErrBogus, or why it can't be read. An answer that says that the
// server is of no use ends the query with that error.
func (c *Client) Receive(now time.Time, msg []byte) error {
	ignore := func(err error) error {
		c.ignored++
		return err
	}
	if c.done {
		return ignore(ErrBogus)
	}
	m, err := Parse(msg)
	if err != nil {
		return ignore(err)
	}
	// RFC 5905, 8: an origin that is not what was sent makes a message bogus. This comes
	// before all else, so that nobody off the path can end the query.
	var t try
	for _, sent := range c.tries[:c.sent] {
		if sent.nonce == m.Origin() {
			t = sent
		}
	}
	if t.sent.IsZero() || m.Mode() != ModeServer {
		return ignore(ErrBogus)
	}
	if err := refuse(m); err != nil {
		return c.finish(fmt.Errorf("%w (%s)", err, c.cfg.Server))
	}

	// RFC 5905, 8: offset = ((T2-T1) + (T3-T4)) / 2, delay = (T4-T1) - (T3-T2). T4 is T1 and
	// what passed since, so that setting the clock in between does no harm.
	elapsed := now.Sub(t.sent)
	t1 := t.sent.Round(0)
	t4 := t1.Add(elapsed)
	t2, t3 := m.Receive().Time(t1), m.Transmit().Time(t1)
	offset := (t2.Sub(t1) + t3.Sub(t4)) / 2
	c.sample = Sample{
		Server: c.cfg.Server, Offset: offset,
		// RFC 5905, 8: a coarse clock can make the delay negative; it is held at the least.
		Delay:   max(elapsed-t3.Sub(t2), 0),
		Stratum: m.Stratum(), RefID: m.RefID().Text(m.Stratum()), Leap: m.Leap(),
		RootDelay: m.RootDelay().Duration(), RootDispersion: m.RootDispersion().Duration(),
		Time: t4.Add(offset),
	}
	return c.finish(nil)
}

// refuse returns why an answer is of no use: the tests of RFC 5905, 8 and RFC 4330, 5.
func refuse(m Message) error {
	switch {
	case m.Stratum() == 0 && m.Leap() == LeapUnsynced && !m.RefID().stops():
		return fmt.Errorf("%w, code %q", ErrUnsynchronized, m.RefID().Code())
	case m.Stratum() == 0:
		return fmt.Errorf("%w %q", ErrKiss, m.RefID().Code())
	case m.Leap() == LeapUnsynced || m.Stratum() >= StratumUnsynced:
		return fmt.Errorf("%w: leap indicator %d, stratum %d", ErrUnsynchronized, m.Leap(), m.Stratum())
	case m.Receive().IsZero() || m.Transmit().IsZero():
		return fmt.Errorf("%w: a timestamp is zero", ErrInsane)
	case m.Transmit()-m.Receive() >= 1<<63:
		return fmt.Errorf("%w: it answers before it was asked", ErrInsane)
	case m.RootDelay().Duration()/2+m.RootDispersion().Duration() >= maxDistance:
		return fmt.Errorf("%w: root distance %v", ErrInsane, m.RootDelay().Duration()/2+m.RootDispersion().Duration())
	}
	return nil
}

// stops tells whether r is a kiss code that asks for fewer queries or none. RFC 5905, 7.4:
// "For kiss codes DENY and RSTR, the client MUST demobilize any associations to that server
// and stop sending packets to that server"; at RATE it has to slow down.
func (r RefID) stops() bool {
	switch string(r[:]) {
	case "DENY", "RSTR", "RATE":
		return true
	}
	return false
}
