package udplite_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/udplite"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

var (
	src = [4]byte{192, 0, 2, 1}
	dst = [4]byte{192, 0, 2, 2}
)

func over(c *field.Context) {
	c.Pseudo = field.Pseudo{Protocol: udplite.Proto, Valid: true}
	copy(c.Pseudo.Src[:], src[:])
	copy(c.Pseudo.Dst[:], dst[:])
}

// datagram returns one with a checksum of its first bytes.
func datagram(coverage int, payload string) []byte {
	b := append(fieldtest.Hex("1234 5678 0000 0000"), payload...)
	binary.BigEndian.PutUint16(b[4:], uint16(coverage))
	n := coverage
	if n < 8 || n > len(b) {
		n = len(b)
	}
	binary.BigEndian.PutUint16(b[6:], sum.Pseudo4(src, dst, udplite.Proto, len(b)).Add(b[:n]).Checksum())
	return b
}

func changed(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

func TestFields(t *testing.T) {
	none := datagram(8, "abcd")
	none[6], none[7] = 0, 0
	fieldtest.Run(t, &udplite.Layout, over, []fieldtest.Case{
		{Name: "the header is covered", Bytes: datagram(8, "abcd"), Field: "udp.checksum"},
		{Name: "all is covered", Bytes: datagram(0, "abcde"), Field: "udp.checksum"},
		{Name: "damage behind what is covered is none", Bytes: changed(datagram(9, "abcd"), 9), Field: "udp.checksum"},
		{Name: "damage in what is covered", Bytes: changed(datagram(9, "abcd"), 8), Field: "udp.checksum", Fault: "checksum.bad"},
		{Name: "damage anywhere where all is covered", Bytes: changed(datagram(0, "abcd"), 11), Field: "udp.checksum", Fault: "checksum.bad"},
		{Name: "less than the header", Bytes: datagram(7, "abcd"), Field: "udp.checksum_coverage", Want: "7 bytes", Fault: "udplite.checksum_coverage.bad"},
		{Name: "more than there is", Bytes: datagram(13, "abcd"), Field: "udp.checksum_coverage", Want: "13 bytes", Fault: "udplite.checksum_coverage.bad"},
		{Name: "no checksum", Bytes: none, Field: "udp.checksum", Fault: "udp.checksum.zero"},
		{Name: "a port", Bytes: none, Field: "udp.dstport", Want: "22136"},
	})
	good, bad := datagram(9, "abcd"), changed(datagram(9, "abcd"), 7)
	for _, s := range fieldtest.Decode(t, &udplite.Layout, bad, over).Spans {
		if s.Err != nil && s.Want != uint32(binary.BigEndian.Uint16(good[6:])) {
			t.Errorf("the right checksum is said to be %#x", s.Want)
		}
	}
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &udplite.Layout, over, datagram(8, "abcd"), datagram(0, "abcd"), datagram(13, "abcd"))
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, b := range [][]byte{datagram(8, "abcd"), datagram(0, "abcd"), datagram(9, "abcd")} {
		h := fieldtest.Hex("45000000 00000000 40880000 c0000201 c0000202")
		binary.BigEndian.PutUint16(h[2:], uint16(20+len(b)))
		frames = append(frames, bytes.Join([][]byte{fieldtest.Hex("020000000001 020000000002 0800"), h, b}, nil))
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"udp", "udplite"},
		[]string{"udp.port", "udp.checksum.status", "udp.payload", "udp.stream"}, frames...)
}

func FuzzFields(f *testing.F) {
	fieldtest.FuzzLayout(f, &udplite.Layout, over, datagram(8, "abcd"), datagram(0, "abcd"), datagram(13, "abcd"))
}
