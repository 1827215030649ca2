package filter

import (
	"time"

	"httptap/stack/field"
)

// A derivation is how a field is computed that is more than the bits of its span.
type derivation uint8

const (
	deriveNone          derivation = iota
	deriveLayer                    // a protocol's bytes, header and payload
	derivePayload                  // behind the header
	derivePayloadLen               //
	deriveSpanLen                  // the span's length in bytes
	deriveTrue                     // the span is there
	deriveDecimal                  // the number that its text is
	deriveFaults                   // any fault
	deriveFaultText                // what the faults say
	deriveFaultName                // what they are called: "checksum.bad"
	deriveFaultSeverity            //
	deriveMalformed                // a fault that says that what follows can't be trusted
	deriveFact                     // carried by Packet.Facts
	deriveFrame                    // those below are of the frame
	deriveFrameLen                 //
	deriveFrameCapLen              //
	deriveNumber                   //
	deriveTime                     //
	deriveEpoch                    //
	deriveRelative                 //
	deriveInterface                //
	deriveComment                  //
	deriveProtocols                //
)

// derived are the fields that no Spec stands for.
var derived = []struct {
	name, label string
	typ         Type
	bits        int
	how         derivation
	of          string // the fields whose spans it is computed from
}{
	{"frame", "Frame", Protocol, 0, deriveFrame, ""},
	{"frame.len", "Frame length on the wire", Uint, 32, deriveFrameLen, ""},
	{"frame.cap_len", "Frame length stored into the capture file", Uint, 32, deriveFrameCapLen, ""},
	{"frame.number", "Frame Number", Uint, 32, deriveNumber, ""},
	{"frame.time", "Arrival Time", Time, 0, deriveTime, ""},
	{"frame.time_epoch", "Epoch Time", Duration, 0, deriveEpoch, ""},
	{"frame.time_relative", "Time since the first frame", Duration, 0, deriveRelative, ""},
	{"frame.interface_name", "Interface name", String, 0, deriveInterface, ""},
	{"frame.comment", "Comment", String, 0, deriveComment, ""},
	{"frame.protocols", "Protocols in frame", String, 0, deriveProtocols, ""},
	{"tcp.payload", "TCP payload", Bytes, 0, derivePayload, "tcp"},
	{"tcp.len", "TCP Segment Len", Uint, 32, derivePayloadLen, "tcp"},
	{"udp.payload", "Payload", Bytes, 0, derivePayload, "udp udplite"},
	{"data.len", "Length", Uint, 32, deriveSpanLen, "data"},
	{"http.request", "Request", Bool, 1, deriveTrue, "http.request.first"},
	{"http.response", "Response", Bool, 1, deriveTrue, "http.response.first"},
	{"http.response.code", "Status Code", Uint, 16, deriveDecimal, "http.response.code"},
	{"http.content_length", "Content length", Uint, 64, deriveDecimal, "http.content_length_header"},
	{"http.chunk_size", "Chunk size", Uint, 32, deriveDecimal, "http.chunk_size"},
	{"_ws.expert", "Expert Info", Label, 0, deriveFaults, ""},
	{"_ws.expert.message", "Message", String, 0, deriveFaultText, ""},
	{"_ws.expert.name", "Name", String, 0, deriveFaultName, ""},
	{"_ws.expert.severity", "Severity level", String, 0, deriveFaultSeverity, ""},
	{"_ws.malformed", "Malformed Packet", Label, 0, deriveMalformed, ""},
}

// once tells whether a derived field has at most one value, which no span has.
func (d derivation) once() bool { return d >= deriveFrame && d != deriveComment }

// wire returns the frame's length on the wire.
func (p *Packet) wire() int { return max(p.Wire, len(p.own())) }

// frameValue returns the value of a field of the frame itself.
func (p *Packet) frameValue(d derivation) (value, bool) {
	switch d {
	case deriveFrame:
		return value{typ: Protocol, b: p.own(), n: uint64(len(p.own()))}, true
	case deriveFrameLen:
		return number(p.wire()), true
	case deriveFrameCapLen:
		return number(len(p.own())), true
	case deriveNumber:
		return value{typ: Uint, n: p.Number}, p.Number > 0
	case deriveTime:
		return value{typ: Time, n: uint64(p.Time.UnixNano())}, !p.Time.IsZero()
	case deriveEpoch:
		return value{typ: Duration, n: uint64(p.Time.UnixNano())}, !p.Time.IsZero()
	case deriveRelative:
		return value{typ: Duration, n: uint64(p.Relative)}, !p.Time.IsZero()
	case deriveInterface:
		return p.text(p.Interface), p.Interface != ""
	case deriveProtocols:
		start := len(p.buf)
		for i := range p.Spans {
			s := &p.Spans[i]
			if s.Depth > 0 || s.Spec.Kind != field.Layer && s.Spec != &field.Data {
				continue
			}
			if len(p.buf) > start {
				p.buf = append(p.buf, ':')
			}
			p.buf = append(p.buf, s.Spec.Name...)
		}
		return value{typ: String, b: p.buf[start:]}, true
	}
	return value{}, false
}

