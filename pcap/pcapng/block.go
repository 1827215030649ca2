package pcapng

import (
	"encoding/binary"
	"unicode/utf8"
)

// Types of blocks. Section 11.1
const (
	TypeSection      = 0x0a0d0d0a
	TypeInterface    = 1
	TypeOldPacket    = 2 // obsolete; appendix A
	TypeSimplePacket = 3
	TypeNames        = 4
	TypeStatistics   = 5
	TypePacket       = 6
	TypeJournal      = 9 // of systemd
	TypeSecrets      = 10
	TypeCustom       = 0xbad
	TypeCustomNoCopy = 0x40000bad // not to be copied by who changes the file
)

// Options that every block may have. Section 3.5
const (
	optEnd     = 0
	optComment = 1
)

// maxOption is the length in bytes of the longest option value. The field has 16 bits, and there are
// readers, gopacket among them, that add the padding in as many.
const maxOption = 1<<16 - 4

var le = binary.LittleEndian

// begin appends a block's type and room for its length.
func begin(dst []byte, typ uint32) []byte {
	return le.AppendUint32(le.AppendUint32(dst, typ), 0)
}

// end appends the length of the block that began at start, and puts it behind the type, too. Section
// 3.1: "This field is duplicated to permit backward file navigation."
func end(dst []byte, start int) []byte {
	n := uint32(len(dst) - start + 4)
	le.PutUint32(dst[start+4:], n)
	return le.AppendUint32(dst, n)
}

// pad appends zeros up to the next multiple of 4 from start on: everything in a block is aligned so.
func pad(dst []byte, start int) []byte {
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	return dst
}

// appendText appends an option with text, unless that is empty.
func appendText[T string | []byte](dst []byte, code uint16, text T) []byte {
	if len(text) == 0 {
		return dst
	}
	dst = le.AppendUint16(le.AppendUint16(dst, code), 0)
	start := len(dst)
	s := text
	for len(s) > 0 {
		r, n := decodeRune(s)
		if len(dst)-start+utf8.RuneLen(r) > maxOption {
			break
		}
		dst = utf8.AppendRune(dst, r)
		s = s[n:]
	}
	le.PutUint16(dst[start-2:], uint16(len(dst)-start))
	return pad(dst, start)
}

func decodeRune[T string | []byte](s T) (rune, int) {
	if c := s[0]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s)])
}

// appendUint64 appends an option with a number.
func appendUint64(dst []byte, code uint16, v uint64) []byte {
	return le.AppendUint64(le.AppendUint16(le.AppendUint16(dst, code), 8), v)
}

// appendTime appends an option with a time. Section 4.6: "The format of the timestamp is the same as the
// one defined in the Enhanced Packet Block".
func appendTime(dst []byte, code uint16, nanos int64) []byte {
	return putTime(le.AppendUint16(le.AppendUint16(dst, code), 8), nanos)
}

// putTime appends a time, the upper half first whatever the byte order is. Section 4.3
func putTime(dst []byte, nanos int64) []byte {
	return le.AppendUint32(le.AppendUint32(dst, uint32(uint64(nanos)>>32)), uint32(nanos))
}

// endOptions ends a list of options that began at start, unless it is empty.
func endOptions(dst []byte, start int) []byte {
	if len(dst) == start {
		return dst
	}
	return le.AppendUint32(dst, optEnd)
}
