//go:build !race

// The race detector makes the floods so slow that nothing else goes on: the other tests are for it.

package relay

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/link"
	"httptap/tapclient"
)

// soakTime is how long TestSoak goes on: HTTPTAP_SOAK, such as 1m, or this.
const soakTime = 10 * time.Second

// A soak is a relay that everybody mistreats at once, with a device behind the switch that takes what
// it gets and sends what it likes.
type soak struct {
	t    *testing.T
	url  string
	addr string
	hub  *hub.Hub
	http *http.Client

	accepted atomic.Uint64 // frames of calls that were answered with success
	calls    atomic.Uint64
	taken    atomic.Uint64 // frames that the device got
}

// TestSoak: clients that are killed at random, garbage, half requests, floods and bad links. Afterwards
// every frame is accounted for, and nothing is left behind: no goroutine, no file, no memory.
func TestSoak(t *testing.T) {
	length := soakTime
	if v := os.Getenv("HTTPTAP_SOAK"); v != "" {
		var err error
		if length, err = time.ParseDuration(v); err != nil {
			t.Fatal(err)
		}
	}
	soakFor(t, time.Second) // so that what is made once, and kept for the next, is there
	files, memory := openFiles(t), heap()
	soakFor(t, length)
	settled := func(what string, now func() int, want int) {
		for begin := time.Now(); now() > want; time.Sleep(10 * time.Millisecond) { // the kernel and net/http let go in their own time
			if time.Since(begin) > 10*time.Second {
				t.Errorf("%s: %d, before it was %d", what, now(), want)
				return
			}
		}
	}
	settled("open files", func() int { return openFiles(t) }, files)
	settled("memory in use, MiB", func() int { return heap() >> 20 }, memory>>20+4)
	t.Logf("heap before %d MiB, after %d", memory>>20, heap()>>20)
}

// soakFor is a soak for so long, and until enough has happened.
func soakFor(t *testing.T, length time.Duration) {
	h := hub.New(hub.Config{MTU: 1500})
	port, err := h.Attach(hub.PortConfig{Name: "device", Kind: hub.Device, Mirror: true})
	if err != nil {
		t.Fatal(err)
	}
	device, world := link.Pipe(link.PipeOptions{Block: true})
	var served sync.WaitGroup
	served.Go(func() { hub.Serve(device, port) })
	r := New(Config{Hub: h, Idle: 100 * time.Millisecond, Info: api.Info{MTU: 1500, HardwareAddr: deviceHW.String(), Device: "tap0"}})
	server := httptest.NewUnstartedServer(r)
	server.Config.ReadHeaderTimeout = 500 * time.Millisecond
	server.Config.ReadTimeout = 2 * time.Second
	server.Config.IdleTimeout = time.Second
	server.Start()
	s := &soak{t: t, url: server.URL, addr: server.Listener.Addr().String(), hub: h, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}

	ctx, cancel := context.WithTimeout(t.Context(), length+2*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for i, work := range []func(context.Context, *rand.Rand){
		s.calls1, s.calls1, s.streams1, s.streams1, s.garbage, s.halfRequests, s.halfFrames, s.neverReads, s.impairs, s.waits, s.stats,
	} {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 7))
			for ctx.Err() == nil {
				work(ctx, rng)
			}
		})
	}
	all.Go(func() { s.world(ctx, world) })
	all.Go(func() { s.device(world) })
	for begin := time.Now(); ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > length && s.calls.Load() > 200 && s.taken.Load() > 2000 {
			cancel()
		}
	}
	most := heap()
	world.Close()
	all.Wait()
	r.Close()
	server.Close()
	port.Close()
	served.Wait()
	s.http.CloseIdleConnections()

	stats := h.Stats()
	for _, p := range append(stats.Ports, stats.Gone) {
		if out := p.FramesOut + p.DroppedFull + p.DroppedLong + p.DroppedGone + uint64(p.Queued); p.QueuedTotal != out {
			t.Errorf("%s: %d copies were queued, %d are accounted for: %+v", p.Name, p.QueuedTotal, out, p)
		}
		for _, way := range []link.ImpairStats{p.Up, p.Down} {
			if way.Frames != way.Passed+way.Dropped()+way.InFlight {
				t.Errorf("%s: a bad link lost count: %+v", p.Name, way)
			}
		}
	}
	if len(stats.Ports) != 0 {
		t.Errorf("ports are left: %+v", stats.Ports)
	}
	if in, took := stats.Gone.FramesIn, s.accepted.Load(); in < took {
		t.Errorf("%d frames came in, clients were told of %d", in, took)
	}
	if s.calls.Load() < 200 || s.taken.Load() < 2000 {
		t.Errorf("a soak of %d calls and %d frames shows nothing", s.calls.Load(), s.taken.Load())
	}
	t.Logf("%v: %d calls, %d frames in, %d reached the device, heap at the end %d MiB",
		length, s.calls.Load(), stats.Gone.FramesIn, s.taken.Load(), most>>20)
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return len(list)
}

