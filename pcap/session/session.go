package session

import (
	"time"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
)

// Config bounds what a Session holds. The zero Config has the limits that stand there.
type Config struct {
	Streams     int // conversations of TCP, and as many of UDP; 0: 16384
	StreamBytes int // held of one flow for its messages; 0: 1 MiB, at most an eighth of Bytes
	Bytes       int // held of all flows and fragments; 0: 64 MiB, at least 1 MiB
	Datagrams   int // incomplete ones; 0: 256
	Requests    int // that have no response yet; 0: 16384

	// Follow is called for the bytes of each flow in their order, while Add runs. Nil: nobody
	// follows. What it is given is valid until it returns.
	Follow func(Chunk)
}

// Limits that nobody has to change.
const (
	historyBytes = 16 << 10 // of a flow behind its messages, so that copies can be compared
	maxPieces    = 4096     // that a flow's held bytes are made of
	maxHoles     = 256      // between them
	maxMessages  = 64       // decoded of one frame
	maxNesting   = 4        // reassembled datagrams within each other
	minBytes     = 1 << 20
)

func (c Config) withDefaults() Config {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&c.Streams, 16384)
	def(&c.StreamBytes, 1<<20)
	def(&c.Bytes, 64<<20)
	def(&c.Datagrams, 256)
	def(&c.Requests, 16384)
	c.Bytes = max(c.Bytes, minBytes)
	c.StreamBytes = min(max(c.StreamBytes, 2*historyBytes), c.Bytes/8)
	return c
}

// A Frame is what the Session is fed.
type Frame struct {
	Number uint64
	Time   time.Time // when it was captured
	Data   []byte    // the captured bytes
	Wire   int       // the length on the wire, when that is more
	Spans  []field.Span
}

// A Result is what a frame made known. It is valid until the next Add.
type Result struct {
	Facts    []fact.Fact // of this frame and of its messages
	Earlier  []Earlier   // of frames before it
	Messages []Message   // that it completes, outermost first
}

// An Earlier is a fact about an earlier frame. Its Layer is -1.
type Earlier struct {
	Frame uint64
	fact.Fact
}

// A Message is what was put together, as package fact has it.
type Message = fact.Message

// A Part is bytes of a message and where they came from.
type Part = fact.Part

// Stats counts what happened. Nothing that was left out is uncounted.
type Stats struct {
	Frames     uint64
	TCPStreams uint64 // begun
	UDPStreams uint64
	Messages   uint64 // reassembled
	Datagrams  uint64 // of these, from fragments

	EvictedStreams   uint64 // had to make room
	EvictedDatagrams uint64 // incomplete
	EvictedRequests  uint64 // without a response
	ExpiredDatagrams uint64 // incomplete for too long

	Cut       uint64 // messages shown in part
	Unshown   uint64 // messages beyond the 64 that are decoded of one frame
	Gaps      uint64 // in flows
	GapBytes  uint64
	Conflicts uint64 // segments and fragments that contradict what came before
	Malformed uint64 // fragments that can't be
	TooFar    uint64 // segments further ahead than StreamBytes
	Unchecked uint64 // segments that came again when the first copy was held no more

	Held int // bytes now
}

// A Session knows what came before. Use New.
type Session struct {
	cfg    Config
	number uint64 // of the frame being added
	now    int64  // its time in nanoseconds since 1970
	last   int64  // of the one before
	any    bool   // there was one before
	result Result
	parts  []Part // of the result's messages
	came   []arrival
	stats  Stats

	tcp, udp  streams
	datagrams datagrams
	requests  requests
	decoders  []*pcap.Decoder // one a message, as each has spans of its own
}

// New returns a Session that knows nothing yet.
func New(c Config) *Session {
	s := &Session{cfg: c.withDefaults()}
	s.tcp.open, s.udp.open = map[streamKey]*stream{}, map[streamKey]*stream{}
	s.datagrams.open = map[fragmentKey]*datagram{}
	s.requests = requests{limit: s.cfg.Requests, slots: map[exchangeKey]int{}}
	return s
}

// Stats returns the counters.
func (s *Session) Stats() Stats { return s.stats }

// Add takes the next frame of the capture.
func (s *Session) Add(f *Frame) *Result {
	s.begin(f.Number)
	s.stats.Frames++
	s.now = 0
	if !f.Time.IsZero() {
		s.now = f.Time.UnixNano()
	}
	delta := int64(0)
	if s.any {
		delta = s.now - s.last
	}
	s.any, s.last = true, s.now
	s.add(fact.Fact{Spec: &fact.TimeDelta, N: uint64(delta), Message: -1, Layer: -1})
	evicted := s.stats.EvictedStreams
	s.scan(&scope{data: f.Data, wire: max(f.Wire, len(f.Data)), spans: f.Spans, message: -1})
	s.enforce()
	if n := s.stats.EvictedStreams - evicted; n > 0 {
		s.add(fact.Fact{Spec: &fact.Evicted, N: n, Message: -1, Layer: -1})
	}
	return &s.result
}

// Close says that the capture ends here: what waits for bytes that never came is handed over and
// shown with its gaps. The Session knows nothing afterwards but its Stats.
func (s *Session) Close() *Result {
	s.begin(s.number)
	for st := s.tcp.oldest; st != nil; st = s.tcp.oldest {
		s.finish(st)
		s.remove(st)
	}
	for st := s.udp.oldest; st != nil; st = s.udp.oldest {
		s.remove(st)
	}
	for len(s.datagrams.byAge) > 0 {
		s.stats.EvictedDatagrams++
		s.forget(s.datagrams.byAge[0])
	}
	return &s.result
}

func (s *Session) begin(number uint64) {
	s.number = number
	s.result.Facts, s.result.Earlier, s.result.Messages = s.result.Facts[:0], s.result.Earlier[:0], s.result.Messages[:0]
	s.parts = s.parts[:0]
	s.tcp.round++
}

func (s *Session) add(f fact.Fact) { s.result.Facts = append(s.result.Facts, f) }

// earlier notes a fact about a frame before this one.
func (s *Session) earlier(frame uint64, spec *fact.Spec, n uint64) {
	s.result.Earlier = append(s.result.Earlier, Earlier{frame, fact.Fact{Spec: spec, N: n, Message: -1, Layer: -1}})
}

// show decodes a reassembled message and appends it. It returns its index, or -1 when there are too
// many of this frame.
func (s *Session) show(m Message) int32 {
	s.stats.Messages++
	n := len(s.result.Messages)
	if n == maxMessages {
		s.stats.Unshown++
		return -1
	}
	if n == len(s.decoders) {
		s.decoders = append(s.decoders, new(pcap.Decoder))
	}
	m.Wire = max(m.Wire, len(m.Data))
	if m.Layout != nil {
		m.Spans = s.decoders[n].DecodeAs(m.Layout, m.Data, m.Wire)
	}
	s.result.Messages = append(s.result.Messages, m)
	return int32(n)
}
