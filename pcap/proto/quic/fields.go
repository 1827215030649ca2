package quic

import (
	"fmt"

	"httptap/stack/field"
)

// Port is UDP's for HTTP/3. RFC 9114, 3.3
const Port = 443

// Layout is the field table of one packet.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "quic", Label: "QUIC", Kind: field.Layer, Ref: "RFC 9000, 17"},
	Title: "QUIC [RFC9000]",
	Tail:  tail,
	More:  more,
	Next:  next,
	Guess: IsLong,
}

// The versions that are decoded.
const (
	version1    = 1          // RFC 9000, 15
	version2    = 0x6b3343cf // RFC 9369, 3.1
	draftFirst  = 0xff00001b // draft-ietf-quic-transport-27
	draftLast   = 0xff000022 // and -34
	negotiation = 0          // RFC 8999, 6
)

var versions = func() field.Values {
	v := field.Values{negotiation: "Version Negotiation", version1: "1", version2: "2"}
	for n := uint64(draftFirst); n <= draftLast; n++ {
		v[n] = fmt.Sprintf("draft-%d", n&0xff)
	}
	return v
}()

// The types of version 1. RFC 9000, 17.2
const (
	typeInitial = iota
	typeZeroRTT
	typeHandshake
	typeRetry
)

// maxID is how long a connection ID may be. RFC 9000, 17.2: "In QUIC version 1, this value MUST NOT
// exceed 20 bytes."
const maxID = 20

// sampled is the least that a protected packet has behind its length: up to four bytes of a number, and
// the sample of 16 bytes behind them. RFC 9001, 5.4.2: "An endpoint MUST discard packets that are not long
// enough to contain a complete sample."
const sampled = 4 + 16

