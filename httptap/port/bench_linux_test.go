package port

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"httptap/stack/ethernet"
	"httptap/stack/link"
)

// BenchmarkTAP moves frames of 1514 bytes between the kernel and a program, 64 at a time, with
// rings and with one system call a frame. Only our side of it is timed; ns/frame is the median
// of the batches.
func BenchmarkTAP(b *testing.B) {
	for name, ring := range rings {
		b.Run(name, func(b *testing.B) { benchmarkTAP(b, ring) })
	}
}

func benchmarkTAP(b *testing.B, ring bool) {
	quiet(b)
	d := openTest(b, func() (Device, error) { return Open("tap0", Options{Prefix: netip.MustParsePrefix("192.168.10.1/24")}) }, ring)
	l, err := netlink.LinkByName("tap0")
	if err != nil {
		b.Fatal(err)
	}
	peer := net.IPv4(192, 168, 10, 2)
	me := link.LocalAddr("me")
	if err := netlink.NeighSet(&netlink.Neigh{LinkIndex: l.Attrs().Index, IP: peer, HardwareAddr: me[:], State: netlink.NUD_PERMANENT}); err != nil {
		b.Fatal(err)
	}
	// Here and not below: b.Run has another thread, which is not in the namespace.
	c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: peer, Port: 9})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	const batch = 64
	bufs, sizes := buffers(batch, 1514)
	median := func(b *testing.B, times []time.Duration) {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2])/batch, "ns/frame")
	}
	b.Run("read", func(b *testing.B) {
		datagram := make([]byte, 1472)
		var times []time.Duration
		b.ReportAllocs()
		for b.Loop() {
			for range batch {
				if _, err := c.Write(datagram); err != nil {
					b.Fatal(err)
				}
			}
			start := time.Now()
			for n := 0; n < batch; {
				k, err := d.ReadFrames(bufs, sizes)
				if err != nil {
					b.Fatal(err)
				}
				n += k
			}
			times = append(times, time.Since(start))
		}
		median(b, times)
	})
	b.Run("write", func(b *testing.B) {
		frames := make([][]byte, batch)
		for i := range frames {
			frames[i] = append(ethernet.Append(nil, d.Info().HardwareAddr, me, 0x88b5), make([]byte, 1500)...)
		}
		var times []time.Duration
		b.ReportAllocs()
		for b.Loop() {
			start := time.Now()
			if _, err := d.WriteFrames(frames); err != nil {
				b.Fatal(err)
			}
			times = append(times, time.Since(start))
		}
		median(b, times)
	})
}
