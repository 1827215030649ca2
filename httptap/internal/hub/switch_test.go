package hub

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/link"
	"httptap/stack/link/linktest"
)

// clock is a hub's time, moved by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newHub(t *testing.T, queue int) (*Hub, *clock) {
	t.Helper()
	c := &clock{time.Unix(1000, 0)}
	return New(Config{MTU: 1500, Queue: queue, Now: c.now}), c
}

func attach(t testing.TB, h *Hub, cfg PortConfig) *Port {
	t.Helper()
	p, err := h.Attach(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func to(dst, src link.Addr, text string) []byte {
	return append(ethernet.Append(nil, dst, src, 0x88b5), text...)
}

func mac(name string) link.Addr { return link.LocalAddr(name) }

// got takes all that waits at p and returns the texts.
func got(t *testing.T, p *Port) (texts []string) {
	t.Helper()
	bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
	for {
		n, err := p.Poll(bufs, sizes)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return texts
		}
		texts = append(texts, string(bufs[0][14:sizes[0]]))
	}
}

func expect(t *testing.T, why string, p *Port, want ...string) {
	t.Helper()
	have := got(t, p)
	if len(have) != len(want) {
		t.Errorf("%s: %s got %q, want %q", why, p.Name(), have, want)
		return
	}
	for i := range want {
		if have[i] != want[i] {
			t.Errorf("%s: %s got %q, want %q", why, p.Name(), have, want)
		}
	}
}

func TestSwitch(t *testing.T) {
	h, clock := newHub(t, 0)
	a, b, c := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"}), attach(t, h, PortConfig{Name: "c"})
	a.Send(to(mac("b"), mac("a"), "unknown"))
	expect(t, "a station never seen is looked for everywhere", b, "unknown")
	expect(t, "a station never seen is looked for everywhere", c, "unknown")
	expect(t, "never back to the sender", a)
	b.Send(to(mac("a"), mac("b"), "answer"))
	expect(t, "a was seen", a, "answer")
	expect(t, "a was seen elsewhere", c)
	a.Send(to(mac("b"), mac("a"), "again"))
	expect(t, "b was seen", b, "again")
	expect(t, "b was seen elsewhere", c)
	c.Send(to(mac("a"), mac("b"), "moved"))
	expect(t, "a is where it was", a, "moved")
	a.Send(to(mac("b"), mac("a"), "follow"))
	expect(t, "a station is where it was seen last", c, "follow")
	expect(t, "a station is where it was seen last", b)
	a.Send(to(link.Broadcast, mac("a"), "all"), to(link.Addr{1, 0, 0x5e}, mac("a"), "group"))
	expect(t, "everybody", b, "all", "group")
	expect(t, "everybody", c, "all", "group")
	clock.t = clock.t.Add(ageing + time.Second)
	a.Send(to(mac("b"), mac("a"), "aged"))
	expect(t, "a station not seen for long is forgotten", b, "aged")
	expect(t, "a station not seen for long is forgotten", c, "aged")
	c.Send(to(mac("x"), mac("c"), "x"))
	got(t, a)
	got(t, b)
	c.Close()
	a.Send(to(mac("c"), mac("a"), "gone"))
	expect(t, "stations behind a port that is gone are forgotten", b, "gone")
}

func TestMirrorAndPromiscuousSeeEverythingOnce(t *testing.T) {
	h, _ := newHub(t, 0)
	tap := attach(t, h, PortConfig{Name: "tap0", Kind: Device, Mirror: true})
	v0 := attach(t, h, PortConfig{Name: "default", Kind: Client, Promiscuous: true})
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	a.Send(to(link.Broadcast, mac("a"), "1"))
	b.Send(to(mac("a"), mac("b"), "2"))
	expect(t, "the device shows what others say to each other", tap, "1", "2")
	expect(t, "so does the client of version 0", v0, "1", "2")
	got(t, a)
	got(t, b)
	// The client of version 0 uses the device's own address: frames for it reach both.
	kernel := mac("kernel")
	tap.Send(to(mac("a"), kernel, "3"))
	expect(t, "from the device", a, "3")
	expect(t, "from the device", v0, "3")
	expect(t, "not back to the device", tap)
	v0.Send(to(mac("a"), kernel, "4"))
	expect(t, "from the client of version 0", a, "4")
	a.Send(to(kernel, mac("a"), "5"))
	expect(t, "to the address that both have", tap, "4", "5")
	expect(t, "to the address that both have", v0, "5")
	expect(t, "and to nobody else", b)
}

func TestFramesRefused(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	good := to(link.Broadcast, mac("a"), "good")
	for _, c := range []struct {
		name  string
		frame []byte
		want  error
		count func(PortStats) uint64
	}{
		{"13 bytes", make([]byte, 13), ErrShort, func(s PortStats) uint64 { return s.RefusedShort }},
		{"nothing", nil, ErrShort, func(s PortStats) uint64 { return s.RefusedShort }},
		{"over the MTU", make([]byte, 1515), ErrLong, func(s PortStats) uint64 { return s.RefusedLong }},
		{"from a group", to(mac("b"), link.Broadcast, ""), ErrSource, func(s PortStats) uint64 { return s.RefusedSource }},
	} {
		before := c.count(a.stats())
		n, err := a.Send(good, c.frame, good)
		if n != 1 || !errors.Is(err, c.want) || c.count(a.stats()) != before+1 {
			t.Errorf("%s: %d sent, %v, counted %d times", c.name, n, err, c.count(a.stats())-before)
		}
		expect(t, c.name, b, "good")
	}
}

// The number of frames taken is right for sends of any length.
func TestSendSaysWhichFrameIsBad(t *testing.T) {
	h, _ := newHub(t, 0)
	a := attach(t, h, PortConfig{Name: "a"})
	for _, bad := range []int{0, share - 1, share, share + 1, 3*share - 1} {
		frames := make([][]byte, 3*share)
		for i := range frames {
			frames[i] = to(link.Broadcast, mac("a"), "")
		}
		frames[bad] = nil
		if n, err := a.Send(frames...); n != bad || !errors.Is(err, ErrShort) {
			t.Errorf("frame %d is bad: %d, %v", bad, n, err)
		}
	}
}

// A queue takes no more memory than its bound, whatever is sent; a client's is small.
func TestQueueIsBoundedInBytes(t *testing.T) {
	for _, c := range []struct{ mtu, size, client, device int }{
		{1500, 1514, 518, 2048}, {1500, 60, 2048, 2048}, {9000, 9014, 87, 465}, {65521, 65535, 64, 64},
	} {
		h := New(Config{MTU: c.mtu})
		a := attach(t, h, PortConfig{Name: "a"})
		client, device := attach(t, h, PortConfig{Name: "client", Kind: Client}), attach(t, h, PortConfig{Name: "device", Kind: Device})
		for size := range 200 { // of every length, so that there is waste
			a.Send(to(link.Broadcast, mac("a"), string(make([]byte, size))))
		}
		for range 5000 {
			a.Send(to(link.Broadcast, mac("a"), string(make([]byte, c.size-14))))
		}
		if n, m := client.queue.n, device.queue.n; n != c.client || m != c.device {
			t.Errorf("MTU %d: the client's queue has %d frames of %d bytes, the device's %d; want %d and %d", c.mtu, n, c.size, m, c.client, c.device)
		}
		if n := len(client.queue.b); c.mtu == 1500 && n > clientBytes {
			t.Errorf("MTU %d: the client's queue takes %d bytes", c.mtu, n)
		}
	}
}

func TestFullQueueLosesTheOldest(t *testing.T) {
	h, _ := newHub(t, 3)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	for _, s := range []string{"1", "2", "3", "4", "5"} {
		a.Send(to(link.Broadcast, mac("a"), s))
	}
	if s := b.stats(); s.DroppedFull != 2 || s.Queued != 3 || s.QueuedTotal != 5 {
		t.Errorf("%+v", s)
	}
	expect(t, "what is new is what matters", b, "3", "4", "5")
}

func TestUnread(t *testing.T) {
	h, _ := newHub(t, 2)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	a.Send(to(link.Broadcast, mac("a"), "1"), to(link.Broadcast, mac("a"), "2"))
	bufs, sizes := [][]byte{make([]byte, 100), make([]byte, 100)}, make([]int, 2)
	n, _ := b.Poll(bufs, sizes)
	a.Send(to(link.Broadcast, mac("a"), "3"))
	b.Unread([][]byte{bufs[0][:sizes[0]], bufs[1][:sizes[1]]})
	if s := b.stats(); n != 2 || s.DroppedGone != 1 || s.FramesOut != 0 {
		t.Errorf("%d read, %+v", n, s)
	}
	expect(t, "before what came later, as far as there is room", b, "2", "3")
}

// What is given back has as much room as the queue may have, not as much as it had needed so far.
func TestUnreadIntoALongQueue(t *testing.T) {
	h, _ := newHub(t, 2048)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	const n = 16
	bufs, sizes := make([][]byte, n), make([]int, n)
	for i := range bufs {
		bufs[i] = make([]byte, 100)
		a.Send(to(link.Broadcast, mac("a"), "old"))
	}
	if k, err := b.Poll(bufs, sizes); k != n || err != nil {
		t.Fatal(k, err)
	}
	for i := range bufs {
		bufs[i] = bufs[i][:sizes[i]]
		a.Send(to(link.Broadcast, mac("a"), "new"))
	}
	b.Unread(bufs)
	if s := b.stats(); s.DroppedGone != 0 || s.Queued != 2*n {
		t.Errorf("%+v", s)
	}
	accounted(t, h)
}

// What a reader gives back when its port is gone already is counted as lost, not as delivered.
func TestUnreadBehindTheEnd(t *testing.T) {
	h, _ := newHub(t, 2)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	a.Send(to(link.Broadcast, mac("a"), "1"))
	bufs, sizes := [][]byte{make([]byte, 100)}, make([]int, 1)
	b.Poll(bufs, sizes)
	b.Close()
	b.Unread([][]byte{bufs[0][:sizes[0]]})
	if s := h.Stats().Gone; s.FramesOut != 0 || s.BytesOut != 0 || s.DroppedGone != 1 {
		t.Errorf("%+v", s)
	}
	accounted(t, h)
}

// A port that closes while it sends must not be learned behind its end: frames for its station
// would go to nobody until it is forgotten.
func TestNothingIsLearnedBehindTheEnd(t *testing.T) {
	for range 300 {
		h, _ := newHub(t, 0)
		a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
		c := attach(t, h, PortConfig{Name: "c", Queue: 1})
		var all sync.WaitGroup
		start := make(chan bool)
		for range 8 {
			all.Go(func() {
				<-start
				for {
					if _, err := b.Send(to(link.Broadcast, mac("b"), "")); err != nil {
						return
					}
				}
			})
		}
		close(start)
		runtime.Gosched()
		b.Close()
		all.Wait()
		got(t, c)
		a.Send(to(mac("b"), mac("a"), "still"))
		expect(t, "a station that may be anywhere", c, "still")
		if t.Failed() {
			return
		}
	}
}

// One that sends very many frames at once lets the others in between.
func TestLongSendLetsOthersIn(t *testing.T) {
	h, _ := newHub(t, 5000)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	c := attach(t, h, PortConfig{Name: "c"})
	var all sync.WaitGroup
	seen := 0
	h.Observe(func(v Event) {
		if v.Port != a {
			return
		}
		if seen++; seen == 1 {
			all.Go(func() { b.Send(to(link.Broadcast, mac("b"), "short")) })
		}
		for start := time.Now(); time.Since(start) < 20*time.Microsecond; {
			runtime.Gosched() // work for as long as a slow hub would
		}
	})
	long := make([][]byte, 4000)
	for i := range long {
		long[i] = to(link.Broadcast, mac("a"), "long")
	}
	a.Send(long...)
	all.Wait()
	texts := got(t, c)
	if len(texts) != len(long)+1 || texts[len(long)] == "short" {
		t.Errorf("%d frames, the last is %q: the other had to wait for all of them", len(texts), texts[len(texts)-1])
	}
}

func TestReadWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{MTU: 1500})
		a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
		bufs, sizes := [][]byte{make([]byte, 100)}, make([]int, 1)
		go func() {
			time.Sleep(time.Hour)
			a.Send(to(link.Broadcast, mac("a"), "late"))
		}()
		if n, err := b.Read(context.Background(), bufs, sizes); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if n, err := b.Read(ctx, bufs, sizes); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("out of time: %d, %v", n, err)
		}
		go func() {
			time.Sleep(time.Hour)
			b.Close()
		}()
		if n, err := b.Read(context.Background(), bufs, sizes); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %d, %v", n, err)
		}
		if _, err := b.Send(to(link.Broadcast, mac("b"), "")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("sending through a closed port: %v", err)
		}
	})
}

