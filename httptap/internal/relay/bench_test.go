package relay

import (
	"testing"

	"httptap/stack/link"
	"httptap/tapclient"
)

// BenchmarkBatches moves frames of 1442 bytes one way, 64 a call; one operation is one frame.
func BenchmarkBatches(b *testing.B) {
	const batch = 64
	frames, bufs, sizes := make([][]byte, batch), make([][]byte, batch), make([]int, batch)
	for i := range batch {
		frames[i] = append(frame(""), make([]byte, 1442-14)...)
		bufs[i] = make([]byte, 1514)
	}
	for _, dir := range []string{"send", "recv"} {
		b.Run(dir, func(b *testing.B) {
			url, wire, _ := setup(b, 0)
			c, err := tapclient.Dial(b.Context(), url, tapclient.Options{Name: "me"})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			from, to := link.Device(c), wire.Device(deviceHW)
			if dir == "recv" {
				from, to = to, from
			}
			b.SetBytes(1442)
			done := 0
			for b.Loop() {
				if done++; done%batch != 0 {
					continue
				}
				if _, err := from.WriteFrames(frames); err != nil {
					b.Fatal(err)
				}
				for n := 0; n < batch; {
					k, err := to.ReadFrames(bufs, sizes)
					if err != nil {
						b.Fatal(err)
					}
					n += k
				}
			}
		})
	}
}
