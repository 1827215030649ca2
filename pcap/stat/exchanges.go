package stat

import (
	"time"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
)

// MaxExchanges bounds how many are kept.
const MaxExchanges = 1 << 18

// An Exchange is a request and its response.
type Exchange struct {
	Layer             string        // the protocol
	Request, Response uint64        // numbers of frames
	At                time.Duration // of the response, since the first frame
	Took              time.Duration
	What              string // what the response says: its column Info
}

// Exchanges are the requests that were answered. Frames have to come from a session.
type Exchanges struct {
	list    []Exchange
	Beyond  uint64
	summary pcap.Summary
	buf     []byte
}

// Add looks at a frame's facts.
func (e *Exchanges) Add(m *pcap.Meta, frame []byte, spans []field.Span) {
	for i := range m.Facts {
		f := &m.Facts[i]
		for _, x := range fact.Exchanges {
			if f.Spec != &x.ResponseTo {
				continue
			}
			if len(e.list) == MaxExchanges {
				e.Beyond++
				continue
			}
			e.buf = e.summary.AppendColumn(e.buf[:0], pcap.ColInfo, m, frame, spans)
			e.list = append(e.list, Exchange{Layer: x.Time.Layer, Request: f.N, Response: m.Number, At: m.Relative, Took: took(m.Facts, &x.Time), What: string(e.buf)})
		}
	}
}

// took returns how long a response took.
func took(facts []fact.Fact, spec *fact.Spec) time.Duration {
	for i := range facts {
		if f := &facts[i]; f.Spec == spec {
			if spec.Type == fact.Float { // in milliseconds
				return time.Duration(f.Float() * float64(time.Millisecond))
			}
			return time.Duration(f.Elapsed())
		}
	}
	return 0
}

// List returns the exchanges, in the order of their responses.
func (e *Exchanges) List() []Exchange { return e.list }