// name is one of more clients than there is room for.
func (s *soak) name(rng *rand.Rand) string { return fmt.Sprintf("c%d", rng.IntN(MaxClients+50)) }

// randomFrame is for a client, for everybody, or for nobody.
func (s *soak) randomFrame(rng *rand.Rand) []byte {
	f := make([]byte, 14+rng.IntN(1500))
	dst := link.Broadcast
	if rng.IntN(3) > 0 {
		dst = link.LocalAddr("client " + s.name(rng))
	}
	src := link.LocalAddr("client " + s.name(rng))
	copy(f, dst[:])
	copy(f[6:], src[:])
	f[12] = 0x88
	return f
}

// do makes a call and returns its status, 0 when there is no answer.
func (s *soak) do(ctx context.Context, method, path string, body []byte) int {
	q, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return 0
	}
	resp, err := s.http.Do(q)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	s.calls.Add(1)
	return resp.StatusCode
}

// calls1 is a client that does everything right.
func (s *soak) calls1(ctx context.Context, rng *rand.Rand) {
	me := "?client=" + s.name(rng)
	for range rng.IntN(10) {
		frames := make([][]byte, 1+rng.IntN(20))
		for i := range frames {
			frames[i] = s.randomFrame(rng)
		}
		body, _ := json.Marshal(frames)
		if s.do(ctx, http.MethodPost, "/send"+me, body) == http.StatusOK {
			s.accepted.Add(uint64(len(frames)))
		}
		s.do(ctx, http.MethodGet, "/recv"+me+"&max=50", nil)
	}
}

// streams1 is a client on a stream, which may end properly or not.
func (s *soak) streams1(ctx context.Context, rng *rand.Rand) {
	c, err := tapclient.Dial(ctx, s.url, tapclient.Options{Name: s.name(rng), Transport: tapclient.Stream})
	if err != nil {
		return
	}
	defer c.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
		for err := error(nil); err == nil; _, err = c.ReadFrames(bufs, sizes) {
		}
	}()
	for range rng.IntN(50) {
		if _, err := c.WriteFrames([][]byte{s.randomFrame(rng), s.randomFrame(rng)}); err != nil {
			break
		}
	}
	c.Close()
	<-read
}

