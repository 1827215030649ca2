package link

import "fmt"

// A Device moves whole Ethernet frames, several a call, because one call a frame is what
// limits every TAP and every relay. Frames have no FCS and no preamble.
//
// One goroutine may read while another writes and a third closes.
type Device interface {
	// ReadFrames blocks until at least one frame is there, then fills bufs[i][:sizes[i]]
	// with up to len(bufs) frames and returns how many. A frame longer than its buffer is
	// dropped and counted by the device, never cut. Close unblocks it with net.ErrClosed.
	ReadFrames(bufs [][]byte, sizes []int) (n int, err error)

	// WriteFrames sends frames in order and keeps none of them. It returns how many it
	// sent; err is not nil when n < len(frames). It fails with ErrFrameSize for a frame
	// under HeaderLen or over MTU+HeaderLen bytes and with net.ErrClosed after Close.
	WriteFrames(frames [][]byte) (n int, err error)

	// Info says what the device is; it is the same for the device's whole life.
	Info() Info

	// Close ends all calls in progress with net.ErrClosed. A second Close does nothing.
	Close() error
}

// HeaderLen is the length of an Ethernet II header in bytes. IEEE 802.3, 3.1.1
const HeaderLen = 14

// Info describes a Device.
type Info struct {
	HardwareAddr Addr   // the address a host on this device is to use
	MTU          int    // largest payload of a frame in bytes; a frame has HeaderLen more
	Name         string // for people: "tap0", "http://127.0.0.1:7070"
}

// Fit returns how many of the first frames the device takes, and ErrFrameSize for the one behind them
// that is too short or too long.
func (i Info) Fit(frames [][]byte) (n int, err error) {
	for ; n < len(frames); n++ {
		if k := len(frames[n]); k < HeaderLen || k > i.FrameLen() {
			return n, fmt.Errorf("%w: %d bytes", ErrFrameSize, k)
		}
	}
	return n, nil
}

// FrameLen is the length in bytes of the longest frame that the device takes.
func (i Info) FrameLen() int { return i.MTU + HeaderLen }

// Buffers returns n buffers of size bytes for ReadFrames, in one piece of memory.
func Buffers(n, size int) [][]byte {
	mem, bufs := make([]byte, n*size), make([][]byte, n)
	for i := range bufs {
		bufs[i] = mem[i*size : (i+1)*size : (i+1)*size]
	}
	return bufs
}
