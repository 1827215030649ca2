package dns

import (
	"encoding/base32"
	"net/netip"
	"time"

	"httptap/stack/field"
)

// formatTime prints seconds since 1970 as a date. RFC 4034, 3.1.5
func formatTime(dst, msg []byte, off, n int) []byte {
	var v int64
	for _, b := range msg[off : off+n] {
		v = v<<8 | int64(b)
	}
	return time.Unix(v, 0).UTC().AppendFormat(dst, time.RFC3339)
}

// formatPartIPv4 prints an address of which only the first bytes are there.
func formatPartIPv4(dst, msg []byte, off, n int) []byte {
	var a [4]byte
	copy(a[:], msg[off:off+n])
	return netip.AddrFrom4(a).AppendTo(dst)
}

func formatPartIPv6(dst, msg []byte, off, n int) []byte {
	var a [16]byte
	copy(a[:], msg[off:off+n])
	return netip.AddrFrom16(a).AppendTo(dst)
}

// formatSuffixIPv6 prints an address of which only the last bytes are there.
func formatSuffixIPv6(dst, msg []byte, off, n int) []byte {
	var a [16]byte
	copy(a[max(16-n, 0):], msg[off:off+n])
	return netip.AddrFrom16(a).AppendTo(dst)
}

// hashText is base32 with the extended hex alphabet, which keeps the order. RFC 5155, 3.3
var hashText = base32.HexEncoding.WithPadding(base32.NoPadding)

func formatBase32(dst, msg []byte, off, n int) []byte {
	start := len(dst)
	dst = hashText.AppendEncode(dst, msg[off:off+n])
	for i := start; i < len(dst); i++ {
		if 'A' <= dst[i] && dst[i] <= 'Z' {
			dst[i] += 'a' - 'A'
		}
	}
	return dst
}

// formatBitmap prints the types of a bitmap in windows. RFC 4034, 4.1.2
func formatBitmap(dst, msg []byte, off, n int) []byte {
	b, start := msg[off:off+n], len(dst)
	for len(b) >= 2 {
		window, size := int(b[0]), int(b[1])
		b = b[2:]
		if size > len(b) || size > 32 {
			return field.AppendHex(dst[:start], msg[off:off+n])
		}
		dst = appendTypes(dst, start, window<<8, b[:size])
		b = b[size:]
	}
	return dst
}

// formatNXT prints the types of a bitmap without windows. RFC 2535, 5.2
func formatNXT(dst, msg []byte, off, n int) []byte {
	return appendTypes(dst, len(dst), 0, msg[off:off+min(n, 16)])
}

func appendTypes(dst []byte, start, first int, bits []byte) []byte {
	for i := range 8 * len(bits) {
		if bits[i/8]>>(7-i%8)&1 == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = append(dst, TypeName(uint16(first+i))...)
	}
	return dst
}
