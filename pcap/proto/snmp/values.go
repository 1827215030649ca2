package snmp

import (
	"strconv"

	"httptap/stack/field"
)

// tagNames are what types are called.
var tagNames = map[byte]string{tagInteger: "INTEGER", tagOctetString: "OCTET STRING", tagNull: "NULL", tagOID: "OBJECT IDENTIFIER", tagSequence: "SEQUENCE",
	0x40: "IpAddress", 0x41: "Counter32", 0x42: "Gauge32", 0x43: "TimeTicks", 0x44: "Opaque", 0x46: "Counter64", 0x80: "noSuchObject", 0x81: "noSuchInstance", 0x82: "endOfMibView"}

// formatHeader prints "SEQUENCE, 39 bytes".
func formatHeader(dst, msg []byte, off, n int) []byte {
	if n < 2 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	switch name := tagNames[msg[off]]; {
	case name != "":
		dst = append(dst, name...)
	case msg[off]&0xe0 == tagPDU:
		dst = append(strconv.AppendInt(append(dst, '['), int64(msg[off]&0x1f), 10), ']')
	default:
		dst = field.AppendHex(append(dst, "type 0x"...), msg[off:off+1])
	}
	length := uint64(msg[off+1])
	if length >= 0x80 {
		length = 0
		for _, v := range msg[off+2 : off+n] {
			length = length<<8 | uint64(v)
		}
	}
	return append(strconv.AppendUint(append(dst, ", "...), length, 10), " bytes"...)
}

// formatPDU prints which message it is, and the number that its type has.
func formatPDU(dst, msg []byte, off, n int) []byte {
	if n == 0 {
		return dst
	}
	k := msg[off] & 0x1f
	if int(k) < len(pdus) {
		dst = append(append(dst, pdus[k].name...), " ("...)
		return append(strconv.AppendUint(dst, uint64(k), 10), ')')
	}
	return strconv.AppendUint(dst, uint64(k), 10)
}

// formatData prints whether a message is encrypted.
func formatData(dst, msg []byte, off, n int) []byte {
	if n > 0 && msg[off] == tagOctetString {
		return append(dst, "encryptedPDU (1)"...)
	}
	return append(dst, "plaintext (0)"...)
}

// formatCount prints how many values there are.
func formatCount(dst, msg []byte, off, n int) []byte {
	count := 0
	for at := off; at < off+n; count++ {
		head, length, ok := measure(msg[at : off+n])
		if !ok || head == 0 {
			break
		}
		at += head + length
	}
	return strconv.AppendInt(dst, int64(count), 10)
}

// formatOctets prints text as text, and the rest in hexadecimal.
func formatOctets(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\n' && c != '\r' && c != '\t' {
			return field.AppendHex(dst, b)
		}
	}
	return field.AppendQuoted(dst, b)
}

// formatOID prints an object identifier. X.690, 8.19.4: the first number is 40 times the first one and the second.
func formatOID(dst, msg []byte, off, n int) []byte {
	first := true
	var v uint64
	for _, c := range msg[off : off+n] {
		if v>>57 != 0 {
			return field.AppendHex(dst, msg[off:off+n]) // no number that anybody uses
		}
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			dst = strconv.AppendUint(dst, top, 10)
			v -= 40 * top
			first = false
		}
		dst = strconv.AppendUint(append(dst, '.'), v, 10)
		v = 0
	}
	return dst
}
