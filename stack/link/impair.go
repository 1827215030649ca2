package link

import (
	"net"
	"sync"
)

// An Impaired is a Device whose outgoing frames are lost, doubled, reordered and spoilt as its
// configuration says. Wrapping both ends of a link makes both directions bad.
type Impaired struct {
	Device

	mu      sync.Mutex
	judge   *Judge
	held    []byte // the frame that waits for the next one; nil: none does
	holding bool
	closed  bool
	out     [][]byte
	spoilt  []byte
	stats   ImpairStats
}

// ImpairStats counts verdicts: Frames = Passed + Dropped.
type ImpairStats struct {
	Frames, Passed, Dropped, Duplicated, Reordered, Corrupted uint64
}

// Impair wraps d. A frame that is held back when the device is closed is dropped.
func Impair(d Device, cfg ImpairConfig) *Impaired {
	return &Impaired{Device: d, judge: NewJudge(cfg)}
}

// Stats returns the counters.
func (m *Impaired) Stats() ImpairStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}

// WriteFrames implements Device. A frame that is lost counts as sent.
func (m *Impaired) WriteFrames(frames [][]byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	longest := m.Info().FrameLen()
	for i, f := range frames {
		// What the device would refuse is not judged: the verdict could hide it.
		if len(f) < HeaderLen || len(f) > longest {
			return i, ErrFrameSize
		}
		if m.closed {
			return i, net.ErrClosed
		}
		if err := m.write(f); err != nil {
			return i, err
		}
	}
	return len(frames), nil
}

// Close implements Device.
func (m *Impaired) Close() error {
	err := m.Device.Close() // ends a write that waits, which holds the mutex
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.holding {
		m.holding = false
		m.stats.Passed--
		m.stats.Reordered--
		m.stats.Dropped++
	}
	return err
}

func (m *Impaired) write(f []byte) error {
	m.stats.Frames++
	v := m.judge.Next(len(f))
	if v.Drop {
		m.stats.Dropped++
		return nil
	}
	m.stats.Passed++
	if v.FlipBit >= 0 {
		m.stats.Corrupted++
		m.spoilt = append(m.spoilt[:0], f...)
		m.spoilt[v.FlipBit/8] ^= 0x80 >> (v.FlipBit % 8)
		f = m.spoilt
	}
	if v.Hold && !m.holding {
		m.stats.Reordered++
		m.held, m.holding = append(m.held[:0], f...), true
		return nil
	}
	m.out = append(m.out[:0], f)
	if v.Duplicate {
		m.stats.Duplicated++
		m.out = append(m.out, f)
	}
	if m.holding {
		m.holding = false
		m.out = append(m.out, m.held)
	}
	_, err := m.Device.WriteFrames(m.out)
	return err
}