var (
	form      = field.Spec{Name: "quic.header_form", Label: "Header Form", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Short Header", 1: "Long Header"}, Ref: "RFC 8999, 5"}
	fixed     = field.Spec{Name: "quic.fixed_bit", Label: "Fixed Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 9000, 17.2"}
	longType  = field.Spec{Name: "quic.long.packet_type", Label: "Packet Type", Bits: 2, Kind: field.Uint, Class: field.Operation, Values: field.Values{typeInitial: "Initial", typeZeroRTT: "0-RTT", typeHandshake: "Handshake", typeRetry: "Retry"}, Ref: "RFC 9000, 17.2"}
	longType2 = field.Spec{Name: "quic.long.packet_type_v2", Label: "Packet Type", Bits: 2, Kind: field.Uint, Class: field.Operation, Values: field.Values{0: "Retry", 1: "Initial", 2: "0-RTT", 3: "Handshake"}, Ref: "RFC 9369, 3.2"}
	protected = field.Spec{Name: "quic.long.protected", Label: "Reserved, Packet Number Length (protected)", Bits: 4, Kind: field.Hex, Ref: "RFC 9001, 5.4.1"}
	unused    = field.Spec{Name: "quic.retry.unused", Label: "Unused", Bits: 4, Kind: field.Hex, Ref: "RFC 9000, 17.2.5"}
	vnUnused  = field.Spec{Name: "quic.vn.unused", Label: "Unused", Bits: 7, Kind: field.Hex, Ref: "RFC 9000, 17.2.1"}
	specific  = field.Spec{Name: "quic.long.version_specific", Label: "Version-Specific Bits", Bits: 7, Kind: field.Hex, Ref: "RFC 8999, 5.1"}
	version   = field.Spec{Name: "quic.version", Label: "Version", Bits: 32, Kind: field.Hex, Values: versions, Ref: "RFC 8999, 5.1"}
	versionOf = field.Spec{Name: "quic.version", Label: "Version", Bits: 32, Kind: field.Hex, Class: field.Operation, Values: versions, Ref: "RFC 8999, 5.1"} // where it says more than the type, which is not there
	destLen   = field.Spec{Name: "quic.dcil", Label: "Destination Connection ID Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8999, 5.1"}
	dest      = field.Spec{Name: "quic.dcid", Label: "Destination Connection ID", Kind: field.Bytes, Class: field.Address, Ref: "RFC 8999, 5.1"}
	sourceLen = field.Spec{Name: "quic.scil", Label: "Source Connection ID Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8999, 5.1"}
	source    = field.Spec{Name: "quic.scid", Label: "Source Connection ID", Kind: field.Bytes, Class: field.Address, Ref: "RFC 8999, 5.1"}
	varint    = field.Spec{Name: "quic.varint", Label: "Size of the number", Bits: 2, Kind: field.Uint, Values: field.Values{0: "1 byte", 1: "2 bytes", 2: "4 bytes", 3: "8 bytes"}, Ref: "RFC 9000, 16"}
	token     = field.Spec{Name: "quic.token", Label: "Token", Kind: field.Bytes, Ref: "RFC 9000, 17.2.2"}
	supported = field.Spec{Name: "quic.supported_version", Label: "Supported Version", Bits: 32, Kind: field.Hex, Class: field.Operation, Values: versions, Ref: "RFC 8999, 6"}
	retry     = field.Spec{Name: "quic.retry_token", Label: "Retry Token", Kind: field.Bytes, Ref: "RFC 9000, 17.2.5"}
	tag       = field.Spec{Name: "quic.retry_integrity_tag", Label: "Retry Integrity Tag", Bits: 128, Kind: field.Bytes, Ref: "RFC 9001, 5.8"}
	payload   = field.Spec{Name: "quic.remaining_payload", Label: "Protected Packet Number and Payload", Kind: field.Payload, Ref: "RFC 9001, 5"}
	padding   = field.Spec{Name: "quic.coalesced_padding_data", Label: "Padding behind the packets", Kind: field.Padding, Ref: "RFC 9000, 14.1"}

	shortForm      = field.Spec{Name: form.Name, Label: form.Label, Bits: 1, Kind: field.Uint, Class: field.Operation, Values: form.Values, Ref: form.Ref} // the type of a packet without one
	short          = field.Spec{Name: "quic.short", Label: "Short Header", Kind: field.Group, Ref: "RFC 9000, 17.3.1"}
	spin           = field.Spec{Name: "quic.spin_bit", Label: "Spin Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 9000, 17.4"}
	shortProtected = field.Spec{Name: "quic.short.protected", Label: "Reserved, Key Phase, Packet Number Length (protected)", Bits: 5, Kind: field.Hex, Ref: "RFC 9001, 5.4.1"}
)

// tokenLength and length are the widths of one number each: without the two bits that say its size.
var (
	tokenLength = number("quic.token_length", "Token Length", "RFC 9000, 17.2.2")
	length      = number("quic.length", "Length", "RFC 9000, 17.2")
)

func number(name, label, ref string) (of [4]field.Spec) {
	for i := range of {
		of[i] = field.Spec{Name: name, Label: label, Bits: 8<<i - 2, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: ref}
	}
	return of
}

// What can be wrong, besides what any layer can have.
var (
	faultFixed    = field.Fault{Name: "quic.fixed_bit.zero", Label: "this bit is 1 in every packet, unless the peers agreed otherwise (RFC 9287)", Severity: field.Warn}
	faultID       = field.Fault{Name: "quic.connection_id.length", Label: "a connection ID has 20 bytes at most", Severity: field.Warn}
	faultVersion  = field.Fault{Name: "quic.version.unknown", Label: "nobody here knows what this version has behind the connection IDs", Severity: field.Note}
	faultSample   = field.Fault{Name: "quic.length.short", Label: "less than the 20 bytes that taking the protection off needs", Severity: field.Warn}
	faultToken    = field.Fault{Name: "quic.retry_token.missing", Label: "a Retry without a token", Severity: field.Warn}
	faultVersions = field.Fault{Name: "quic.supported_version.missing", Label: "a version negotiation without versions", Severity: field.Error}
)

func more() []*field.Spec {
	list := []*field.Spec{&form, &fixed, &longType, &longType2, &protected, &unused, &vnUnused, &specific, &version, &versionOf, &destLen, &dest, &sourceLen, &source,
		&varint, &token, &supported, &retry, &tag, &payload, &padding, &short, &shortForm, &spin, &shortProtected}
	return append(append(list, field.Pointers(tokenLength[:])...), field.Pointers(length[:])...)
}