func number(n int) value { return value{typ: Uint, n: uint64(max(n, 0))} }

// text returns a copy of s, which has no bytes that a value could share.
func (p *Packet) text(s string) value {
	start := len(p.buf)
	p.buf = append(p.buf, s...)
	return value{typ: String, b: p.buf[start:]}
}

// derivedValue returns the value that a derivation finds at span i.
func (p *Packet) derivedValue(d derivation, i int) (value, bool) {
	s := &p.Spans[i]
	switch d {
	case deriveLayer:
		// A slice takes from all of it; len says the header's length, as Wireshark does.
		return value{typ: Protocol, b: p.Frame[s.Bit/8 : max(p.layerEnd(i), s.End()/8)], n: uint64(s.Len / 8)}, true
	case derivePayload:
		b := p.Frame[s.End()/8 : max(p.layerEnd(i), s.End()/8)]
		return value{typ: Bytes, b: b}, len(b) > 0
	case derivePayloadLen:
		n := p.layerEnd(i) - s.End()/8
		if first, end := p.region(i); first == 0 && p.trailer(first, end.spans) == end.spans {
			n += p.wire() - len(p.own()) // cut by a snaplen: what was on the wire counts
		}
		return number(n), true
	case deriveSpanLen:
		return number(int(s.Len) / 8), true
	case deriveDecimal:
		text := s.Bytes(p.Frame)
		if s.Spec.Kind == field.Custom {
			text = p.formatted(s, new(cursor), i).b
		}
		n, ok := decimal(text)
		return value{typ: Uint, n: n}, ok
	case deriveTrue:
		return value{typ: Bool, n: 1}, true
	case deriveFaults:
		return value{}, s.Err != nil
	case deriveMalformed:
		return value{}, s.Err != nil && isMalformed(s.Err)
	}
	if s.Err == nil {
		return value{}, false
	}
	switch d {
	case deriveFaultText:
		return p.text(s.Err.Label), true
	case deriveFaultName:
		return p.text(s.Err.Name), true
	case deriveFaultSeverity:
		return p.text(severities[s.Err.Severity]), true
	}
	return value{}, false
}

// severities are Wireshark's words.
var severities = map[field.Severity]string{field.Note: "Note", field.Warn: "Warning", field.Error: "Error"}

func isMalformed(f *field.Fault) bool {
	return f == field.Truncated || f == field.Overrun || f == field.TooShort || f == field.TooDeep
}

// layerEnd returns the byte behind the last that belongs to the layer whose root is span i: its
// header and all that it carries, without what the layers around it have behind it.
func (p *Packet) layerEnd(i int) int {
	first, of := p.region(i)
	if i == first {
		return of.bytes
	}
	end := p.trailer(first, of.spans)
	if end == of.spans {
		return of.bytes
	}
	return int(p.Spans[end].Bit / 8)
}

// trailer returns the index of the first of spans [first, end) that lies behind all that the innermost layer
// has, end when there is none.
func (p *Packet) trailer(first, end int) int {
	for i := end - 1; i >= first; i-- {
		s := &p.Spans[i]
		if s.Depth > 0 {
			continue
		}
		if s.Spec.Kind == field.Layer {
			break
		}
		if s.Spec != &field.Data {
			end = i
		}
	}
	return end
}

// decimal returns the number that b is in digits.
func decimal(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > (1<<64-10)/10 {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, len(b) > 0
}

// ntpTime returns an NTP timestamp in nanoseconds since 1970, and false for zero, which means
// unknown. RFC 5905, 6 and RFC 4330, 3: without the highest bit it is of era 1.
func ntpTime(v uint64) (int64, bool) {
	const to1970 = 2208988800
	sec := int64(v>>32) - to1970
	if v>>63 == 0 {
		sec += 1 << 32
	}
	return sec*int64(time.Second) + int64((v&0xffffffff)*1e9>>32), v != 0
}
