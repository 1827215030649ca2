package pcap

import (
	"strconv"

	"httptap/stack/ethernet"
)

var rootLayout = &ethernet.Layout

// A Printer writes annotated lines: a Decoder and what the lines are to show. It must not be
// used by two goroutines at once.
type Printer struct {
	LineOptions
	d Decoder
}

// AppendFrame appends a line for a frame, without its end: which way it went, its length in
// bytes, and its layers.
//
//	OUT 328 [Ethernet len=14; destination=ff:ff:ff:ff:ff:ff; source=us | IPv4 len=20; ...]
func (p *Printer) AppendFrame(dst []byte, direction string, frame []byte) []byte {
	dst = append(dst, direction...)
	for n := len(direction); n < 3; n++ {
		dst = append(dst, ' ')
	}
	n := len(frame)
	for pad := 100; pad > 1 && n < pad; pad /= 10 {
		dst = append(dst, ' ')
	}
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(n), 10)
	dst = append(dst, ' ')
	return AppendLine(dst, frame, p.d.Decode(frame, n), p.LineOptions)
}
