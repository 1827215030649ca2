package dump

import (
	"bytes"
	"io"
	"os"
	"testing"

	"httptap/pcap/file"
)

// benchFile is a capture of the lab's traffic, many times: DHCP, ARP, DNS, NTP, TCP and HTTP.
func benchFile(b *testing.B) []byte {
	b.Helper()
	var out bytes.Buffer
	w := file.NewWriter(&out, "bench", file.PCAPNG)
	for i, name := range []string{"dhcpv4/lease", "arp/probe", "ntp/exchange", "dns/answer", "tcp/handshake", "http1/get", "tcp/close"} {
		r, err := file.Open(captures+name+".pcapng", file.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for rec, err := r.Next(); err == nil; rec, err = r.Next() {
			if i > 0 && rec.Kind != file.KindPacket {
				continue
			}
			if err := w.Write(rec); err != nil {
				b.Fatal(err)
			}
			if rec.Kind == file.KindPacket {
				for range 500 {
					w.Write(rec)
				}
			}
		}
		r.Close()
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkFrame is what a frame costs, read from memory.
func BenchmarkFrame(b *testing.B) {
	for _, c := range []struct {
		name string
		c    Config
	}{
		{"quiet", Config{Quiet: true}}, {"line", Config{}}, {"summary", Config{Print: Print{Style: Summary}}},
		{"tree", Config{Print: Print{Style: Tree}}}, {"hex", Config{Print: Print{Style: None, Hex: true}}}, {"json", Config{Print: Print{Style: JSON}}},
		{"statistics", Config{Stats: allStatistics(b)}}, {"analysed line", Config{Session: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			content := benchFile(b)
			d := &dump{Config: c.c}
			d.Stderr = os.Stderr
			if !d.Quiet && d.Stats == nil {
				d.printer = newPrinter(d.Print)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; {
				r, err := file.NewReader(bytes.NewReader(content), file.Options{})
				if err != nil {
					b.Fatal(err)
				}
				for {
					rec, err := r.Next()
					if err == io.EOF {
						break
					}
					if d.rec = rec; rec.Kind == file.KindPacket {
						d.frame(rec)
						d.out = d.out[:0]
						n++
					}
				}
			}
		})
	}
}
