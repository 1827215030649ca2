package tls

import (
	"encoding/binary"

	"httptap/stack/field"
)

// A decoder turns the records of one segment or datagram into spans.
type decoder struct {
	field.Reader
	f        *table
	datagram bool
	record   uint16   // the version of the record that is being read
	chosen   uint16   // the version that a ServerHello of this layer chose, 0 without one
	exchange exchange // of the suite that it chose
	sealed   bool     // a ChangeCipherSpec was seen: what follows in this layer is encrypted
}

// Content types. RFC 8446, B.1
const (
	typeCCS       = 20
	typeAlert     = 21
	typeHandshake = 22
	typeAppData   = 23
	typeHeartbeat = 24
	typeCID       = 25
)

const version13 = 0x0304

// maxRecord is the most that a record may carry: RFC 5246, 6.2.3, "The length MUST NOT exceed 2^14 +
// 2048".
const maxRecord = 1<<14 + 2048

func tail(c *field.Context) {
	d := decoder{f: &stream}
	d.Reader, _ = field.NewReader(c)
	if d.Lacking == field.Truncated {
		d.Lacking = &faultSegment
	}
	for first := true; d.More(c.Limit); first = false {
		if !isRecord(c.Rest()) {
			i := c.AddBytes(&d.f[fContinuation], len(c.Rest()))
			if !first {
				c.Fault(i, &faultUnknown, 0)
			}
			return
		}
		d.streamRecord()
	}
}

// isRecord tells whether b begins as a record, as far as it goes. RFC 8446, 5.1
func isRecord(b []byte) bool {
	return b[0] >= typeCCS && b[0] <= typeHeartbeat &&
		(len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 4)
}

// header is how many bytes a record of a stream has before its content.
const header = 5

// IsStream tells whether b is TLS: records one behind the other, of which the last may go on in
// another segment. Of the first there has to be more than its header.
func IsStream(b []byte) bool {
	for first := true; ; first = false {
		if len(b) <= header {
			return !first && (len(b) == 0 || isRecord(b))
		}
		n := int(binary.BigEndian.Uint16(b[3:]))
		if !isRecord(b) || n > maxRecord || n == 0 && b[0] != typeAppData || b[0] == typeCCS && n != 1 {
			return false
		}
		b = b[min(header+n, len(b)):]
	}
}

func (d *decoder) streamRecord() {
	group := d.Open(&d.f[fRecord])
	typ := d.Frame[d.Pos()]
	if d.chosen == version13 && typ == typeAppData {
		d.Add(&d.f[fOpaqueType], 8)
	} else {
		d.Add(&d.f[fContentType], 8)
	}
	if v, ok := d.Number(&d.f[fRecordVersion], field.Endless); ok {
		d.record = uint16(v)
		i, ok := d.Field(&d.f[fRecordLength], 16, field.Endless)
		if ok {
			n := int(d.Spans[i].Uint(d.Frame))
			end := d.Pos() + n
			switch {
			case n > maxRecord || n == 0 && typ != typeAppData:
				d.Fault(i, &faultRecord, 0)
			case end > d.Limit && d.Lacking == &faultSegment:
				d.Fault(i, &faultSegment, 0)
			}
			d.content(typ, n, end)
		}
	}
	d.Close(group)
}

// version returns the version in force: the chosen one, else that of the record.
func (d *decoder) version() uint16 {
	if d.chosen != 0 {
		return d.chosen
	}
	return d.record
}

// since12 tells whether the version in force names signature algorithms. RFC 5246, 1.2
func (d *decoder) since12() bool {
	switch v := d.version(); v {
	case 0x0303, version13, 0xfefd, 0xfefc:
		return true
	default:
		return v>>8 == 0x7f
	}
}

// is13 tells whether the version in force is TLS 1.3.
func (d *decoder) is13() bool { return d.chosen == version13 || d.chosen == 0xfefc }

// content appends the n bytes of a record that ends at end.
func (d *decoder) content(typ byte, n, end int) {
	switch {
	case n == 0:
	case typ == typeCCS:
		d.sealed = true
		at := d.Pos()
		if d.Bytes(&d.f[fCCS], n, end) && (n != 1 || d.Frame[at] != 1) {
			d.Fault(len(d.Spans)-1, &faultSpec, 0)
		}
	case typ == typeAlert && n == 2 && !d.sealed:
		group := d.Open(&d.f[fAlert])
		at := len(d.Spans)
		if level, ok := d.Number(&d.f[fAlertLevel], end); ok && level != 1 && level != 2 {
			d.Fault(at, &faultLevel, 0)
		}
		d.Field(&d.f[fAlertDesc], 8, end)
		d.Close(group)
	case typ == typeAlert:
		d.Bytes(&d.f[fAlertOpaque], n, end)
	case typ == typeHandshake:
		d.handshakes(n, end)
	case typ == typeAppData:
		d.Bytes(&d.f[fAppData], n, end)
	case typ == typeHeartbeat:
		d.heartbeat(n, end)
	default:
		d.Bytes(&d.f[fUnknownRecord], n, end)
	}
}

