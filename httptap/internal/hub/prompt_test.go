package hub

import (
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
)

// A sink is a device that notes the frames that it is given.
type sink struct {
	mu     sync.Mutex
	frames []string
	block  chan struct{} // not nil: writes wait until it is closed
	closed chan struct{}
	once   sync.Once
}

func newSink() *sink { return &sink{closed: make(chan struct{})} }

func (d *sink) ReadFrames([][]byte, []int) (int, error) {
	<-d.closed
	return 0, net.ErrClosed
}

func (d *sink) WriteFrames(frames [][]byte) (int, error) {
	if d.block != nil {
		<-d.block
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range frames {
		d.frames = append(d.frames, string(f[14:]))
	}
	return len(frames), nil
}

func (d *sink) got() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.frames...)
}

func (d *sink) Info() link.Info { return link.Info{MTU: 1500, Name: "sink"} }

func (d *sink) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// serve joins a sink to a prompt port.
func serve(t *testing.T, h *Hub, d *sink) *Port {
	t.Helper()
	p := attach(t, h, PortConfig{Name: "device", Kind: Device, Prompt: true})
	go Serve(d, p)
	synctest.Wait()
	return p
}

// A sender hands a frame over before its call returns.
func TestPromptPortNeedsNobodyWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHub(t, 0)
		d := newSink()
		p := serve(t, h, d)
		defer p.Close()
		a := attach(t, h, PortConfig{Name: "a"})
		a.Send(to(mac("x"), mac("a"), "1"), to(mac("x"), mac("a"), "2"))
		if got := d.got(); len(got) != 2 || got[0] != "1" || got[1] != "2" {
			t.Errorf("%q", got)
		}
	})
}

// While the port's own goroutine is at it nobody waits for it, and what came meanwhile goes out.
func TestPromptPortThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHub(t, 0)
		d := newSink()
		p := serve(t, h, d)
		defer p.Close()
		a := attach(t, h, PortConfig{Name: "a"})
		p.Emptying(func() {
			a.Send(to(mac("x"), mac("a"), "1"))
			a.Send(to(mac("x"), mac("a"), "2"))
			if got := d.got(); len(got) != 0 {
				t.Errorf("two are at it: %q", got)
			}
		})
		synctest.Wait()
		if got := d.got(); len(got) != 2 || got[0] != "1" || got[1] != "2" {
			t.Errorf("%q", got)
		}
	})
}

