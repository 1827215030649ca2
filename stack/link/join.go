package link

import "sync"

// joinBatch is how many frames Join moves in one call.
const joinBatch = 64

// Join moves frames between two devices, both ways, until one of them is closed or can't be read; then
// it closes both. What a device refuses is dropped; an Impaired refuses none of the other's length, and
// counts what becomes of them. It returns when both ways have ended.
func Join(a, b Device) {
	var ways sync.WaitGroup
	way := func(from, to Device) {
		defer from.Close()
		defer to.Close()
		bufs, sizes := Buffers(joinBatch, from.Info().FrameLen()), make([]int, joinBatch)
		frames := make([][]byte, 0, joinBatch)
		for {
			n, err := from.ReadFrames(bufs, sizes)
			if err != nil {
				return
			}
			frames = frames[:0]
			for i := range n {
				frames = append(frames, bufs[i][:sizes[i]])
			}
			for rest := frames; len(rest) > 0; {
				done, err := to.WriteFrames(rest)
				if err == nil {
					break
				}
				rest = rest[min(done+1, len(rest)):]
			}
		}
	}
	ways.Go(func() { way(a, b) })
	ways.Go(func() { way(b, a) })
	ways.Wait()
}

// ImpairBoth returns d behind a link that is bad both ways, with other verdicts each way. Closing it
// closes d.
func ImpairBoth(d Device, cfg ImpairConfig) Device {
	info := d.Info()
	near, far := Pipe(PipeOptions{MTU: info.MTU, AddrA: info.HardwareAddr, AddrB: info.HardwareAddr, Block: true})
	back := cfg
	back.Seed ^= 1
	go Join(Impair(d, cfg), Impair(far, back))
	return &impairedBoth{near, far}
}

// impairedBoth is the near end of a pipe. That it is closed has to be told: Join reads the far one.
type impairedBoth struct {
	*PipeEnd
	far Device
}

func (d *impairedBoth) Close() error {
	d.PipeEnd.Close()
	return d.far.Close()
}
