package tcp

import (
	"encoding/binary"

	"httptap/stack/seq"
)

// Option kinds. IANA, "TCP Option Kind Numbers"
const (
	kindEnd           = 0
	kindNop           = 1
	kindMSS           = 2
	kindWindowScale   = 3
	kindSACKPermitted = 4
	kindSACK          = 5
	kindTimestamps    = 8
)

// maxShift is the largest window scale. RFC 7323, 2.3
const maxShift = 14

// options are what a segment's options say, those that the TCB acts on.
type options struct {
	mss    int // 0: none
	shift  uint8
	scaled bool // the window scale option is there
	sackOK bool
}

// parseOptions reads a segment's options. RFC 9293, 3.2: "TCP implementations MUST be prepared
// to handle an illegal option length (e.g., zero)": what was before it counts, the rest of the list is ignored.
func parseOptions(b []byte) (o options) {
	for len(b) > 0 {
		switch b[0] {
		case kindEnd:
			return o
		case kindNop:
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return o
		}
		v := b[2:b[1]]
		switch {
		case b[0] == kindMSS && len(v) == 2:
			o.mss = int(binary.BigEndian.Uint16(v))
		case b[0] == kindWindowScale && len(v) == 1:
			// RFC 7323, 2.3: "If a Window Scale option is received with a shift.cnt value
			// larger than 14, the TCP SHOULD log the error but MUST use 14".
			o.shift, o.scaled = min(v[0], maxShift), true
		case b[0] == kindSACKPermitted && len(v) == 0:
			o.sackOK = true
		}
		b = b[b[1]:]
	}
	return o
}

// putSynOptions writes the options of a SYN into b and returns their length: the MSS, and what
// else both sides may use.
func putSynOptions(b []byte, mss int, shift uint8, scale, sack bool) int {
	n := copy(b, []byte{kindMSS, 4, byte(mss >> 8), byte(mss)})
	if scale {
		n += copy(b[n:], []byte{kindNop, kindWindowScale, 3, shift})
	}
	if sack {
		n += copy(b[n:], []byte{kindNop, kindNop, kindSACKPermitted, 2})
	}
	return n
}

// maxSACK is how many blocks fit beside nothing else. RFC 2018, 3
const maxSACK = 4

// putSACK writes a SACK option with the given blocks and returns its length.
func putSACK(b []byte, blocks []block) int {
	if len(blocks) == 0 {
		return 0
	}
	n := copy(b, []byte{kindNop, kindNop, kindSACK, byte(2 + 8*len(blocks))})
	for _, k := range blocks {
		binary.BigEndian.PutUint32(b[n:], uint32(k.from))
		binary.BigEndian.PutUint32(b[n+4:], uint32(k.to))
		n += 8
	}
	return n
}

// A block is a run of sequence numbers, to not included.
type block struct{ from, to seq.Value }
