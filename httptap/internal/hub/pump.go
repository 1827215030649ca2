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

func buffers(size int) ([][]byte, []int) {
	mem, bufs := make([]byte, batch*size), make([][]byte, batch)
	for i := range bufs {
		bufs[i] = mem[i*size : (i+1)*size : (i+1)*size]
	}
	return bufs, make([]int, batch)
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
	bufs, sizes := buffers(dev.Info().FrameLen())
	frames := make([][]byte, 0, batch)
	for {
		n, err := dev.ReadFrames(bufs, sizes)
		if err != nil {
			return err
		}
		frames = frames[:0]
		for i := range n {
			frames = append(frames, bufs[i][:sizes[i]])
		}
		if err := p.SendAll(frames); err != nil {
			return err
		}
	}
}

func (p *Port) writeTo(dev link.Device) {
	bufs, sizes := buffers(dev.Info().FrameLen())
	frames := make([][]byte, 0, batch)
	refused := 0 // since it took all of a batch
	for {
		n, err := p.Read(context.Background(), bufs, sizes)
		if err != nil {
			return
		}
		frames = frames[:0]
		for i := range n {
			frames = append(frames, bufs[i][:sizes[i]])
		}
		before := refused
		for len(frames) > 0 {
			sent, err := dev.WriteFrames(frames)
			if err == nil {
				break
			}
			if refused == 0 && !errors.Is(err, net.ErrClosed) {
				p.hub.cfg.Log.Warn("the device refuses frames", "port", p.Name(), "err", err)
			}
			refused++
			p.writeFailed()
			frames = frames[min(sent+1, len(frames)):]
		}
		if refused > 0 && refused == before {
			p.hub.cfg.Log.Info("the device takes frames again", "port", p.Name(), "refused", refused)
			refused = 0
		}
	}
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