// Clients that send more than a device takes wait for it: none of their frames is lost.
func TestSendersWaitForADevice(t *testing.T) {
	const senders, each = 8, 3000
	h, _ := newHub(t, 512)
	d := newSink()
	p := attach(t, h, PortConfig{Name: "device", Kind: Device, Prompt: true})
	served := make(chan struct{})
	go func() {
		Serve(d, p)
		close(served)
	}()
	for ready := false; !ready; runtime.Gosched() {
		h.mu.Lock()
		ready = len(h.devices) > 0
		h.mu.Unlock()
	}
	var all sync.WaitGroup
	for i := range senders {
		// Those of one client don't go to the others: the device is a station that was seen.
		a := attach(t, h, PortConfig{Name: string(rune('a' + i))})
		all.Go(func() {
			for n := 0; n < each; n += 50 {
				var frames [][]byte
				for k := range 50 {
					frames = append(frames, to(mac("device"), mac(a.Name()), string(binary.BigEndian.AppendUint32([]byte{byte(i)}, uint32(n+k)))))
				}
				if _, err := a.Send(frames...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	p.Send(to(mac("nobody"), mac("device"), ""))
	all.Wait()
	for p.Ready() {
		p.Emptying(func() {}) // its own goroutine is at it
	}
	s := p.Stats()
	p.Close()
	<-served
	if s.DroppedFull != 0 {
		t.Errorf("%d frames were lost", s.DroppedFull)
	}
	next := make([]uint32, senders)
	for _, f := range d.got() {
		if i := f[0]; binary.BigEndian.Uint32([]byte(f[1:])) != next[i] {
			t.Fatalf("sender %d: frame %d, want %d", i, binary.BigEndian.Uint32([]byte(f[1:])), next[i])
		}
		next[f[0]]++
	}
	for i, n := range next {
		if n != each {
			t.Errorf("sender %d: %d frames arrived", i, n)
		}
	}
}

// Nobody waits for a client, prompt or not.
func TestNobodyWaitsForAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHub(t, 0)
		d := newSink()
		d.block = make(chan struct{})
		p := attach(t, h, PortConfig{Name: "slow", Kind: Client})
		p.Prompt(func() {})
		go p.Emptying(func() { <-d.block })
		synctest.Wait()
		a := attach(t, h, PortConfig{Name: "a"})
		for range 5000 { // would end in a deadlock
			a.Send(to(mac("x"), mac("a"), "x"))
		}
		close(d.block)
		if s := p.Stats(); s.DroppedFull == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A send hands frames over without taking memory.
func TestHandingOverAllocatesNothing(t *testing.T) {
	h, _ := newHub(t, 0)
	a, p := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "p", Kind: Client})
	bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
	p.Prompt(func() { p.Poll(bufs, sizes) })
	frames := [][]byte{to(mac("x"), mac("a"), "x")}
	if n := testing.AllocsPerRun(1000, func() { a.Send(frames...) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A mirror answers each frame before the call that writes it returns, as a kernel behind a TAP does.
type mirror struct {
	sink
	mu      sync.Mutex
	answers [][]byte
	ready   chan struct{}
	held    atomic.Int32
}

func newMirror() *mirror {
	m := &mirror{ready: make(chan struct{}, 1)}
	m.closed = make(chan struct{})
	return m
}

func (m *mirror) WriteFrames(frames [][]byte) (int, error) {
	if m.held.Load() == 0 {
		return 0, errors.New("somebody is told of the answer")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range frames {
		m.answers = append(m.answers, to(link.Addr(f[6:12]), link.Addr(f[:6]), "re: "+string(f[14:])))
	}
	return m.sink.WriteFrames(frames)
}

func (m *mirror) PollFrames(bufs [][]byte, sizes []int) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n < len(bufs) && len(m.answers) > 0 {
		sizes[n] = copy(bufs[n], m.answers[0])
		m.answers = m.answers[1:]
		n++
	}
	return n, nil
}

func (m *mirror) WaitFrames() error {
	select {
	case <-m.ready:
		return nil
	case <-m.closed:
		return net.ErrClosed
	}
}

// A held mirror's frames nobody is told of.
func (m *mirror) Hold()    { m.held.Add(1) }
func (m *mirror) Release() { m.held.Add(-1) }

// Who sends to a device that has answered already has the answer when its call returns: nobody was woken.
func TestAnswerIsThereWhenSendReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHub(t, 0)
		d := newMirror()
		p := attach(t, h, PortConfig{Name: "device", Kind: Device, Prompt: true})
		served := make(chan error)
		go func() { served <- Serve(d, p) }()
		synctest.Wait()
		a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
		for range 3 {
			a.Send(to(mac("x"), mac("a"), "1"), to(mac("x"), mac("a"), "2"))
			if texts := got(t, a); len(texts) != 2 || texts[0] != "re: 1" || texts[1] != "re: 2" {
				t.Fatalf("%q", texts)
			}
			b.Send(to(mac("x"), mac("b"), "3"))
			if texts := got(t, b); texts[len(texts)-1] != "re: 3" {
				t.Fatalf("%q", texts)
			}
		}
		// What nobody looks for, the port's own goroutine moves.
		d.mu.Lock()
		d.answers = append(d.answers, to(mac("a"), mac("x"), "late"))
		d.mu.Unlock()
		d.ready <- struct{}{}
		synctest.Wait()
		if texts := got(t, a); len(texts) != 1 || texts[0] != "late" {
			t.Errorf("%q", texts)
		}
		p.Close()
		if err := <-served; err != net.ErrClosed || d.held.Load() != 0 {
			t.Error(err, d.held.Load())
		}
	})
}

// Frames that come off a line later are handed over as well, with nobody else to wake the port.
func TestPromptPortBehindALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{MTU: 1500})
		d := newSink()
		p := serve(t, h, d)
		defer p.Close()
		a := attach(t, h, PortConfig{Name: "a", Up: link.ImpairConfig{Delay: 5 * time.Millisecond}})
		a.Send(to(mac("x"), mac("a"), "1"))
		time.Sleep(4 * time.Millisecond)
		synctest.Wait()
		if got := d.got(); len(got) != 0 {
			t.Errorf("too early: %q", got)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if got := d.got(); len(got) != 1 || got[0] != "1" {
			t.Errorf("behind the line: %q", got)
		}
	})
}
