package pcap

import (
	"testing"
	"time"
)

// benchFrames are frames as they are met most.
func benchFrames(b testing.TB) map[string][]byte {
	answer := hexBytes(b, "1234 8180 0001 0002 0000 0001 03777777076578616d706c6503636f6d00 0001 0001"+
		"c00c 0005 0001 00000e10 0006 03776562c010 c02d 0001 0001 00000e10 0004 c0000201 00 0029 04d0 00 00 0000 0000")
	options := hexBytes(b, "35 01 05 36 04 0a000001 33 04 00000e10 3a 04 00000708 3b 04 00000c4e 01 04 ffffff00 1c 04 0a0000ff 03 04 0a000001 06 08 0a0000010a000002 0f 07 6578616d706c65 0c 03 626f78")
	return map[string][]byte{
		"tcp":  synFrame(b),
		"ack":  inTCP(b, 50001, 9999, "A", hexBytes(b, "0101080a0000000100000002"), make([]byte, 100)),
		"dns":  inUDP(b, 53, 50001, answer),
		"dhcp": dhcpFrame(b, options),
		"ntp":  madeNTP(b)["server"],
		"http": madeHTTP(b)["get"],
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, f := range benchFrames(b) {
		b.Run(name, func(b *testing.B) {
			var d Decoder
			b.ReportAllocs()
			for b.Loop() {
				d.Decode(f, len(f))
			}
			b.ReportMetric(float64(len(d.c.Spans)), "spans")
		})
	}
}

func BenchmarkLine(b *testing.B) {
	for name, f := range benchFrames(b) {
		b.Run(name, func(b *testing.B) {
			var p Printer
			var line []byte
			b.ReportAllocs()
			for b.Loop() {
				line = p.AppendFrame(line[:0], "IN", f)
			}
		})
	}
}

func BenchmarkTree(b *testing.B) {
	for name, f := range benchFrames(b) {
		b.Run(name, func(b *testing.B) {
			var d Decoder
			var tree []byte
			m := Meta{Number: 7, Time: time.Unix(1700000000, 123456789), Digits: 9, Relative: time.Second, Wire: len(f), Interface: "tap0"}
			b.ReportAllocs()
			for b.Loop() {
				tree = AppendTree(tree[:0], &m, f, d.Decode(f, len(f)), TreeOptions{})
			}
			b.SetBytes(int64(len(tree)))
		})
	}
}