// dial opens a connection that is reset in the end, as of a process that was killed, or closed.
func (s *soak) dial(rng *rand.Rand) (net.Conn, func()) {
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Error(err)
		return nil, nil
	}
	c.SetDeadline(time.Now().Add(time.Second))
	return c, func() {
		if rng.IntN(2) == 0 {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
}

// garbage is no HTTP, or a flood of it.
func (s *soak) garbage(_ context.Context, rng *rand.Rand) {
	c, end := s.dial(rng)
	if c == nil {
		return
	}
	defer end()
	b := make([]byte, rng.IntN(30_000))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	switch rng.IntN(3) {
	case 0:
		b = append([]byte("GET /recv HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "), bytes.Repeat([]byte("a"), 100_000)...)
	case 1:
		b = append([]byte("POST /send?client="+s.name(rng)+" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200\r\n\r\n"), b...)
	}
	c.Write(b)
	io.CopyN(io.Discard, c, 20)
}

// halfRequests stops in the middle.
func (s *soak) halfRequests(_ context.Context, rng *rand.Rand) {
	c, end := s.dial(rng)
	if c == nil {
		return
	}
	defer end()
	whole := "POST /send?client=" + s.name(rng) + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n[" + quoted(frame("half"))
	io.WriteString(c, whole[:1+rng.IntN(len(whole)-1)])
	if rng.IntN(20) == 0 {
		io.Copy(io.Discard, c) // until the server loses patience
	}
}

// halfFrames is a stream that stops within a frame, or lies about its length.
func (s *soak) halfFrames(_ context.Context, rng *rand.Rand) {
	c, end := s.dial(rng)
	if c == nil {
		return
	}
	defer end()
	io.WriteString(c, strings.Replace(ask, "client=me", "client="+s.name(rng), 1))
	var b []byte
	for range rng.IntN(20) {
		f := s.randomFrame(rng)
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	if rng.IntN(2) == 0 {
		b = binary.BigEndian.AppendUint32(b, rng.Uint32())
	}
	c.Write(b[:rng.IntN(len(b)+1)])
}

// neverReads is a stream for which frames come and are not fetched.
func (s *soak) neverReads(ctx context.Context, rng *rand.Rand) {
	c, end := s.dial(rng)
	if c == nil {
		return
	}
	defer end()
	io.WriteString(c, strings.Replace(ask, "client=me", "client="+s.name(rng), 1))
	for range 20 {
		if s.do(ctx, http.MethodPost, "/send?client=flood", []byte(quoted(frame("flood")))) == http.StatusOK {
			s.accepted.Add(1)
		}
	}
}

// impairs makes links bad, and good again.
func (s *soak) impairs(ctx context.Context, rng *rand.Rand) {
	faults := []string{"", "loss=10%", "delay=5ms,jitter=5ms", "corrupt=5%,truncate=5%,dup=5%,reorder=5%", "rate=1mbit,qlen=5"}
	path := "/impair"
	if rng.IntN(2) == 0 {
		path += "?client=" + s.name(rng)
	}
	s.do(ctx, http.MethodPut, path, []byte(faults[rng.IntN(len(faults))]))
	if rng.IntN(10) == 0 {
		s.do(ctx, http.MethodDelete, "/impair", nil)
	}
}

// waits asks for frames, and does not always wait for the answer.
func (s *soak) waits(ctx context.Context, rng *rand.Rand) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(50))*time.Millisecond)
	defer cancel()
	s.do(ctx, http.MethodGet, "/recv?client="+s.name(rng)+"&wait=20ms", nil)
}

// stats looks at everything.
func (s *soak) stats(ctx context.Context, rng *rand.Rand) {
	for _, path := range []string{"/stats", "/info", "/", "/nothing"} {
		s.do(ctx, http.MethodGet, path, nil)
	}
}

// world sends what it likes into the device.
func (s *soak) world(ctx context.Context, d link.Device) {
	rng := rand.New(rand.NewPCG(99, 9))
	for ctx.Err() == nil {
		if _, err := d.WriteFrames([][]byte{s.randomFrame(rng), s.randomFrame(rng)}); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond) // with 250 clients and no break nothing else would go on
	}
}

// device takes what the switch sends to it.
func (s *soak) device(d link.Device) {
	bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
	for {
		n, err := d.ReadFrames(bufs, sizes)
		if err != nil {
			return
		}
		s.taken.Add(uint64(n))
	}
}
