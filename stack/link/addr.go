package link

import (
	"errors"
	"fmt"
)

// An Addr is a 48-bit hardware address (EUI-48). IEEE 802, 8.2
type Addr [6]byte

// Broadcast is the address of every station on the link.
var Broadcast = Addr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ErrAddr says that a text is not six hexadecimal octets.
var ErrAddr = errors.New("not a 48-bit hardware address such as 02:00:5e:10:00:01")

// IsMulticast tells whether the group bit is set; it is for Broadcast, too.
func (a Addr) IsMulticast() bool { return a[0]&1 != 0 }

// IsZero tells whether a is 00:00:00:00:00:00, which no station has.
func (a Addr) IsZero() bool { return a == Addr{} }

// String returns the address as 02:00:5e:10:00:01.
func (a Addr) String() string { return string(a.AppendText(make([]byte, 0, 17))) }

// AppendText appends the address as 02:00:5e:10:00:01.
func (a Addr) AppendText(dst []byte) []byte {
	const hex = "0123456789abcdef"
	for i, c := range a {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hex[c>>4], hex[c&15])
	}
	return dst
}

// ParseAddr reads an address as six pairs of hexadecimal digits with ':' or '-' between.
// It fails with ErrAddr.
func ParseAddr(s string) (Addr, error) {
	var a Addr
	if len(s) != 17 {
		return a, fmt.Errorf("%q: %w", s, ErrAddr)
	}
	for i := range a {
		hi, lo := nibble(s[3*i]), nibble(s[3*i+1])
		if hi > 15 || lo > 15 || (i > 0 && (s[3*i-1] != s[2] || s[2] != ':' && s[2] != '-')) {
			return Addr{}, fmt.Errorf("%q: %w", s, ErrAddr)
		}
		a[i] = hi<<4 | lo
	}
	return a, nil
}

func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// LocalAddr derives a unicast, locally administered address from a name: the same name
// has the same address on every run, so that a DHCP server knows it again.
func LocalAddr(name string) Addr {
	// FNV-1a, 64 bits: spreads short names well, and is no secret.
	h := uint64(14695981039346656037)
	for i := 0; i < len(name); i++ {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h ^= h >> 32
	return Addr{0x02, byte(h >> 32), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}
}
