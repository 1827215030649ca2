package tcp

import (
	"encoding/binary"
	"time"

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
	kindUserTimeout   = 28
)

// maxShift is the largest window scale. RFC 7323, 2.3
const maxShift = 14

// A block is a run of sequence numbers, to not included.
type block struct{ from, to seq.Value }

// maxSACK is how many blocks fit beside nothing else. RFC 2018, 3
const maxSACK = 4

// lastRuns are the runs that grew last, the newest first.
type lastRuns [maxSACK]block

// options are what a segment's options say, those that the TCB acts on.
type options struct {
	mss          int // 0: none
	shift        uint8
	scaled       bool // the window scale option is there
	sackOK       bool
	stamped      bool // the timestamps option is there
	tsval, tsecr uint32
	userTimeout  time.Duration // 0: none
	blocks       [maxSACK]block
	sacked       int // how many of them there are
}

// timestampsWord is the usual beginning of a segment's options: two NOPs and the timestamps
// option. RFC 7323, appendix A
const timestampsWord = kindNop<<24 | kindNop<<16 | kindTimestamps<<8 | 10

// timestampsLen is the length of the timestamps option with the NOPs before it.
const timestampsLen = 12

// parse reads a segment's options. RFC 9293, 3.1: "TCP implementations MUST be prepared to
// handle an illegal option length (e.g., zero)": what was before it counts, the rest of the list
// is ignored.
func (o *options) parse(b []byte) {
	*o = options{}
	if len(b) == timestampsLen && binary.BigEndian.Uint32(b) == timestampsWord {
		o.stamped, o.tsval, o.tsecr = true, binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		return
	}
	for len(b) > 0 {
		switch b[0] {
		case kindEnd:
			return
		case kindNop:
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		o.one(b[0], b[2:b[1]])
		b = b[b[1]:]
	}
}

// one takes the option of the given kind with the data v. One of another length than its RFC
// gives is ignored.
func (o *options) one(kind byte, v []byte) {
	switch {
	case kind == kindMSS && len(v) == 2:
		o.mss = int(binary.BigEndian.Uint16(v))
	case kind == kindWindowScale && len(v) == 1:
		// RFC 7323, 2.3: "If a Window Scale option is received with a shift.cnt value
		// larger than 14, the TCP SHOULD log the error but MUST use 14".
		o.shift, o.scaled = min(v[0], maxShift), true
	case kind == kindSACKPermitted && len(v) == 0:
		o.sackOK = true
	case kind == kindTimestamps && len(v) == 8:
		o.stamped, o.tsval, o.tsecr = true, binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
	case kind == kindUserTimeout && len(v) == 2:
		o.userTimeout = userTimeoutOf(binary.BigEndian.Uint16(v))
	case kind == kindSACK && len(v)%8 == 0:
		for ; len(v) > 0 && o.sacked < maxSACK; v = v[8:] {
			o.blocks[o.sacked] = block{seq.Value(binary.BigEndian.Uint32(v)), seq.Value(binary.BigEndian.Uint32(v[4:]))}
			o.sacked++
		}
	}
}

// putSynOptions writes what of o a SYN says into b and returns the length: the MSS, and what
// else both sides may use.
func putSynOptions(b []byte, o options) int {
	n := copy(b, []byte{kindMSS, 4, byte(o.mss >> 8), byte(o.mss)})
	switch {
	case o.stamped && o.sackOK: // SACK-permitted fills the place of the two NOPs
		n += copy(b[n:], []byte{kindSACKPermitted, 2, kindTimestamps, 10})
		n += putStamps(b[n:], o)
	case o.stamped:
		n += copy(b[n:], []byte{kindNop, kindNop, kindTimestamps, 10})
		n += putStamps(b[n:], o)
	case o.sackOK:
		n += copy(b[n:], []byte{kindNop, kindNop, kindSACKPermitted, 2})
	}
	if o.scaled {
		n += copy(b[n:], []byte{kindNop, kindWindowScale, 3, o.shift})
	}
	if o.userTimeout > 0 {
		n += putUserTimeout(b[n:], o.userTimeout)
	}
	return n
}

func putStamps(b []byte, o options) int {
	binary.BigEndian.PutUint32(b, o.tsval)
	binary.BigEndian.PutUint32(b[4:], o.tsecr)
	return 8
}

// putTimestamps writes the timestamps option as every segment but a SYN has it.
func putTimestamps(b []byte, tsval, tsecr uint32) int {
	binary.BigEndian.PutUint32(b, timestampsWord)
	binary.BigEndian.PutUint32(b[4:], tsval)
	binary.BigEndian.PutUint32(b[8:], tsecr)
	return timestampsLen
}

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
