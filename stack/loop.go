package stack

import (
	"net"
	"time"

	"httptap/stack/link"
)

// batch is how many frames go to or come from the device in one call.
const batch = 64

// start runs the two goroutines of the host: one reads frames, one writes them. Both sleep
// until there is something to do: an idle host uses no CPU.
func (h *Host) start(info link.Info) {
	h.loops.Add(2)
	go h.receiveLoop(info)
	go h.transmitLoop(info)
}

func (h *Host) receiveLoop(info link.Info) {
	defer h.loops.Done()
	bufs, sizes := link.Buffers(batch, info.FrameLen()), make([]int, batch)
	for {
		n, err := h.cfg.Device.ReadFrames(bufs, sizes)
		now := time.Now()
		h.mu.Lock()
		for i := range n {
			h.e.receive(now, bufs[i][:sizes[i]])
		}
		if err != nil {
			h.fail(err)
		}
		stop := h.err != nil
		h.kick()
		h.mu.Unlock()
		if stop {
			return
		}
	}
}

func (h *Host) transmitLoop(info link.Info) {
	defer h.loops.Done()
	bufs := link.Buffers(batch, info.FrameLen())
	frames := make([][]byte, 0, batch)
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.err == nil {
		frames = frames[:0]
		now := time.Now()
		for len(frames) < batch {
			b := bufs[len(frames)]
			n := h.e.transmit(now, b)
			if n == 0 {
				break
			}
			frames = append(frames, b[:n])
		}
		if len(frames) == 0 {
			h.sleep()
			continue
		}
		h.mu.Unlock()
		lost := h.write(frames)
		h.mu.Lock()
		h.e.stats.WriteErrors += uint64(lost)
		h.written += uint64(len(frames))
		if h.e.release.wanted {
			h.news.Broadcast()
		}
	}
	if h.txTimer != nil {
		h.txTimer.Stop()
	}
}

// write hands frames to the device and returns how many of them it refused. A frame that is
// refused is lost, as on any link; the ones behind it are tried nevertheless.
func (h *Host) write(frames [][]byte) (lost int) {
	for len(frames) > 0 {
		n, err := h.cfg.Device.WriteFrames(frames)
		if err == nil {
			return lost
		}
		if n >= len(frames) {
			return lost
		}
		lost++
		frames = frames[n+1:]
		if err == net.ErrClosed {
			return lost + len(frames)
		}
	}
	return lost
}

// sleep waits for a kick or for the engine's deadline. The mutex is held.
func (h *Host) sleep() {
	if d := h.e.deadline(); !d.IsZero() && (h.txWake.IsZero() || d.Before(h.txWake)) {
		// A timer that is set too early only costs a look; so it is never moved back.
		h.txWake = d
		wait := max(time.Until(d), 0)
		if h.txTimer == nil {
			h.txTimer = time.AfterFunc(wait, h.alarm)
		} else {
			h.txTimer.Reset(wait)
		}
	}
	h.tx.Wait()
}

func (h *Host) alarm() {
	h.mu.Lock()
	h.txWake = time.Time{}
	h.tx.Signal()
	h.mu.Unlock()
}

// kick lets the transmitting goroutine look for frames to send. The mutex is held.
func (h *Host) kick() { h.tx.Signal() }
