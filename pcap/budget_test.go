package pcap

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// budget is what decoding a frame of n bytes may cost: spans, and steps of loops that append none.
// Both are linear in the frame's length, whatever its bytes are.
func budget(n int) (spans, steps int) { return min(4*n, field.MaxSpans) + 1000, 16*n + 1000 }

func checkBudget(t testing.TB, d *Decoder, what string, frame []byte) {
	t.Helper()
	spans := len(d.Decode(frame, len(frame)))
	if err := fieldtest.Tiles(frame, d.c.Spans); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	maxSpans, maxSteps := budget(len(frame))
	if spans > maxSpans || spans+d.c.Cost > maxSteps {
		t.Errorf("%s: %d bytes cost %d spans and %d steps, want at most %d and %d", what, len(frame), spans, d.c.Cost, maxSpans, maxSteps)
	}
}

// fill repeats a piece up to n bytes.
func fill(head, piece string, n int) []byte {
	return append([]byte(head), bytes.Repeat([]byte(piece), (n-len(head))/len(piece))...)
}

// costly are frames of nearly 64 KiB made to cost as much as can be.
func costly(t testing.TB) map[string][]byte {
	const most = 65000
	udp := func(port uint16, payload []byte) []byte { return inUDP(t, 50001, port, payload) }
	tcp := func(payload []byte) []byte { return inTCP(t, 50001, 80, "PA", nil, payload) }
	tls := func(payload []byte) []byte { return inTCP(t, 50001, 443, "PA", nil, payload) }
	tlsHead := "\x16\x03\x03\x48\x00\x01\x00\xff\x00\x03\x03" + strings.Repeat("r", 32) + "\x00"
	icmp := func(payload []byte) []byte { return inIPv4(t, layers.IPProtocolICMPv4, payload) }
	dnsHead := "\x12\x34\x81\x80\x00\x01\xff\xff\xff\xff\xff\xff\x01a\x00\x00\x01\x00\x01"
	frames := map[string][]byte{
		"dns records without data": udp(53, fill(dnsHead, "\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00", most)),
		"dns pointers":             udp(53, fill(dnsHead, "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x00\x00\x02\xc0\x0c", most)),
		"dns questions":            udp(53, fill("\x12\x34\x01\x00\xff\xff\x00\x00\x00\x00\x00\x00", "\x00\x00\x01\x00\x01", most)),
		"mdns records":             udp(5353, fill(dnsHead, "\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00", most)),
		"dns empty strings":        udp(53, fill(dnsHead+"\x00\x00\x10\x00\x01\x00\x00\x00\x00\xfd\x00", "\x00", most)),
		"dns options":              udp(53, fill(dnsHead+"\x00\x00\x29\x00\x01\x00\x00\x00\x00\xfd\x00", "\x00\x05\x00\x01\x08", most)),
		"dns service parameters":   udp(53, fill(dnsHead+"\x00\x00\x40\x00\x01\x00\x00\x00\x00\xfd\x00\x00\x01\x00", "\x00\x02\x00\x00", most)),
		"dns address prefixes":     udp(53, fill(dnsHead+"\x00\x00\x2a\x00\x01\x00\x00\x00\x00\xfd\x00", "\x00\x01\x00\x00", most)),
		"dns over tcp":             inTCP(t, 50001, 53, "PA", nil, fill("", "\x00\x0c\x12\x34\x81\x80\x00\x00\x00\x00\x00\x00\x00\x00", most)),
		"dhcp options":             udp(67, dhcpOptions(fill("", "\x01\x00", most-300))),
		"dhcp options of a byte":   udp(67, dhcpOptions(fill("", "\x13\x01\x01", most-300))),
		"dhcp pads":                udp(67, dhcpOptions(fill("", "\x00\x01\x00", most-300))),
		"dhcp suboptions":          udp(67, dhcpOptions(fill("", "\x52\xfe"+strings.Repeat("\x01\x00", 127), most-300))),
		"dhcp bits":                udp(67, dhcpOptions(fill("", "\x53\x0e"+strings.Repeat("\x00", 14), most-300))),
		"http lines":               tcp(fill("GET / HTTP/1.1\r\n", ":\n", most)),
		"http known lines":         tcp(fill("GET / HTTP/1.1\r\n", "Host:\n", most)),
		"http folded lines":        tcp(fill("GET / HTTP/1.1\r\nA:", "\n ", most)),
		"http cookies":             tcp(fill("GET / HTTP/1.1\r\nCookie:", "a;", most)),
		"http parameters":          tcp(fill("GET /?", "a&", most)),
		"http chunks":              tcp(fill("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\na\n", most)),
		"http messages":            tcp(fill("", "GET / HTTP/1.1\n\n", most)),
		"icmp addresses":           icmp(fill("\x09\x00\x00\x00\xff\x02\x00\x00", "\x00", most)),
		"icmp mobile extensions":   icmp(fill("\x09\x00\x00\x00\x00\x02\x00\x00", "\x13\x00", most)),
		"icmp objects":             icmp(fill("\x0b\x00\x00\x00\x00\x01\x00\x00\x45\x00\x00\x00\x20\x00\x00\x00", "\x00\x04\x02\x0f", most)),
		"ntp items":                udp(123, fill("\x97\x00\x03\x2a\x0f\xff\x00\x01", "\x00", most)),
		"ntp variables":            udp(123, fill("\x16\x82\x00\x01\x00\x00\x00\x00\x00\x00\xf0\x00", "a,", most)),
		"ntp extensions":           udp(123, fill("\x23"+strings.Repeat("\x00", 47), "\x00\x02\x00\x10"+strings.Repeat("\x00", 12), most)),
		"tls records":              tls(fill("", "\x17\x03\x03\x00\x00", most)),
		"tls messages":             tls(fill("\x16\x03\x03\x40\x00", "\x0e\x00\x00\x00", most)),
		"tls suites":               tls(fill(tlsHead+"\xff\xfe", "\x13\x01", most)),
		"tls extensions":           tls(fill(tlsHead+"\x00\x00\x00\xff\xff", "\x2a\x2a\x00\x00", most)),
		"tls algorithms":           tls(fill(tlsHead+"\x00\x00\x00\xff\xff", "\x00\x0d\x20\x02\x20\x00"+strings.Repeat("\x04\x03", 4096), most)),
		"tls empty protocols":      tls(fill(tlsHead+"\x00\x00\x00\xff\xff\x00\x10\xff\x00\xfe\xfe", "\x00", most)),
		"tls hellos":               tls(fill("", tlsHead[:9]+"\x03\x03", most)),
		"dtls records":             udp(5684, fill("", "\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", most)),
		"dtls messages":            udp(5684, fill("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\xfd\x00", "\x0e\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", most)),
		"quic packets":             udp(443, fill("", "\xc0\x00\x00\x00\x01\x00\x00\x00\x00", most)),
		"quic versions":            udp(443, fill("\x80\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x01", most)),
		"dtls odd connection ID":   udp(5684, fill("\x19\xfe\xfd", "\xff", most)),
	}
	// A name of pointers each to the one before, and as many records that begin with the last.
	chain := []byte(dnsHead[:12] + "\x00")
	for len(chain) < 16000 {
		chain = binary.BigEndian.AppendUint16(chain, 0xc000|uint16(max(len(chain)-2, 12)))
	}
	last := 0xc000 | uint16(len(chain)-2)
	for len(chain) < most {
		chain = binary.BigEndian.AppendUint16(chain, last)
		chain = append(chain, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)
	}
	frames["dns chain of pointers"] = udp(53, chain)
	quote := make([]byte, 20)
	quote[0], quote[9], quote[3] = 0x45, 1, 255
	nested := []byte{3, 1, 0, 0, 0, 0, 0, 0}
	for len(nested) < most {
		nested = append(append(nested, quote...), 3, 1, 0, 0, 0, 0, 0, 0)
	}
	frames["icmp quotes in quotes"] = icmp(nested)
	return frames
}