// heartbeat appends a message of RFC 6520, 4. One whose payload is longer than itself is what made
// the "Heartbleed" bug of 2014: "If the payload_length of a received HeartbeatMessage is too large,
// the received HeartbeatMessage MUST be discarded silently."
func (d *decoder) heartbeat(n, end int) {
	b := d.Frame[d.Pos():min(end, d.Limit)]
	if d.sealed || len(b) > 0 && b[0] != 1 && b[0] != 2 {
		d.Bytes(&d.f[fHeartbeatOpaque], n, end)
		return
	}
	group := d.Open(&d.f[fHeartbeat])
	if _, ok := d.Number(&d.f[fHeartbeatType], end); ok {
		i, ok := d.Field(&d.f[fHeartbeatLength], 16, end)
		if ok {
			size := int(d.Spans[i].Uint(d.Frame))
			if size > end-d.Pos() {
				d.Fault(i, &faultHeart, 0)
				size = end - d.Pos()
			}
			d.Bytes(&d.f[fHeartbeatPayload], size, end)
			d.Rest(&d.f[fHeartbeatPadding], end)
		}
	}
	d.Close(group)
}

// handshakes appends the messages of a record.
func (d *decoder) handshakes(n, end int) {
	b := d.Frame[d.Pos():min(end, d.Limit)]
	if d.sealed && !isSecondHello(b, n) || d.datagram && len(b) > 0 && handshakeTypes[uint64(b[0])] == "" || !d.datagram && !isHandshake(b, n) {
		d.Bytes(&d.f[fHandshakeOpaque], n, end)
		return
	}
	for d.More(end) {
		d.message(end)
	}
}

// isSecondHello tells whether b is a ClientHello that fills its record of n bytes. A client that was
// asked to retry sends one in clear behind a ChangeCipherSpec: RFC 8446, D.4.
func isSecondHello(b []byte, n int) bool {
	return len(b) >= 4 && b[0] == typeClientHello && 4+int(b[1])<<16+int(binary.BigEndian.Uint16(b[2:])) == n
}

// isHandshake tells whether a record of n bytes, of which b are there, begins with a message in
// clear. One that is encrypted begins with any bytes, often with a counter.
func isHandshake(b []byte, n int) bool {
	if len(b) == 0 {
		return true
	}
	if handshakeTypes[uint64(b[0])] == "" || b[0] == typeHelloRequest && n != 4 {
		return false
	}
	if len(b) < 4 {
		return n >= 4
	}
	size := 4 + int(b[1])<<16 + int(binary.BigEndian.Uint16(b[2:]))
	if size <= n {
		return true
	}
	// RFC 8446, 5.1: a message may be spread over several records.
	begins := b[0] == typeClientHello || b[0] == typeServerHello || b[0] == typeCertificate
	return size < 1<<16 && (begins || n >= 1024)
}

// message appends one handshake message of a record that ends at end.
func (d *decoder) message(end int) {
	group := d.Open(&d.f[fHandshake])
	typ, _ := d.Number(&d.f[fHandshakeType], end)
	i, ok := d.Field(&d.f[fHandshakeLength], 24, end)
	if ok && d.datagram {
		d.fragment(byte(typ), i, end)
	} else if ok {
		stop := d.Pos() + int(d.Spans[i].Uint(d.Frame))
		if stop <= end {
			d.body(byte(typ), stop)
		} else {
			d.Fault(i, &faultSpread, 0)
			d.part(byte(typ), stop, end)
		}
	}
	d.Close(group)
}

// fragment appends what follows the length, span i, of a message of DTLS, which may be spread over
// datagrams. RFC 6347, 4.2.3
func (d *decoder) fragment(typ byte, i, end int) {
	size := int(d.Spans[i].Uint(d.Frame))
	d.Number(&d.f[fMessageSeq], end)
	offset, _ := d.Number(&d.f[fFragmentOffset], end)
	at, ok := d.Field(&d.f[fFragmentLength], 24, end)
	if !ok {
		return
	}
	n := int(d.Spans[at].Uint(d.Frame))
	if int(offset)+n > size {
		d.Fault(at, &faultPiece, 0)
	}
	stop := d.Region(at, uint64(n), end)
	if offset == 0 && n >= size {
		d.body(typ, stop)
	} else {
		d.Rest(&d.f[fFragment], stop)
	}
}

// part appends the beginning of a message that the record's end cuts.
func (d *decoder) part(typ byte, stop, end int) {
	if end >= d.Limit {
		d.body(typ, stop)
		return
	}
	around, limit := d.Reader, d.Limit
	d.Reader, d.Limit = field.Reader{Context: d.Context, Lacking: &faultSpread}, end
	d.body(typ, stop)
	d.Reader, d.Limit = around, limit
}

var faultUnknown = field.Fault{Name: "tls.ignored_unknown_record", Label: "this is not a record", Severity: field.Warn}
