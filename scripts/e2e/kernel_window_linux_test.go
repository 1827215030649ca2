package e2e

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestKernelZeroWindow: the receiver does not read until the sender has probed the closed window
// twice. Then everything comes, also when the segment that opens the window is lost.
func TestKernelZeroWindow(t *testing.T) {
	t.Parallel()
	names, at := eachSide("we send", "we send, the opening is lost", "the kernel sends", "the kernel sends, the opening is lost")
	together(t, names, func(t *testing.T, i int) {
		side, what := at(i)
		l := newWire(t, wireOptions{buffer: 64 << 10})
		// More than all buffers hold: the kernel's sender may have 4 MiB, its receiver some 100 KiB
		// as long as nobody reads.
		data := randomBytes(6<<20, 6)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			from, to, probed, lost := halfCloser(p.own), halfCloser(p.kernel), p.weProbed, "m1"
			if strings.HasPrefix(what, "the kernel") {
				from, to, probed, lost = to, from, p.kernelProbed, "m0"
			}
			defer from.Close()
			defer to.Close()
			sent := make(chan error, 1)
			go func() { sent <- sendAll(from, data) }()
			if err := waitFor(ctx, "the window to close", func() bool { return probed(0) }); err != nil {
				return err
			}
			if err := waitFor(ctx, "two probes", func() bool { return probed(2) }); err != nil {
				return err
			}
			var head []byte
			if strings.HasSuffix(what, "lost") {
				if err := l.tryRules(ingress(lost, "counter drop")); err != nil {
					return err
				}
				// As much as certainly waits: the window opens, and nobody hears of it.
				head = make([]byte, 32<<10)
				if _, err := io.ReadFull(to, head); err != nil {
					return err
				}
				if err := waitFor(ctx, "the segment that opens the window", func() bool { return l.counted() > 0 }); err != nil {
					return err
				}
				if err := l.tryRules(); err != nil {
					return err
				}
			}
			rest, err := io.ReadAll(to)
			return errors.Join(err, same("the transfer", append(head, rest...), data), <-sent)
		})
	})
}

// weProbed tells whether our side has nothing in flight, waits for the kernel's window, and has
// probed it n times: the kernel got so many segments more.
func (p *pair) weProbed(n int) bool {
	i := p.own.Info()
	if i.SndWnd > 0 || i.InFlight > 1 || i.Unsent == 0 {
		return false
	}
	if n == 0 {
		p.segments = kernelInfo(p.kernel).Segs_in
		return true
	}
	return kernelInfo(p.kernel).Segs_in >= p.segments+uint32(n)
}

// kernelProbed is weProbed for the kernel, which has sent so many segments more.
func (p *pair) kernelProbed(n int) bool {
	k := kernelInfo(p.kernel)
	if p.own.Info().RcvWnd >= int(k.Snd_mss) || k.Unacked > 0 || k.Notsent_bytes == 0 {
		return false
	}
	if n == 0 {
		p.segments = k.Segs_out
		return true
	}
	return k.Segs_out >= p.segments+uint32(n)
}
