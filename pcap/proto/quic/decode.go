package quic

import (
	"bytes"
	"encoding/binary"

	"httptap/stack/field"
)

// tail appends one packet.
func tail(c *field.Context) {
	r, end := field.NewReader(c)
	b := c.Rest()
	id, behind := before(c)
	switch {
	case len(b) == 0:
	case b[0]&0x80 != 0:
		long(&r, end)
	case behind && (b[0]&0x40 == 0 || !bytes.HasPrefix(b[1:], id[:min(len(id), len(b)-1)])):
		c.AddBytes(&padding, len(b))
	default:
		shortPacket(&r, len(id), end)
	}
}

// next: RFC 9000, 12.2, "Coalescing Packets". What Tail left is the next of them.
func next(c *field.Context) field.Next { return field.Next{Again: true} }

// before tells whether the packet follows another in its datagram, and which ID of the destination the
// other has. RFC 9000, 12.2: "Senders MUST NOT coalesce QUIC packets with different connection IDs into a
// single UDP datagram." So bytes that do not begin as a packet with this ID fill the datagram up: 14.1.
func before(c *field.Context) (id []byte, behind bool) {
	for i := len(c.Spans) - 2; i >= 0; i-- { // the last is this packet's root
		c.Cost++
		switch s := &c.Spans[i]; {
		case s.Spec.Kind == field.Layer:
			return id, s.Spec.Name == "quic"
		case s.Spec == &dest:
			id = s.Bytes(c.Frame)
		}
	}
	return nil, false
}

// first appends the two bits that every packet of a known version begins with.
func first(r *field.Reader, form *field.Spec) {
	r.Add(form, 1)
	set := r.Frame[r.Pos()]&0x40 != 0
	if i := r.Add(&fixed, 1); !set {
		r.Fault(i, &faultFixed, 0)
	}
}

// shortPacket appends a packet with a short header, which takes all that is left. RFC 9000, 17.3.1
func shortPacket(r *field.Reader, id, end int) {
	group := r.Open(&short)
	first(r, &shortForm)
	r.Add(&spin, 1)
	r.Add(&shortProtected, 5)
	r.Bytes(&dest, id, end)
	r.Rest(&payload, end)
	r.Close(group)
}

// known tells whether a version's long headers are those of version 1 or 2.
func known(v uint32) bool {
	return v == version1 || v == version2 || v >= draftFirst && v <= draftLast
}

// packetType returns the type of a long header as version 1 numbers it. RFC 9369, 3.2: version 2 has
// 0 for Retry, 1 for Initial, 2 for 0-RTT, 3 for Handshake.
func packetType(v uint32, b byte) int {
	typ := int(b >> 4 & 3)
	if v == version2 {
		return (typ + 3) & 3
	}
	return typ
}

// long appends a packet with a long header.
func long(r *field.Reader, end int) {
	b := r.Context.Rest()
	v, whole := uint32(0), len(b) >= 5
	if whole {
		v = binary.BigEndian.Uint32(b[1:])
	}
	typ := packetType(v, b[0])
	switch {
	case !whole || !known(v) && v != negotiation:
		r.Add(&form, 1)
		r.Add(&specific, 7)
	case v == negotiation:
		r.Add(&form, 1)
		r.Add(&vnUnused, 7)
	default:
		first(r, &form)
		if v == version2 {
			r.Add(&longType2, 2)
		} else {
			r.Add(&longType, 2)
		}
		if typ == typeRetry {
			r.Add(&unused, 4)
		} else {
			r.Add(&protected, 4)
		}
	}
	named := &version
	if !known(v) {
		named = &versionOf
	}
	i, ok := r.Field(named, 32, end)
	if !ok {
		return
	}
	if !known(v) && v != negotiation {
		r.Fault(i, &faultVersion, 0)
	}
	connectionID(r, &destLen, &dest, v, end)
	connectionID(r, &sourceLen, &source, v, end)
	switch {
	case v == negotiation:
		negotiate(r, end)
	case !known(v):
		r.Rest(&payload, end)
	case typ == typeRetry:
		retryPacket(r, end)
	default:
		if typ == typeInitial {
			if at, n, ok := readNumber(r, &tokenLength, end); ok {
				r.Rest(&token, r.Region(at, n, end))
			}
		}
		if at, n, ok := readNumber(r, &length, end); ok {
			stop := r.Region(at, n, end)
			if n < sampled {
				r.Fault(at, &faultSample, 0)
			}
			r.Rest(&payload, stop)
		}
	}
}

