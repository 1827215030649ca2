package relay

import (
	"context"
	"slices"
	"testing"
	"time"

	"httptap/stack/link"
	"httptap/tapclient"
)

// BenchmarkFrames moves frames of 1514 bytes one way, 64 a call; one operation is one frame.
func BenchmarkFrames(b *testing.B) {
	for _, transport := range []tapclient.Transport{tapclient.Stream, tapclient.Batches} {
		for _, dir := range []string{"send", "recv"} {
			b.Run(string(transport)+"/"+dir, func(b *testing.B) {
				url, wire, _ := setup(b, 0)
				c := dial(b, url, transport)
				from, to := link.Device(c), wire.Device(deviceHW)
				if dir == "recv" {
					from, to = to, from
				}
				oneWay(b, from, to)
			})
		}
	}
}

// oneWay writes batches of frames to the one device and reads them from the other, with no more
// than some batches on the way, so that no queue is full.
func oneWay(b *testing.B, from, to link.Device) {
	const batch, window = 64, 16
	frames := make([][]byte, batch)
	for i := range frames {
		frames[i] = append(frame(""), make([]byte, 1500)...)
	}
	room := make(chan bool, window)
	read := make(chan bool)
	go func() {
		defer close(read)
		bufs, sizes := make([][]byte, batch), make([]int, batch)
		for i := range bufs {
			bufs[i] = make([]byte, 1514)
		}
		for n := 0; ; n %= batch {
			for n < batch {
				k, err := to.ReadFrames(bufs, sizes)
				if err != nil {
					return
				}
				n += k
			}
			for ; n >= batch; n -= batch {
				<-room
			}
		}
	}()
	b.SetBytes(1514)
	b.ReportAllocs()
	start := time.Now()
	for done := 0; b.Loop(); {
		if done++; done%batch != 0 {
			continue
		}
		room <- true
		if _, err := from.WriteFrames(frames); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "frames/s")
	to.Close()
	<-read
}

// BenchmarkEcho sends a frame and waits until it is back from the other side of the switch.
func BenchmarkEcho(b *testing.B) {
	for _, transport := range transports {
		b.Run(string(transport), func(b *testing.B) {
			url, wire, _ := setup(b, 0)
			c := dial(b, url, transport)
			go func() {
				bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
				for {
					if _, err := wire.Read(context.Background(), bufs, sizes); err != nil {
						return
					}
					wire.Send(bufs[0][:sizes[0]])
				}
			}()
			defer wire.Close()
			out, bufs, sizes := [][]byte{frame("echo")}, [][]byte{make([]byte, 1514)}, make([]int, 1)
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := c.WriteFrames(out); err != nil {
					b.Fatal(err)
				}
				if _, err := c.ReadFrames(bufs, sizes); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1000, "µs/p50")
			b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1000, "µs/p99")
		})
	}
}
