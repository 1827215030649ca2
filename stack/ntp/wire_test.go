package ntp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// ext is an extension field of n bytes in all.
func ext(typ uint16, n int) []byte {
	b := binary.BigEndian.AppendUint16(nil, typ)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	return append(b, bytes.Repeat([]byte{0xee}, max(n-4, 0))...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestParse(t *testing.T) {
	v4 := Header{Version: 4, Mode: ModeClient}.Append(nil)
	v3 := Header{Version: 3, Mode: ModeClient}.Append(nil)
	for _, c := range []struct {
		name string
		b    []byte
		want error
		exts int
		auth int
	}{
		{"nothing", nil, ErrTruncated, 0, 0},
		{"one byte short", v4[:47], ErrTruncated, 0, 0},
		{"a header", v4, nil, 0, 0},
		{"a crypto-NAK", join(v4, make([]byte, 4)), nil, 0, 4},
		{"an MD5 authenticator", join(v4, make([]byte, 20)), nil, 0, 20},
		{"a SHA-1 authenticator", join(v4, make([]byte, 24)), nil, 0, 24},
		{"an extension field", join(v4, ext(0x104, 36)), nil, 1, 0},
		{"two of them and an authenticator", join(v4, ext(0x104, 36), ext(0x204, 104), make([]byte, 20)), nil, 2, 20},
		{"20 bytes are an authenticator, even if they were meant as a field and a crypto-NAK", join(v4, ext(0x104, 16), make([]byte, 4)), nil, 0, 20},
		{"a stray byte", join(v4, []byte{0}), ErrExtension, 0, 0},
		{"a field that is too short", join(v4, ext(0x104, 12), make([]byte, 24)), ErrExtension, 0, 0},
		{"a field of length 0 must not loop", join(v4, ext(0x104, 0), make([]byte, 40)), ErrExtension, 0, 0},
		{"a field of no multiple of 4", join(v4, ext(0x104, 30)), ErrExtension, 0, 0},
		{"a field past the end", join(v4, ext(0x104, 36)[:32]), ErrExtension, 0, 0},
		{"version 3 has an authenticator of any size", join(v3, make([]byte, 12)), nil, 0, 12},
		{"version 0", Header{Mode: ModeClient}.Append(nil), ErrVersion, 0, 0},
		{"version 5", Header{Version: 5, Mode: ModeClient}.Append(nil), ErrVersion, 0, 0},
		{"a control message of 12 bytes", Header{Version: 2, Mode: ModeControl}.Append(nil)[:12], ErrMode, 0, 0},
	} {
		m, err := Parse(c.b)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil {
			continue
		}
		n := 0
		for _, v := range m.Extensions() {
			if n++; len(v) == 0 || v[0] != 0xee {
				t.Errorf("%s: value % x", c.name, v)
			}
		}
		if n != c.exts || len(m.Authenticator()) != c.auth {
			t.Errorf("%s: %d extension fields, authenticator of %d bytes", c.name, n, len(m.Authenticator()))
		}
	}
}

var everything = Header{
	Leap: 1, Version: 4, Mode: 4, Stratum: 2, Poll: -3, Precision: -23, RootDelay: 0x12345678, RootDispersion: 0x9abcdef0,
	RefID: RefID{192, 0, 2, 1}, Reference: 0x0102030405060708, Origin: 0x1112131415161718, Receive: 0x2122232425262728, Transmit: 0x3132333435363738,
}

// gopacket's decoder and encoder are the oracle.
func TestAgainstGopacket(t *testing.T) {
	b := everything.Append([]byte{0xa5, 0xa5})[2:]
	var o layers.NTP
	if err := o.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		t.Fatal(err)
	}
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  int64
		want int64
	}{
		{"leap", int64(m.Leap()), int64(o.LeapIndicator)},
		{"version", int64(m.Version()), int64(o.Version)},
		{"mode", int64(m.Mode()), int64(o.Mode)},
		{"stratum", int64(m.Stratum()), int64(o.Stratum)},
		{"poll", int64(m.Poll()), int64(o.Poll)},
		{"precision", int64(m.Precision()), int64(o.Precision)},
		{"root delay", int64(m.RootDelay()), int64(o.RootDelay)},
		{"root dispersion", int64(m.RootDispersion()), int64(o.RootDispersion)},
		{"reference", int64(m.Reference()), int64(o.ReferenceTimestamp)},
		{"origin", int64(m.Origin()), int64(o.OriginTimestamp)},
		{"receive", int64(m.Receive()), int64(o.ReceiveTimestamp)},
		{"transmit", int64(m.Transmit()), int64(o.TransmitTimestamp)},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, gopacket %d", c.name, c.got, c.want)
		}
	}
	if r := m.RefID(); binary.BigEndian.Uint32(r[:]) != uint32(o.ReferenceID) {
		t.Errorf("refid %v, gopacket %#x", r, o.ReferenceID)
	}
	buf := gopacket.NewSerializeBuffer()
	if err := o.SerializeTo(buf, gopacket.SerializeOptions{}); err != nil || !bytes.Equal(buf.Bytes(), b) {
		t.Errorf("gopacket writes % x for % x, %v", buf.Bytes(), b, err)
	}
}

func TestRefID(t *testing.T) {
	for _, c := range []struct {
		r       RefID
		stratum int
		want    string
	}{
		{RefID{'G', 'P', 'S'}, 1, "GPS"},
		{RefID{'R', 'A', 'T', 'E'}, 0, "RATE"},
		{RefID{0, 'A', 0x1b, 0xff}, 0, "A"},
		{RefID{192, 0, 2, 1}, 2, "192.0.2.1"},
	} {
		if got := c.r.Text(c.stratum); got != c.want {
			t.Errorf("%v at stratum %d: %q", c.r, c.stratum, got)
		}
	}
}

func TestZeroMessage(t *testing.T) {
	var m Message
	if m.Leap()|m.Version()|m.Mode()|m.Stratum() != 0 || m.Transmit() != 0 || len(m.Authenticator()) != 0 || m.RefID() != (RefID{}) {
		t.Error("the zero Message is not empty")
	}
	for range m.Extensions() {
		t.Error("the zero Message has an extension field")
	}
}

func headerOf(m Message) Header {
	return Header{m.Leap(), m.Version(), m.Mode(), m.Stratum(), m.Poll(), m.Precision(), m.RootDelay(), m.RootDispersion(), m.RefID(), m.Reference(), m.Origin(), m.Receive(), m.Transmit()}
}
