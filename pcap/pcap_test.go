package pcap

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/link"
)

// corpus returns the frames of the public captures, by file.
func corpus(t testing.TB) map[string][][]byte {
	t.Helper()
	dir := os.Getenv("HTTPTAP_CAPTURES")
	if dir == "" {
		dir = "../../shared/captures/pcapplusplus"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.*cap*"))
	if len(files) == 0 {
		t.Skipf("needs the public captures in %s, or HTTPTAP_CAPTURES to say where they are", dir)
	}
	all := map[string][][]byte{}
	for _, f := range files {
		frames, err := readCapture(f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
		all[filepath.Base(f)] = frames
	}
	return all
}

func readCapture(name string) (frames [][]byte, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var r interface {
		ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	}
	if r, err = pcapgo.NewReader(bytes.NewReader(b)); err != nil {
		if r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions); err != nil {
			return nil, err
		}
	}
	for {
		data, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return frames, nil
		}
		if err != nil {
			return frames, err
		}
		frames = append(frames, bytes.Clone(data))
	}
}

// TestPublicCapturesTile: every frame of the public captures, and each of its beginnings, is
// explained without a gap and without an overlap, and its line prints.
func TestPublicCapturesTile(t *testing.T) {
	var d Decoder
	n := 0
	for name, frames := range corpus(t) {
		for i, f := range frames {
			spans := d.Decode(f, len(f))
			if err := fieldtest.Tiles(f, spans); err != nil {
				t.Errorf("%s frame %d: %v", name, i+1, err)
			}
			if line := AppendLine(nil, f, spans, LineOptions{}); !bytes.HasPrefix(line, []byte("[Ethernet len=")) {
				t.Errorf("%s frame %d: %s", name, i+1, line)
			}
			for cut := 0; cut < min(len(f), 120); cut++ {
				if err := fieldtest.Tiles(f[:cut], d.Decode(f[:cut], len(f))); err != nil {
					t.Errorf("%s frame %d cut to %d: %v", name, i+1, cut, err)
				}
			}
			n++
		}
	}
	if n < 1000 {
		t.Errorf("only %d frames were looked at", n)
	}
}

