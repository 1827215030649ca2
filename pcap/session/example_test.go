package session_test

import (
	"fmt"
	"time"

	"httptap/pcap"
	"httptap/pcap/filter"
	"httptap/pcap/session"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
)

// segment returns a frame with a TCP segment to port 80, or back.
func segment(back bool, flags tcp.Flags, from, ack uint32, data string) []byte {
	src, dst := [4]byte{10, 0, 0, 1}, [4]byte{10, 0, 0, 2}
	h := tcp.Header{SrcPort: 40000, DstPort: 80, Flags: flags, Window: 1000}
	if back {
		src, dst, h.SrcPort, h.DstPort = dst, src, h.DstPort, h.SrcPort
	}
	h.Seq, h.Ack = seq.Value(7000+from), seq.Value(7000+ack)
	t := append(make([]byte, tcp.HeaderLen), data...)
	tcp.Put(t, h, 0, sum.Pseudo4(src, dst, ipv4.ProtoTCP, len(t)))
	frame := ethernet.Append(nil, link.Addr{2}, link.Addr{2}, ethernet.TypeIPv4)
	ip := []byte{0x45, 0, 0, byte(20 + len(t)), 0, 0, 0, 0, 64, ipv4.ProtoTCP, 0, 0, 10, 0, 0, src[3], 10, 0, 0, dst[3]}
	c := sum.Partial(0).Add(ip).Checksum()
	ip[10], ip[11] = byte(c>>8), byte(c)
	return append(append(frame, ip...), t...)
}

// A request in two segments, the first of which is lost and sent again.
func Example() {
	capture := [][]byte{
		segment(false, tcp.SYN, 0, 0, ""),
		segment(true, tcp.SYN|tcp.ACK, 0, 1, ""),
		segment(false, tcp.ACK, 1, 1, ""),
		segment(false, tcp.ACK, 17, 1, "Host: a\r\n\r\n"),
		segment(false, tcp.ACK, 1, 1, "GET / HTTP/1.1\r\n"),
	}
	f, err := filter.CompileFacts("tcp.analysis.lost_segment or tcp.analysis.retransmission")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := session.New(session.Config{Follow: func(c session.Chunk) {
		fmt.Printf("   %v: %q\n", c.Src, c.Data)
	}})
	var d pcap.Decoder
	for i, b := range capture {
		at := time.UnixMilli([]int64{0, 20, 40, 50, 350}[i])
		spans := d.Decode(b, len(b))
		r := s.Add(&session.Frame{Number: uint64(i + 1), Time: at, Data: b, Spans: spans})
		if f.Match(&filter.Packet{Frame: b, Spans: spans, Facts: r.Facts}) {
			for k := range r.Facts {
				switch x := &r.Facts[k]; {
				case x.Spec.Severity > 0:
					fmt.Printf("%d: %s\n", i+1, x.Spec.Name)
				case x.Spec.Name == "tcp.seq" || x.Spec.Name == "tcp.analysis.rto":
					fmt.Printf("%d: %s %s\n", i+1, x.Spec.Name, x.AppendText(nil))
				}
			}
		}
		for _, m := range r.Messages {
			fmt.Printf("%d: %s of %d bytes\n", i+1, m.Layout.Title, len(m.Data))
			for _, p := range m.Parts {
				fmt.Printf("   %d bytes from byte %d of frame %d\n", p.Len, p.At, p.Frame)
			}
		}
		for _, e := range r.Earlier {
			fmt.Printf("%d: frame %d has %s %s\n", i+1, e.Frame, e.Spec.Name, e.AppendText(nil))
		}
	}
	// Output:
	// 4: tcp.seq 17
	// 4: tcp.analysis.lost_segment
	//    10.0.0.1:40000: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	// 5: tcp.seq 1
	// 5: tcp.analysis.retransmission
	// 5: tcp.analysis.rto 0.300000000 seconds
	// 5: HTTP of 27 bytes
	//    16 bytes from byte 54 of frame 5
	//    11 bytes from byte 54 of frame 4
	// 5: frame 4 has tcp.reassembled_in 5
}
