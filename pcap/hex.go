package pcap

import "httptap/stack/field"

// hexWidth is how many bytes of a field stand on a line of a dump.
const hexWidth = 16

// AppendHex appends a dump of the frame in which each field has lines of its own: where it begins, its bytes
// (or which bits of them it has), and what they are. A layer or a group stands above what is in it. Bytes
// that no layer explains have their characters beside them. Every byte of the frame is there once, but for
// those that several fields share.
//
//	      Ethernet II, Src: us, Dst: 02:00:00:00:00:02
//	0000  02 00 00 00 00 02                                Destination: 02:00:00:00:00:02
//	0006  02 00 00 00 00 01                                Source: us
//	000c  08 00                                            Type: IPv4 (0x0800)
//	      Internet Protocol Version 4, Src: us, Dst: 192.0.2.2
//	000e  0100 ....                                        Version: 4
func AppendHex(dst []byte, frame []byte, spans []field.Span, o TreeOptions) []byte {
	layer := 0
	for i := range spans {
		s := &spans[i]
		if s.Depth == 0 {
			layer = int(s.Bit / 8)
		}
		switch {
		case s.Depth == 0 && s.Spec.Kind == field.Layer:
			dst = appendRoot(append(dst, "      "...), frame, spans, i, o)
			dst = append(appendFault(dst, s, o.Colours), '\n')
		case !field.IsLeaf(spans, i):
			dst = appendDumpText(appendGap(appendOffset(dst, int(s.Bit/8), o), 0), frame, spans, i, layer, o)
		case s.Spec.Kind == field.Payload:
			dst = append(dst, "      "...)
			dst = appendLength(append(append(dst, s.Spec.Label...), ": "...), int(s.Len/8), o.Colours)
			dst = append(appendFault(dst, s, o.Colours), '\n')
			dst = appendRows(dst, s.Bytes(frame), int(s.Bit/8), true, o)
		case s.Bit%8 != 0 || s.Len%8 != 0:
			dst = appendOffset(dst, int(s.Bit/8), o)
			start := len(dst)
			if dst = appendBits(dst, frame, spans, i, 0); len(dst) > start {
				dst = dst[:len(dst)-len(" = ")]
			}
			dst = appendDumpText(appendGap(dst, len(dst)-start), frame, spans, i, layer, o)
		default:
			b := s.Bytes(frame)
			n := min(len(b), hexWidth)
			dst = appendDumpBytes(appendOffset(dst, int(s.Bit/8), o), b[:n])
			dst = appendDumpText(appendGap(dst, max(3*n-1, 0)), frame, spans, i, layer, o)
			dst = appendRows(dst, b[n:], int(s.Bit/8)+n, false, o)
		}
	}
	return dst
}

// appendOffset appends where a line's bytes lie, in at least four digits.
func appendOffset(dst []byte, at int, o TreeOptions) []byte {
	dst = o.Colours.quiet(dst)
	for shift := 28; shift >= 0; shift -= 4 {
		if shift < 16 || at>>shift != 0 {
			dst = append(dst, hexDigits[at>>shift&15])
		}
	}
	return append(o.Colours.end(dst), "  "...)
}

func appendDumpBytes(dst, b []byte) []byte {
	for i, v := range b {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, hexDigits[v>>4], hexDigits[v&15])
	}
	return dst
}

// appendGap appends blanks behind n characters, up to the column where the text begins.
func appendGap(dst []byte, n int) []byte {
	for ; n < 3*hexWidth+1; n++ {
		dst = append(dst, ' ')
	}
	return dst
}

// appendDumpText appends what a field is, and the line's end.
func appendDumpText(dst, frame []byte, spans []field.Span, i, layer int, o TreeOptions) []byte {
	s := &spans[i]
	for d := 1; d < min(int(s.Depth), maxDepth); d++ {
		dst = append(dst, "  "...)
	}
	dst = appendNamed(dst, frame, spans, i, layer, o)
	return append(appendFault(dst, s, o.Colours), '\n')
}

// appendRows appends lines of bytes that have no text, with their characters beside them.
func appendRows(dst, b []byte, at int, chars bool, o TreeOptions) []byte {
	for len(b) > 0 {
		n := min(len(b), hexWidth)
		dst = appendDumpBytes(appendOffset(dst, at, o), b[:n])
		if chars {
			dst = appendGap(dst, 3*n-1)
			for _, c := range b[:n] {
				if c < ' ' || c > '~' {
					c = '.'
				}
				dst = append(dst, c)
			}
		}
		dst = append(dst, '\n')
		b, at = b[n:], at+n
	}
	return dst
}
