package link

import (
	"errors"
	"net"
	"sync"
	"time"
)

// An Impaired is a Device whose outgoing frames are lost, doubled, reordered, spoilt and late as
// its configuration says. Wrapping both ends of a link makes both directions bad. It has neither
// a goroutine nor a timer while nothing is delayed.
type Impaired struct {
	Device

	mu      sync.Mutex
	line    *Line
	plain   bool // nothing is done to frames
	sending bool // somebody writes to the device, without the mutex: there is one writer at a time
	err     error
	through uint64 // frames that passed beside the line
	refused uint64
	out     [][]byte // outBatch buffers, and the frames that are written from them
	frames  [][]byte
	timer   *time.Timer
	wake    time.Time // when timer fires; zero: it does not
}

// outBatch is how many frames that were delayed go to the device in one call.
const outBatch = 32

// Impair wraps d. What is in flight when the device is closed is dropped. cfg has to be one that
// its Check finds right.
func Impair(d Device, cfg ImpairConfig) *Impaired {
	return &Impaired{Device: d, line: NewLine(cfg), plain: cfg.IsZero()}
}

// Set changes what is done to frames from now on. What is in flight stays so, and in order, and
// the verdicts of the new seed begin.
func (m *Impaired) Set(cfg ImpairConfig) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.line.Set(cfg)
	m.plain = cfg.IsZero()
	return nil
}

// Stats returns the counters.
func (m *Impaired) Stats() ImpairStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.line.Stats()
	s.Frames += m.through
	s.Passed += m.through
	s.Refused = m.refused
	return s
}

// WriteFrames implements Device. A frame that is lost, or is in flight, counts as sent; should
// the device refuse it when its time has come, that is counted as Refused.
func (m *Impaired) WriteFrames(frames [][]byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil && len(frames) > 0 {
		return 0, m.err
	}
	if s := m.line.Stats(); m.plain && !m.sending && s.InFlight == 0 && m.line.Deadline().IsZero() {
		return m.pass(frames)
	}
	now, longest := time.Now(), m.Info().FrameLen()
	for i, f := range frames {
		// What the device would refuse is not judged: the verdict could hide it.
		if len(f) < HeaderLen || len(f) > longest {
			m.send()
			return i, ErrFrameSize
		}
		m.line.Receive(now, f)
	}
	m.send()
	if m.err != nil {
		return 0, m.err // closed meanwhile
	}
	return len(frames), nil
}

// pass hands frames to the device as they are.
func (m *Impaired) pass(frames [][]byte) (int, error) {
	m.sending = true
	m.mu.Unlock()
	n, err := m.Device.WriteFrames(frames)
	m.mu.Lock()
	m.sending = false
	m.through += uint64(n)
	m.send() // what came meanwhile
	return n, err
}

// send writes what has arrived, in the order of arrival, and sets the timer for the rest. When
// somebody is at it already it leaves that to them. The mutex is held, but not while the device
// is written to: a device may block.
func (m *Impaired) send() {
	if m.sending {
		return
	}
	m.sending = true
	for m.err == nil && m.collect(time.Now()) {
		m.mu.Unlock()
		refused, err := m.write(m.frames)
		m.mu.Lock()
		m.refused += refused
		if err != nil && m.err == nil {
			m.err = err
		}
	}
	m.sending = false
	m.arm()
}

// collect fills m.frames with what has arrived by now; it returns false when nothing has.
func (m *Impaired) collect(now time.Time) bool {
	m.frames = m.frames[:0]
	if d := m.line.Deadline(); d.IsZero() || now.Before(d) {
		return false
	}
	if m.out == nil {
		m.out = Buffers(outBatch, m.Info().FrameLen())
	}
	for _, b := range m.out {
		n := m.line.Transmit(now, b)
		if n == 0 {
			break
		}
		m.frames = append(m.frames, b[:n])
	}
	return len(m.frames) > 0
}

// write writes frames and returns how many the device refused; err is only net.ErrClosed.
func (m *Impaired) write(frames [][]byte) (refused uint64, err error) {
	for len(frames) > 0 {
		n, err := m.Device.WriteFrames(frames)
		switch {
		case errors.Is(err, net.ErrClosed):
			return refused + uint64(len(frames)-n), net.ErrClosed
		case err == nil || n >= len(frames):
			return refused, nil
		}
		refused++
		frames = frames[n+1:]
	}
	return refused, nil
}

// arm makes send run when the next frame arrives.
func (m *Impaired) arm() {
	d := m.line.Deadline()
	if m.err != nil || d.IsZero() || !m.wake.IsZero() && !d.Before(m.wake) {
		return
	}
	m.wake = d
	if wait := time.Until(d); m.timer == nil {
		m.timer = time.AfterFunc(wait, m.alarm)
	} else {
		m.timer.Reset(wait)
	}
}

func (m *Impaired) alarm() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake = time.Time{}
	m.send()
}

// Close implements Device.
func (m *Impaired) Close() error {
	err := m.Device.Close() // ends a write that waits
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = net.ErrClosed
	if m.timer != nil {
		m.timer.Stop()
	}
	m.line.End()
	return err
}
