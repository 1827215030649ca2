package filter

import (
	"httptap/pcap/fact"
	"httptap/stack/field"
)

// AddMessages makes the fields of messages that the packet completes the packet's, behind its own: so that
// "ip.src == 192.0.2.1 and http.response" wants the frame that brings the end of the response. It is to be
// called anew for each packet, behind Frame and Spans.
func (p *Packet) AddMessages(messages []fact.Message) {
	p.captured, p.ends = len(p.Frame), p.ends[:0]
	if len(messages) == 0 {
		return
	}
	p.bytes = append(p.bytes[:0], p.Frame...)
	p.spans = append(p.spans[:0], p.Spans...)
	p.ends = append(p.ends, region{len(p.spans), len(p.bytes)})
	for i := range messages {
		m := &messages[i]
		if len(p.bytes)+len(m.Data) > maxWhole {
			break
		}
		by := int32(8 * len(p.bytes))
		p.bytes = append(p.bytes, m.Data...)
		for _, s := range m.Spans {
			s.Bit += by
			p.spans = append(p.spans, s)
		}
		if len(m.Spans) == 0 && len(m.Data) > 0 {
			p.spans = append(p.spans, field.Span{Spec: &field.Data, Bit: by, Len: int32(8 * len(m.Data))})
		}
		p.ends = append(p.ends, region{len(p.spans), len(p.bytes)})
	}
	p.Wire = max(p.Wire, p.captured)
	p.Frame, p.Spans = p.bytes, p.spans
}

// A region is where the spans and the bytes of the frame, or of a message, end.
type region struct{ spans, bytes int }

// region returns which spans and bytes belong to what span i is of.
func (p *Packet) region(i int) (first int, end region) {
	for _, r := range p.ends {
		if i < r.spans {
			return first, r
		}
		first = r.spans
	}
	return first, region{len(p.Spans), len(p.Frame)}
}

// maxWhole is how many bytes of a packet and its messages are looked at: places of bits are 32 bits.
const maxWhole = 1 << 26