func dhcpOptions(options []byte) []byte {
	return append(append(make([]byte, 236), 99, 130, 83, 99), options...)
}

// TestBudget: no frame of 64 KiB costs more than is linear in its length. Steps are counted, not
// time.
func TestBudget(t *testing.T) {
	var d Decoder
	for what, f := range costly(t) {
		checkBudget(t, &d, what, f)
	}
	for _, m := range madeFrames(t) {
		checkBudget(t, &d, m.file, m.data)
	}
}

// FuzzBudget looks for bytes that cost more: the data is put where each protocol begins, as often as
// it goes into 64 KiB.
func FuzzBudget(f *testing.F) {
	for _, m := range madeFrames(f) {
		if at := min(len(m.data), 42); at < len(m.data) {
			f.Add(uint8(0), m.data[at:], []byte{})
		}
	}
	for _, c := range costly(f) {
		f.Add(uint8(c[23]), c[42:min(len(c), 400)], c[max(len(c)-64, 42):])
	}
	var d Decoder
	f.Fuzz(func(t *testing.T, where uint8, head, piece []byte) {
		payload := head
		if len(piece) > 0 && len(head) < 64<<10 {
			payload = append(bytes.Clone(head), bytes.Repeat(piece, (65000-min(len(head), 65000))/len(piece))...)
		}
		payload = payload[:min(len(payload), 65000)]
		ports := []uint16{53, 67, 123, 443, 5353, 5355, 5684}
		for _, frame := range [][]byte{
			inUDP(t, 50001, ports[int(where)%len(ports)], payload), inTCP(t, 50001, []uint16{80, 53, 443}[int(where)%3], "PA", nil, payload), inIPv4(t, layers.IPProtocolICMPv4, payload),
		} {
			checkBudget(t, &d, "a fuzzed frame", frame)
		}
	})
}

// BenchmarkCostly says how long the costly frames take.
func BenchmarkCostly(b *testing.B) {
	for what, f := range costly(b) {
		b.Run(strings.ReplaceAll(what, " ", "-"), func(b *testing.B) {
			var d Decoder
			for b.Loop() {
				d.Decode(f, len(f))
			}
		})
	}
}