// connectionID appends an ID behind its length. RFC 9000, 17.2; other versions may have longer ones:
// RFC 8999, 5.1.
func connectionID(r *field.Reader, size, id *field.Spec, v uint32, end int) {
	i, ok := r.Field(size, 8, end)
	if !ok {
		return
	}
	n := r.Spans[i].Uint(r.Frame)
	stop := r.Region(i, n, end)
	if n > maxID && known(v) {
		r.Fault(i, &faultID, 0)
	}
	r.Rest(id, stop)
}

// negotiate: RFC 8999, 6
func negotiate(r *field.Reader, end int) {
	if end != field.Endless && r.Pos() >= end {
		r.Fault(len(r.Spans)-1, &faultVersions, 0)
	}
	for r.More(end) {
		r.Field(&supported, 32, end)
	}
}

// retryPacket: RFC 9000, 17.2.5
func retryPacket(r *field.Reader, end int) {
	if end == field.Endless { // a quotation: nobody knows where the tag is
		r.Rest(&retry, end)
		return
	}
	n := end - r.Pos()
	if n < tag.Bits/8 {
		r.Rest(&retry, end)
	} else {
		r.Rest(&retry, end-tag.Bits/8)
	}
	if i, ok := r.Field(&tag, tag.Bits, end); ok && n == tag.Bits/8 {
		r.Fault(i, &faultToken, 0)
	}
}

// readNumber appends a number of variable length and returns its span and value. RFC 9000, 16
func readNumber(r *field.Reader, of *[4]field.Spec, end int) (i int, v uint64, ok bool) {
	size, ok := r.Number(&varint, end)
	if !ok {
		return -1, 0, false
	}
	s := &of[size]
	if i, ok = r.Field(s, s.Bits, end); !ok {
		return -1, 0, false
	}
	return i, r.Spans[i].Uint(r.Frame), true
}

// IsLong tells whether b begins as a packet with a long header of a known version, or as a version
// negotiation, with lengths that fit.
func IsLong(b []byte) bool {
	if len(b) < 7 || b[0]&0x80 == 0 {
		return false
	}
	v, first := binary.BigEndian.Uint32(b[1:]), b[0]
	b = b[5:]
	for range 2 { // the IDs
		if len(b) == 0 || b[0] > maxID || len(b) < 1+int(b[0]) {
			return false
		}
		b = b[1+b[0]:]
	}
	switch {
	case v == negotiation:
		return len(b) > 0 && len(b)%4 == 0
	case !known(v) || first&0x40 == 0:
		return false
	}
	typ := packetType(v, first)
	if typ == typeRetry {
		return len(b) > tag.Bits/8
	}
	if typ == typeInitial {
		n, rest, ok := cutNumber(b)
		if !ok || n > uint64(len(rest)) {
			return false
		}
		b = rest[n:]
	}
	n, rest, ok := cutNumber(b)
	return ok && n >= sampled && n <= uint64(len(rest))
}

// cutNumber returns the number that b begins with and what follows it. RFC 9000, 16
func cutNumber(b []byte) (n uint64, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1<<(b[0]>>6) {
		return 0, nil, false
	}
	size := 1 << (b[0] >> 6)
	n = uint64(b[0] & 0x3f)
	for _, v := range b[1:size] {
		n = n<<8 | uint64(v)
	}
	return n, b[size:], true
}
