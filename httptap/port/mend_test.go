package port

import (
	"bytes"
	"encoding/binary"
	"testing"

	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

var (
	hwA, hwB = link.LocalAddr("a"), link.LocalAddr("b")
	src, dst = [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}
)

// segment builds an Ethernet frame with a TCP segment.
func segment(flags tcp.Flags, s uint32, payload []byte) []byte {
	b := make([]byte, tcp.HeaderLen+4, tcp.HeaderLen+4+len(payload))
	copy(b[tcp.HeaderLen:], []byte{1, 1, 1, 0})
	b = append(b, payload...)
	tcp.Put(b, tcp.Header{SrcPort: 1, DstPort: 2, Seq: seq.Value(s), Ack: 9, Flags: flags, Window: 100}, 4, sum.Pseudo4(src, dst, 6, len(b)))
	return packet(6, b)
}

func packet(proto uint8, payload []byte) []byte {
	f := ethernet.Append(nil, hwB, hwA, ethernet.TypeIPv4)
	f = append(f, make([]byte, ipv4.HeaderLen)...)
	ipv4.Put(f[ethernet.HeaderLen:], ipv4.Header{Src: src, Dst: dst, Protocol: proto, TTL: 64, ID: 0xfffe}, len(payload))
	return append(f, payload...)
}

func payloadOf(t *testing.T, frame []byte) tcp.Segment {
	t.Helper()
	p, err := ipv4.Parse(frame[ethernet.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	s, err := tcp.Parse(p.Payload())
	if err == nil {
		err = s.Verify(sum.Pseudo4(p.Src(), p.Dst(), 6, len(p.Payload())))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFillChecksum(t *testing.T) {
	datagram := append(make([]byte, udp.HeaderLen), "hello"...)
	udp.Put(datagram, 53, 5353, 5, sum.Pseudo4(src, dst, 17, len(datagram)))
	for name, good := range map[string][]byte{
		"TCP":                segment(tcp.ACK, 1, []byte("hello")),
		"UDP":                packet(17, datagram),
		"with padding":       append(segment(tcp.ACK, 1, nil), 0, 0, 0),
		"behind a VLAN tag":  insertTag(segment(tcp.ACK, 1, []byte("x")), ethernet.TypeVLAN, 7),
		"behind two of them": insertTag(insertTag(segment(tcp.ACK, 1, []byte("x")), ethernet.TypeVLAN, 7), 0x88a8, 8),
	} {
		b := bytes.Clone(good)
		tr, ok := findTransport(b)
		if !ok {
			t.Errorf("%s: no transport found", name)
			continue
		}
		at := tr.start + 16
		if tr.proto == ipv4.ProtoUDP {
			at = tr.start + 6
		}
		binary.BigEndian.PutUint16(b[at:], 0xbeef) // what the kernel leaves there is a partial sum
		fillChecksum(b)
		if !bytes.Equal(b, good) {
			t.Errorf("%s: checksum %x, want %x", name, b[at:at+2], good[at:at+2])
		}
	}
}

func TestMendIgnoresWhatItDoesNotKnow(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":          nil,
		"half a header":    segment(tcp.ACK, 1, nil)[:20],
		"ARP":              ethernet.Append(nil, hwB, hwA, ethernet.TypeARP),
		"only tags":        insertTag(insertTag(insertTag(make([]byte, 14), 0x8100, 1), 0x8100, 1), 0x8100, 1),
		"cut TCP":          segment(tcp.ACK, 1, nil)[:44],
		"another protocol": packet(99, make([]byte, 40)),
	} {
		before := bytes.Clone(b)
		fillChecksum(b)
		if !bytes.Equal(b, before) {
			t.Errorf("%s: changed", name)
		}
		if _, ok := split(b, 100); ok {
			t.Errorf("%s: split", name)
		}
	}
}

func TestSplit(t *testing.T) {
	data := make([]byte, 10_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	super := segment(tcp.ACK|tcp.PSH|tcp.FIN|tcp.CWR, 0xfffffff0, data)
	pieces, ok := split(super, 1500)
	if !ok || len(pieces) != 7 {
		t.Fatalf("%d pieces, %v", len(pieces), ok)
	}
	var got []byte
	for i, f := range pieces {
		if len(f) > 1514 {
			t.Errorf("piece %d has %d bytes", i, len(f))
		}
		s := payloadOf(t, f)
		if want := seq.Value(0xfffffff0).Add(len(got)); s.Seq() != want {
			t.Errorf("piece %d begins at %d, want %d", i, s.Seq(), want)
		}
		last := i == len(pieces)-1
		if fin := s.Flags()&(tcp.FIN|tcp.PSH) != 0; fin != last {
			t.Errorf("piece %d has flags %v", i, s.Flags())
		}
		if cwr := s.Flags()&tcp.CWR != 0; cwr != (i == 0) {
			t.Errorf("RFC 3168: CWR is for the first segment, piece %d has %v", i, s.Flags())
		}
		if !bytes.Equal(s.Options(), []byte{1, 1, 1, 0}) {
			t.Errorf("piece %d has options % x", i, s.Options())
		}
		got = append(got, s.Payload()...)
	}
	if !bytes.Equal(got, data) {
		t.Error("the pieces are not the whole")
	}
}

func FuzzMend(f *testing.F) {
	f.Add(segment(tcp.ACK, 1, make([]byte, 3000)), uint16(1500))
	f.Add(insertTag(segment(tcp.ACK, 1, []byte("x")), ethernet.TypeVLAN, 7), uint16(68))
	f.Fuzz(func(t *testing.T, b []byte, mtu uint16) {
		n := len(b)
		fillChecksum(b)
		if len(b) != n {
			t.Fatal("the length changed")
		}
		pieces, ok := split(b, int(mtu))
		if !ok {
			return
		}
		for _, p := range pieces {
			tr, ok := findTransport(p)
			if !ok || len(p)-tr.ip > int(mtu) {
				t.Fatalf("a piece of %d bytes for an MTU of %d", len(p)-tr.ip, mtu)
			}
		}
	})
}