func TestAttachLimits(t *testing.T) {
	h := New(Config{MTU: 1500, MaxPorts: 2})
	attach(t, h, PortConfig{Name: "a"})
	if _, err := h.Attach(PortConfig{Name: "a"}); !errors.Is(err, ErrName) {
		t.Errorf("the same name: %v", err)
	}
	b := attach(t, h, PortConfig{Name: "b"})
	if _, err := h.Attach(PortConfig{Name: "c"}); !errors.Is(err, ErrTooMany) {
		t.Errorf("a third port: %v", err)
	}
	b.Close()
	attach(t, h, PortConfig{Name: "c"})
}

func TestStationTableIsBounded(t *testing.T) {
	h, clock := newHub(t, 1)
	a := attach(t, h, PortConfig{Name: "a"})
	for i := range maxStations + 100 {
		a.Send(to(link.Broadcast, link.Addr{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, ""))
	}
	if n := h.Stats().Stations; n != maxStations {
		t.Errorf("%d stations", n)
	}
	clock.t = clock.t.Add(ageing + time.Second)
	a.Send(to(link.Broadcast, mac("new"), ""))
	if n := h.Stats().Stations; n != 1 {
		t.Errorf("%d stations when all others are old", n)
	}
}

// A full table is not searched for old stations again before there can be one: a flood of
// addresses would have each frame pay for the whole table.
func TestFullTableIsNotSearchedForEachFrame(t *testing.T) {
	now := time.Unix(1000, 0)
	table, p := newTable(), new(Port)
	for i := range maxStations + 1 {
		table.learn(now, link.Addr{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, p)
	}
	if want := now.Add(ageing); !table.fullUntil.Equal(want) {
		t.Fatalf("the table is full until %v, want %v", table.fullUntil, want)
	}
	// A station that is old against what the search found tells whether it was made again.
	old := link.Addr{2}
	table.stations[old] = station{p, now.Add(-2 * ageing)}
	table.learn(now.Add(time.Second), mac("new"), p)
	if _, there := table.stations[old]; !there {
		t.Error("the table was searched")
	}
	table.learn(now.Add(ageing+1), mac("new"), p)
	if table.lookup(now.Add(ageing+1), mac("new")) != p || table.len() != 1 {
		t.Errorf("%d stations when all are old", table.len())
	}
}

// accounted fails when a copy of a frame disappeared.
func accounted(t testing.TB, h *Hub) {
	t.Helper()
	s := h.Stats()
	for _, p := range append(s.Ports, s.Gone) {
		if p.QueuedTotal != p.FramesOut+p.DroppedFull+p.DroppedLong+p.DroppedGone+uint64(p.Queued) {
			t.Fatalf("%+v", p)
		}
	}
}

func TestEveryCopyIsAccounted(t *testing.T) {
	h := New(Config{MTU: 1500, Queue: 8})
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		p := attach(t, h, PortConfig{Name: name})
		all.Go(func() {
			for i := range 2000 {
				p.Send(to(link.Broadcast, mac(name), "x"))
				if i%3 == 0 {
					p.Poll([][]byte{make([]byte, 100), make([]byte, 10)}, make([]int, 2))
				}
			}
			if name == "d" {
				p.Close()
			}
		})
	}
	all.Wait()
	accounted(t, h)
}

func FuzzSend(f *testing.F) {
	f.Add(to(link.Broadcast, mac("a"), "x"), to(mac("a"), mac("b"), "y"), uint8(3))
	f.Fuzz(func(t *testing.T, x, y []byte, n uint8) {
		h := New(Config{MTU: 100, Queue: 4})
		a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b", Mirror: true})
		c := attach(t, h, PortConfig{Name: "c", Promiscuous: true})
		for range n % 8 {
			a.Send(x, y)
			b.Send(y)
			c.Send(x)
			b.Poll([][]byte{make([]byte, 50)}, make([]int, 1))
		}
		accounted(t, h)
		c.Close()
		accounted(t, h)
		bufs, sizes := [][]byte{make([]byte, 200)}, make([]int, 1)
		for {
			k, err := b.Poll(bufs, sizes)
			if k == 0 || err != nil {
				break
			}
			if got := bufs[0][:sizes[0]]; !bytes.Equal(got, x) && !bytes.Equal(got, y) {
				t.Fatal("a frame changed on its way")
			}
		}
		accounted(t, h)
	})
}

func TestPortIsADevice(t *testing.T) {
	linktest.Run(t, func(t *testing.T) (a, b link.Device) {
		h := New(Config{MTU: 1500})
		return attach(t, h, PortConfig{Name: "a"}).Device(mac("a")), attach(t, h, PortConfig{Name: "b"}).Device(mac("b"))
	})
}

func TestServedDeviceIsADevice(t *testing.T) {
	linktest.Run(t, func(t *testing.T) (a, b link.Device) {
		h := New(Config{MTU: 1500})
		near, far := link.Pipe(link.PipeOptions{Queue: 1024})
		done := make(chan error, 1)
		port := attach(t, h, PortConfig{Name: "dev", Kind: Device, Mirror: true})
		go func() { done <- Serve(far, port) }()
		t.Cleanup(func() {
			far.Close()
			<-done
		})
		return near, attach(t, h, PortConfig{Name: "b"}).Device(mac("b"))
	})
}

// Serve ends with its port as it does with its device, and closes the other of the two.
func TestServeEnds(t *testing.T) {
	for name, end := range map[string]func(p *Port, near, dev link.Device){
		"the port closes":   func(p *Port, near, dev link.Device) { p.Close() },
		"the device closes": func(p *Port, near, dev link.Device) { dev.Close() },
	} {
		h := New(Config{MTU: 1500})
		near, far := link.Pipe(link.PipeOptions{})
		p := attach(t, h, PortConfig{Name: "dev"})
		done := make(chan error, 1)
		go func() { done <- Serve(far, p) }()
		end(p, near, far)
		select {
		case err := <-done:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: Serve goes on", name)
		}
		if _, err := far.ReadFrames([][]byte{nil}, make([]int, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: the device is open: %v", name, err)
		}
		if len(h.Stats().Ports) != 0 {
			t.Errorf("%s: the port is attached", name)
		}
	}
}

// deaf is a device that refuses every second frame.
type deaf struct {
	*link.PipeEnd
	n int
}

func (d *deaf) WriteFrames(frames [][]byte) (int, error) {
	for i := range frames {
		if d.n++; d.n%2 == 0 {
			return i, errors.New("no")
		}
		d.PipeEnd.WriteFrames(frames[i : i+1])
	}
	return len(frames), nil
}

// A frame that the device refuses, or that the hub refuses from it, is counted and takes none
// of those behind it along.
func TestServeGoesOnBehindABadFrame(t *testing.T) {
	h := New(Config{MTU: 100})
	near, far := link.Pipe(link.PipeOptions{MTU: 200})
	dev, a := attach(t, h, PortConfig{Name: "dev"}), attach(t, h, PortConfig{Name: "a"})
	done := make(chan error, 1)
	go func() { done <- Serve(&deaf{PipeEnd: far}, dev) }()
	bufs, sizes := [][]byte{make([]byte, 300)}, make([]int, 1)
	a.Send(to(link.Broadcast, mac("a"), "1"), to(link.Broadcast, mac("a"), "2"), to(link.Broadcast, mac("a"), "3"))
	for _, want := range []string{"1", "3"} {
		if _, err := near.ReadFrames(bufs, sizes); err != nil || string(bufs[0][14:sizes[0]]) != want {
			t.Errorf("the device got %q, want %q: %v", bufs[0][14:sizes[0]], want, err)
		}
	}
	near.WriteFrames([][]byte{to(link.Broadcast, mac("n"), "4"), make([]byte, 200), to(link.Broadcast, mac("n"), "5")})
	for _, want := range []string{"4", "5"} {
		if _, err := a.Read(t.Context(), bufs, sizes); err != nil || string(bufs[0][14:sizes[0]]) != want {
			t.Errorf("the hub got %q, want %q: %v", bufs[0][14:sizes[0]], want, err)
		}
	}
	far.Close()
	<-done
	if s := h.Stats().Gone; s.WriteErrors != 1 || s.RefusedLong != 1 || s.FramesIn != 2 {
		t.Errorf("%+v", s)
	}
}
