package relay

import (
	"encoding/binary"
	"fmt"

	"httptap/httptap/api"
	"httptap/stack/link"
)

// A framing is how a stream says where a frame ends.
type framing int

const (
	lengths4 framing = iota // 4 bytes big-endian before each frame: QEMU's -netdev stream, passt
	lengths2                // 2 bytes little-endian: HyperKit, and gvisor-tap-vsock's /connect
)

// len returns how many bytes are before a frame.
func (f framing) len() int {
	if f == lengths2 {
		return 2
	}
	return api.StreamLengthLen
}

// length reads the bytes before a frame.
func (f framing) length(b []byte) uint32 {
	if f == lengths2 {
		return uint32(binary.LittleEndian.Uint16(b))
	}
	return binary.BigEndian.Uint32(b)
}

// append appends a frame behind its length. Both framings have room for any frame: its MTU is 65521
// at most.
func (f framing) append(b, frame []byte) []byte {
	if f == lengths2 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(frame)))
	} else {
		b = binary.BigEndian.AppendUint32(b, uint32(len(frame)))
	}
	return append(b, frame...)
}

// cut appends the frames at the start of b to frames, as views of b, and returns how many bytes
// they take. It fails with errShort or errLong when the next length is none of a frame.
func (f framing) cut(frames [][]byte, b []byte, longest int) (_ [][]byte, used int, err error) {
	for len(b)-used >= f.len() {
		n := f.length(b[used:])
		switch {
		case n < link.HeaderLen:
			return frames, used, fmt.Errorf("%w: %d", errShort, n)
		case uint64(n) > uint64(longest):
			return frames, used, fmt.Errorf("%w: %d, the limit is %d", errLong, n, longest)
		}
		start := used + f.len()
		end := start + int(n)
		if end > len(b) {
			break
		}
		frames = append(frames, b[start:end:end])
		used = end
	}
	return frames, used, nil
}
