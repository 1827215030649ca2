package capture

import (
	"encoding/binary"
	"math"
	"time"

	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// A record is how a frame lies in the ring, little-endian. All that is known of it is in the record
// itself, so that nothing has to be kept beside the ring.
//
//	 0 length of the record      17 length of the kind     24 length before it was cut
//	 4 length of the frame       18 length of the name     28 the bit that was turned
//	 8 ns since 1970             19 length of the target   32 delay in ns
//	16 flags                     20 length of the note     40 kind, name, target, note, frame
const recordHeader = 40

// Flags of a record.
const (
	flagOut = 1 << iota
	flagLost
	flagTooLong
	flagQueueFull
	flagFlipped
	flagHeld
	flagSecond
	flagTarget // the frame went to one port
)

const (
	maxName = math.MaxUint8
	maxNote = math.MaxUint16
)

var le = binary.LittleEndian

// entry is what becomes a record.
type entry struct {
	kind, name, target string
	note               string
	*hub.Event
}

func makeEntry(e *hub.Event, note string) entry {
	n := entry{kind: short(string(e.Port.Kind())), name: short(e.Port.Name()), note: note[:min(len(note), maxNote)], Event: e}
	if e.To != nil {
		n.target = short(e.To.Name())
	}
	return n
}

func short(s string) string { return s[:min(len(s), maxName)] }

func (e *entry) len() int {
	return recordHeader + len(e.kind) + len(e.name) + len(e.target) + len(e.note) + len(e.Frame)
}

// header returns the part of fixed length.
func (e *entry) header() (h [recordHeader]byte) {
	le.PutUint32(h[0:], uint32(e.len()))
	le.PutUint32(h[4:], uint32(len(e.Frame)))
	le.PutUint64(h[8:], uint64(e.At.UnixNano()))
	for _, f := range [...]struct {
		is   bool
		flag byte
	}{
		{e.Out, flagOut}, {e.Fate.Lost, flagLost}, {e.Fate.TooLong, flagTooLong}, {e.Fate.QueueFull, flagQueueFull},
		{e.Fate.Flipped, flagFlipped}, {e.Fate.Held, flagHeld}, {e.Fate.Second, flagSecond}, {e.To != nil, flagTarget},
	} {
		if f.is {
			h[16] |= f.flag
		}
	}
	h[17], h[18], h[19] = byte(len(e.kind)), byte(len(e.name)), byte(len(e.target))
	le.PutUint16(h[20:], uint16(len(e.note)))
	le.PutUint32(h[24:], uint32(e.Fate.Was))
	le.PutUint32(h[28:], uint32(e.Fate.Bit))
	le.PutUint64(h[32:], uint64(e.Fate.Delay))
	return h
}

// A Frame is one that was recorded. Its bytes are valid until the next one is read.
type Frame struct {
	Nanos    int64  // when the switch had it, in ns since 1970
	Kind     []byte // of the port: hub.Kind
	Port     []byte // the name of the port that it was seen at
	Out      bool   // on its way out of the switch; else it came in there
	Targeted bool   // it went to one port, Target; else to all, or nowhere
	Target   []byte
	Fate     link.Fate
	Note     []byte // what its sender says of it
	Bytes    []byte
}

// parse takes the record at the start of b, which is whole, apart.
func (f *Frame) parse(b []byte) {
	flags := b[16]
	*f = Frame{
		Nanos: int64(le.Uint64(b[8:])), Out: flags&flagOut != 0, Targeted: flags&flagTarget != 0,
		Fate: link.Fate{
			Lost: flags&flagLost != 0, TooLong: flags&flagTooLong != 0, QueueFull: flags&flagQueueFull != 0,
			Flipped: flags&flagFlipped != 0, Held: flags&flagHeld != 0, Second: flags&flagSecond != 0,
			Was: int(le.Uint32(b[24:])), Bit: int(le.Uint32(b[28:])), Delay: time.Duration(le.Uint64(b[32:])),
		},
	}
	rest := b[recordHeader:]
	cut := func(n int) []byte {
		part := rest[:n:n]
		rest = rest[n:]
		return part
	}
	f.Kind, f.Port, f.Target = cut(int(b[17])), cut(int(b[18])), cut(int(b[19]))
	f.Note = cut(int(le.Uint16(b[20:])))
	f.Bytes = cut(int(le.Uint32(b[4:])))
}