// TestAgainstGopacket compares what gopacket's layers say with ours over the public captures.
func TestAgainstGopacket(t *testing.T) {
	var d Decoder
	compared := 0
	for name, frames := range corpus(t) {
		for i, f := range frames {
			spans := d.Decode(f, len(f))
			value := func(name string) (uint64, bool) {
				for _, s := range spans {
					if s.Spec.Name == name && s.Err != field.Truncated {
						return s.Uint(f), true
					}
				}
				return 0, false
			}
			p := gopacket.NewPacket(f, layers.LayerTypeEthernet, gopacket.DecodeOptions{NoCopy: true})
			want := map[string]uint64{}
			for _, l := range p.Layers() {
				switch l := l.(type) {
				case *layers.IPv4:
					if len(want) == 0 {
						want["ip.ttl"], want["ip.len"], want["ip.id"] = uint64(l.TTL), uint64(l.Length), uint64(l.Id)
						want["ip.checksum"], want["ip.proto"] = uint64(l.Checksum), uint64(l.Protocol)
					}
				case *layers.TCP:
					if _, ok := value("tcp.srcport"); ok {
						want["tcp.srcport"], want["tcp.seq_raw"] = uint64(l.SrcPort), uint64(l.Seq)
						want["tcp.ack_raw"], want["tcp.window_size_value"] = uint64(l.Ack), uint64(l.Window)
					}
				}
			}
			if !strings.HasPrefix(p.String(), "PACKET") || p.Layer(layers.LayerTypeDot1Q) != nil ||
				p.Layer(layers.LayerTypeGRE) != nil || p.Layer(layers.LayerTypeICMPv4) != nil || p.Layer(layers.LayerTypePPPoE) != nil ||
				p.Layer(layers.LayerTypeMPLS) != nil || p.Layer(layers.LayerTypeVXLAN) != nil || p.Layer(layers.LayerTypeGTPv1U) != nil || p.Layer(layers.LayerTypeIPv6) != nil {
				continue // layers inside layers that have no room here yet
			}
			for field, w := range want {
				got, ok := value(field)
				if !ok || got != w && !(field == "ip.len" && got == 0) {
					t.Errorf("%s frame %d: %s is %d (%v), gopacket says %d", name, i+1, field, got, ok, w)
				}
				compared++
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d values were compared", compared)
	}
}

func frame(t testing.TB, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func synFrame(t testing.TB) []byte {
	eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}, Flags: layers.IPv4DontFragment}
	tcp := &layers.TCP{SrcPort: 50000, DstPort: 80, Seq: 1, SYN: true, Window: 1000}
	tcp.SetNetworkLayerForChecksum(ip)
	return frame(t, eth, ip, tcp)[:54] // without the padding that gopacket adds
}

func TestLine(t *testing.T) {
	us := &Us{HW: []link.Addr{{2, 0, 0, 0, 0, 1}}, IP: [][4]byte{{192, 0, 2, 1}}}
	good := synFrame(t)
	badSum := bytes.Clone(good)
	badSum[24] ^= 1
	lying := bytes.Clone(good)
	lying[17] = 200
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"a SYN of ours", good, "OUT  54 [Ethernet len=14; destination=02:00:00:00:00:02; source=us | IPv4 len=20; flags=DF; (Source Address)=us; (Destination Address)=192.0.2.2 | TCP [RFC9293] len=20; (Source Port)=50000; (Destination Port)=80; flags=SYN]"},
		{"padding behind it is named", append(bytes.Clone(good), 0, 0, 0, 0, 0, 0), " flags=SYN | eth.padding len=6]"},
		{"a wrong header checksum is said, with the right one", badSum, "!the checksum is wrong: should be 0x"},
		{"a length that reaches too far is said", lying, "(Total Length)=200 bytes !this length reaches past the end of the data"},
		{"a frame that ends in a header", good[:30], "!the message ends inside this field"},
		{"nothing at all", nil, "OUT   0 [Ethernet len=0; destination= !the message ends inside this field]"},
	} {
		p := Printer{LineOptions: LineOptions{Us: us}}
		if got := string(p.AppendFrame(nil, "OUT", c.frame)); !strings.Contains(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// A frame that an ICMP error quotes is explained as what it is, its missing bytes are no fault.
func TestQuotedPacket(t *testing.T) {
	inner := synFrame(t)[14:]
	eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: []byte{192, 0, 2, 2}, DstIP: []byte{192, 0, 2, 1}}
	f := frame(t, eth, ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 1)}, gopacket.Payload(inner[:28]))
	var p Printer
	line := string(p.AppendFrame(nil, "IN", f))
	for _, want := range []string{"code=Host unreachable (1)", "| TCP [RFC9293] len=8; (Source Port)=50000"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %s", want, line)
		}
	}
	if strings.Contains(line, "the checksum is wrong") || strings.Contains(line, "reaches past") {
		t.Errorf("a lawful quotation is called wrong: %s", line)
	}
}

func TestAllocatesNothing(t *testing.T) {
	p := Printer{LineOptions: LineOptions{Us: &Us{HW: []link.Addr{{2, 0, 0, 0, 0, 1}}}}}
	f := synFrame(t)
	var line []byte
	if n := testing.AllocsPerRun(100, func() { line = p.AppendFrame(line[:0], "IN", f) }); n != 0 {
		t.Errorf("%v allocations for a line", n)
	}
}

// Any bytes are explained without a gap, and the line has no control characters.
func FuzzDecode(f *testing.F) {
	f.Add(synFrame(f), 0)
	for _, name := range []string{"Packet++Test__PacketExamples__Dhcp1.pcap", "Packet++Test__PacketExamples__Dns.pcap", "Packet++Test__PacketExamples__ipv4-options.pcap", "Packet++Test__PacketExamples__IcmpPackets.pcap"} {
		frames, _ := readCapture("../../shared/captures/pcapplusplus/" + name)
		for _, b := range frames[:min(len(frames), 3)] {
			f.Add(b, 10)
		}
	}
	for _, m := range madeFrames(f) {
		f.Add(m.data, 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, missing int) {
		var p Printer
		wire := len(b)
		if missing > 0 && missing < 1<<16 {
			wire += missing
		}
		spans := p.d.Decode(b, wire)
		if err := fieldtest.Tiles(b, spans); err != nil {
			t.Fatal(err)
		}
		line := AppendLine(nil, b, spans, LineOptions{Classes: ^Classes(0)})
		for _, c := range line {
			if c < ' ' || c == 0x7f {
				t.Fatalf("a control character in the line: %q", line)
			}
		}
	})
}
