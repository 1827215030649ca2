package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"httptap/stack/link"
)

// batch is how many frames are moved in one call.
const batch = 64

// A Poller is a device that can say whether a frame is there, so that whoever has sent it one can look for
// the answer at once: a kernel behind a TAP has often answered before the call that wrote returns, and
// nobody has to be woken to find that out.
type Poller interface {
	link.Device
	// PollFrames is ReadFrames that does not wait: it returns 0 when no frame is there.
	PollFrames(bufs [][]byte, sizes []int) (n int, err error)
	// WaitFrames returns when PollFrames may find a frame, or with net.ErrClosed. One goroutine calls it.
	WaitFrames() error
	// Hold keeps WaitFrames from returning for frames until Release, because the caller will look for them.
	Hold()
	Release()
}

// Serve joins a device to a port: frames from the one go to the other until the device or the
// port is closed, or the device's reads fail. It closes both and returns the device's error.
func Serve(dev link.Device, p *Port) error {
	var writer sync.WaitGroup
	writer.Go(func() {
		p.writeTo(dev)
		dev.Close() // the port is closed: end the read, too
	})
	err := p.readFrom(dev)
	p.Close()
	dev.Close()
	writer.Wait()
	return err
}

func (p *Port) readFrom(dev link.Device) error {
	r := newReader(p, dev)
	poller, ok := dev.(Poller)
	if !ok {
		for {
			if _, err := r.move(dev.ReadFrames); err != nil {
				return err
			}
		}
	}
	p.Look(Look{Before: poller.Hold, After: func() { r.look(poller) }})
	defer p.Look(Look{})
	for {
		n, err := r.poll(poller)
		if err == nil && n == 0 {
			err = poller.WaitFrames()
		}
		if err != nil {
			return err
		}
	}
}

// A reader moves frames from a device to its port.
type reader struct {
	mu     sync.Mutex // held until the frames are switched: so they stay in order
	port   *Port
	bufs   [][]byte
	sizes  []int
	frames [][]byte
}

func newReader(p *Port, dev link.Device) *reader {
	return &reader{port: p, bufs: link.Buffers(batch, dev.Info().FrameLen()), sizes: make([]int, batch), frames: make([][]byte, 0, batch)}
}

// move moves what a call of read finds, and returns how many frames that were.
func (r *reader) move(read func([][]byte, []int) (int, error)) (int, error) {
	n, err := read(r.bufs, r.sizes)
	if n == 0 || err != nil {
		return 0, err
	}
	frames := r.frames[:0]
	for i := range n {
		frames = append(frames, r.bufs[i][:r.sizes[i]])
	}
	return n, r.port.SendAll(frames)
}

func (r *reader) poll(dev Poller) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.move(dev.PollFrames)
}

// look is what a sender does that has handed frames over. Errors the port's own goroutine finds, too.
func (r *reader) look(dev Poller) {
	defer dev.Release()
	if r.mu.TryLock() { // or else somebody is at it
		defer r.mu.Unlock()
		r.move(dev.PollFrames)
	}
}

func (p *Port) writeTo(dev link.Device) {
	w := newWriter(p, dev)
	if p.cfg.Prompt {
		p.Prompt(func() { w.batch() }) // that the port is closed its own goroutine finds out, too
	}
	for p.Wait(context.Background()) == nil {
		var err error
		p.Emptying(func() { err = w.batch() })
		if err != nil {
			return
		}
	}
}

// A writer moves frames from a port's queue to its device. It has one user at a time.
type writer struct {
	port    *Port
	dev     link.Device
	bufs    [][]byte
	sizes   []int
	frames  [][]byte
	refused int // since the device took all of a batch
}

func newWriter(p *Port, dev link.Device) *writer {
	return &writer{port: p, dev: dev, bufs: link.Buffers(batch, dev.Info().FrameLen()), sizes: make([]int, batch), frames: make([][]byte, 0, batch)}
}

// batch moves what is queued, 64 frames at most. It fails when the port is closed.
func (w *writer) batch() error {
	n, err := w.port.Poll(w.bufs, w.sizes)
	if err != nil {
		return err
	}
	frames := w.frames[:0]
	for i := range n {
		frames = append(frames, w.bufs[i][:w.sizes[i]])
	}
	log, before := w.port.hub.cfg.Log, w.refused
	for len(frames) > 0 {
		sent, err := w.dev.WriteFrames(frames)
		if err == nil {
			break
		}
		if w.refused == 0 && !errors.Is(err, net.ErrClosed) {
			log.Warn("the device refuses frames", "port", w.port.Name(), "err", err)
		}
		w.refused++
		w.port.writeFailed()
		frames = frames[min(sent+1, len(frames)):]
	}
	if n > 0 && w.refused > 0 && w.refused == before {
		log.Info("the device takes frames again", "port", w.port.Name(), "refused", w.refused)
		w.refused = 0
	}
	return nil
}

// Device returns the port as a link.Device with hardware address hw: what a stack.Host runs on.
func (p *Port) Device(hw link.Addr) link.Device {
	return &portDevice{port: p, hw: hw}
}

type portDevice struct {
	port *Port
	hw   link.Addr
}

func (d *portDevice) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	return d.port.Read(context.Background(), bufs, sizes)
}

func (d *portDevice) WriteFrames(frames [][]byte) (int, error) {
	n, err := d.port.Send(frames...)
	if errors.Is(err, ErrShort) || errors.Is(err, ErrLong) {
		err = fmt.Errorf("%w: %w", link.ErrFrameSize, err)
	}
	return n, err
}

func (d *portDevice) Info() link.Info {
	return link.Info{HardwareAddr: d.hw, MTU: d.port.hub.MTU(), Name: d.port.Name()}
}

func (d *portDevice) Close() error { return d.port.Close() }
