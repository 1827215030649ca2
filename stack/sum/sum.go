// Package sum computes the Internet checksum of RFC 1071: the 16-bit one's complement of
// the one's complement sum of all 16-bit words.
package sum

import (
	"encoding/binary"
	"math/bits"
)

// A Partial is an unfolded one's complement sum. Partials of even-length pieces add up.
type Partial uint64

// Add returns p plus the words of b; an odd last byte counts as if a zero byte followed,
// so only the last piece of a message may be of odd length.
//
// RFC 1071, 2(B): "The sum of 16-bit integers can be computed in either byte order": the words are
// added as the machine loads them fastest, little-endian, and the bytes of the sum swapped at the
// end. 2(C): wider words may be added and folded at the end. So eight bytes are added at once.
func (p Partial) Add(b []byte) Partial {
	// Two sums, because an addition with carry waits for the one before it, and the processor does
	// two such chains at once. Their carries are counted aside.
	var a, a2, carries, carries2, c uint64
	for len(b) >= 128 {
		w := b[:128:128]
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[0:8]), 0)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[8:16]), c)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[16:24]), c)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[24:32]), c)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[32:40]), c)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[40:48]), c)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[48:56]), c)
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(w[56:64]), c)
		carries, _ = bits.Add64(carries, 0, c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[64:72]), 0)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[72:80]), c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[80:88]), c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[88:96]), c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[96:104]), c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[104:112]), c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[112:120]), c)
		a2, c = bits.Add64(a2, binary.LittleEndian.Uint64(w[120:128]), c)
		carries2, _ = bits.Add64(carries2, 0, c)
		b = b[128:]
	}
	a, c = bits.Add64(a, a2, 0)
	a, c = bits.Add64(a, carries+carries2, c)
	for len(b) >= 8 {
		a, c = bits.Add64(a, binary.LittleEndian.Uint64(b), c)
		b = b[8:]
	}
	if n := len(b); n > 0 {
		var tail uint64
		if n&4 != 0 {
			tail = uint64(binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
		if n&2 != 0 {
			tail |= uint64(binary.LittleEndian.Uint16(b)) << (8 * (n & 4))
			b = b[2:]
		}
		if n&1 != 0 {
			tail |= uint64(b[0]) << (8 * (n & 6))
		}
		a, c = bits.Add64(a, tail, c)
	}
	a, c = bits.Add64(a, 0, c)
	a += c
	// The swapped sum of 16 bits is the sum of the swapped words; the caller's order is big-endian.
	v := a>>32 + a&0xffffffff
	v = v>>32 + v&0xffffffff
	v = v>>16 + v&0xffff
	v = v>>16 + v&0xffff
	s, c := bits.Add64(uint64(p), uint64(bits.ReverseBytes16(uint16(v))), 0)
	return Partial(s + c)
}

// Add16 returns p plus one 16-bit word.
func (p Partial) Add16(v uint16) Partial {
	a, c := bits.Add64(uint64(p), uint64(v), 0)
	return Partial(a + c)
}

// Checksum folds the sum to 16 bits and returns its one's complement: what goes into the
// checksum field, or zero when the summed bytes include a correct checksum.
func (p Partial) Checksum() uint16 {
	v := uint64(p)
	v = v>>32 + v&0xffffffff
	v = v>>32 + v&0xffffffff
	v = v>>16 + v&0xffff
	v = v>>16 + v&0xffff
	return ^uint16(v)
}

// Pseudo4 returns the sum of the IPv4 pseudo-header that TCP and UDP checksums cover:
// addresses, protocol and the transport length n in bytes. RFC 9293, 3.1; RFC 768
func Pseudo4(src, dst [4]byte, protocol uint8, n int) Partial {
	return Partial(uint64(binary.BigEndian.Uint32(src[:])) + uint64(binary.BigEndian.Uint32(dst[:])) +
		uint64(protocol) + uint64(n))
}

// Pseudo6 returns the sum of the IPv6 pseudo-header. RFC 8200, 8.1
func Pseudo6(src, dst [16]byte, next uint8, n int) Partial {
	return Partial(0).Add(src[:]).Add(dst[:]).Add16(uint16(n >> 16)).Add16(uint16(n)).Add16(uint16(next))
}
