package dhcpv6

import (
	"encoding/binary"
	"strconv"
	"time"

	"httptap/stack/field"
)

// formatName prints what an option is called.
func formatName(dst, msg []byte, off, n int) []byte {
	if n < 2 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	code := uint64(binary.BigEndian.Uint16(msg[off:]))
	if name := optionNames[code]; name != "" {
		return append(dst, name...)
	}
	return strconv.AppendUint(append(dst, "DHCP option "...), code, 10)
}

// formatTime prints seconds since 2000. RFC 8415, 11.2: "since midnight (UTC), January 1, 2000, modulo 2^32".
func formatTime(dst, msg []byte, off, n int) []byte {
	if n < 4 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	const from1970 = 946684800
	return time.Unix(from1970+int64(binary.BigEndian.Uint32(msg[off:])), 0).UTC().AppendFormat(dst, time.RFC3339)
}

// formatAddr prints a hardware address.
func formatAddr(dst, msg []byte, off, n int) []byte {
	for i, b := range msg[off : off+n] {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = field.AppendHex(dst, []byte{b})
	}
	return dst
}

// formatDomain prints a domain name, with the point of the root where it has one.
func formatDomain(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	for at := 0; at < len(b); {
		k := int(b[at])
		at++
		if k == 0 {
			if len(b) == 1 {
				dst = append(dst, '.')
			}
			break
		}
		if k > 63 || at+k > len(b) {
			return field.AppendHex(dst, b)
		}
		for _, c := range b[at : at+k] {
			switch {
			case c == '.' || c == '\\':
				dst = append(dst, '\\', c)
			case c <= ' ' || c > '~':
				dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
			default:
				dst = append(dst, c)
			}
		}
		at += k
		if at < len(b) || k == 0 {
			dst = append(dst, '.')
		}
	}
	return dst
}
