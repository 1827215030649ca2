package port

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/stack/ethernet"
	"httptap/stack/link"
)

func TestMain(m *testing.M) {
	Helper()
	os.Exit(m.Run())
}

// ownNamespace moves the test into a network namespace that ends with it.
func ownNamespace(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: it makes a network namespace")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("needs /dev/net/tun: modprobe tun")
	}
	runtime.LockOSThread() // never unlocked: the thread, and the namespace with it, ends
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("needs network namespaces: %v", err)
	}
}

// read reads frames until one satisfies ok, for some seconds at most.
func read(t *testing.T, d link.Device, what string, ok func([]byte) bool) []byte {
	t.Helper()
	found := make(chan []byte, 1)
	go func() {
		bufs, sizes := make([][]byte, 8), make([]int, 8)
		for i := range bufs {
			bufs[i] = make([]byte, d.Info().FrameLen())
		}
		for {
			n, err := d.ReadFrames(bufs, sizes)
			if err != nil {
				close(found)
				return
			}
			for i := range n {
				if f := bufs[i][:sizes[i]]; ok(f) {
					found <- bytes.Clone(f)
					return
				}
			}
		}
	}()
	select {
	case f := <-found:
		return f
	case <-time.After(5 * time.Second):
		t.Fatalf("%s did not come", what)
		return nil
	}
}

func testFrame(from link.Addr, text string) []byte {
	return append(ethernet.Append(nil, link.Broadcast, from, 0x88b5), text...) // a type for experiments
}

func is(text string) func([]byte) bool {
	return func(f []byte) bool { return bytes.HasSuffix(f, []byte(text)) }
}

func TestTAP(t *testing.T) {
	ownNamespace(t)
	prefix := netip.MustParsePrefix("192.168.10.1/24")
	d, err := Open("tap0", Options{Prefix: prefix, MTU: 1400})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	l, err := netlink.LinkByName("tap0")
	if err != nil {
		t.Fatal(err)
	}
	i := d.Info()
	if d.Prefix() != prefix || i.MTU != 1400 || l.Attrs().MTU != 1400 || i.HardwareAddr.String() != l.Attrs().HardwareAddr.String() || l.Attrs().Flags&net.FlagUp == 0 {
		t.Errorf("%+v %v, the kernel says %+v", i, d.Prefix(), l.Attrs())
	}
	// The kernel is the peer: it answers ARP, and what it sends is read.
	ask := append(ethernet.Append(nil, link.Broadcast, link.LocalAddr("me"), ethernet.TypeARP),
		0, 1, 8, 0, 6, 4, 0, 1)
	me := link.LocalAddr("me")
	ask = append(append(append(ask, me[:]...), 192, 168, 10, 2, 0, 0, 0, 0, 0, 0), 192, 168, 10, 1)
	if n, err := d.WriteFrames([][]byte{ask, ask}); n != 2 || err != nil {
		t.Fatalf("%d frames written, %v", n, err)
	}
	read(t, d, "the kernel's ARP reply", func(f []byte) bool {
		return ethernetType(f) == ethernet.TypeARP && f[21] == 2 && link.Addr(f[6:12]) == i.HardwareAddr
	})
	for _, n := range []int{0, 13, 1415} {
		if _, err := d.WriteFrames([][]byte{make([]byte, n)}); !errors.Is(err, link.ErrFrameSize) {
			t.Errorf("a frame of %d bytes: %v", n, err)
		}
	}
	if _, err := Open("tap0", Options{Prefix: prefix}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		bufs, sizes := [][]byte{make([]byte, 2000)}, make([]int, 1)
		for {
			if _, err := d.ReadFrames(bufs, sizes); err != nil {
				done <- err
				return
			}
		}
	}()
	d.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read that Close ends: %v", err)
	}
	if _, err := d.WriteFrames([][]byte{ask}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write behind Close: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if _, err := netlink.LinkByName("tap0"); err == nil {
		t.Error("tap0 is still there")
	}
}

func ethernetType(f []byte) uint16 {
	e, err := ethernet.Parse(f)
	if err != nil {
		return 0
	}
	return e.Type()
}

// veth makes two joined interfaces, up.
func veth(t testing.TB) {
	t.Helper()
	v := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "v0", MTU: 1500}, PeerName: "v1"}
	if err := netlink.LinkAdd(v); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"v0", "v1"} {
		l, err := netlink.LinkByName(name)
		if err == nil {
			err = netlink.LinkSetUp(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNIC(t *testing.T) {
	ownNamespace(t)
	veth(t)
	if _, err := setOffload("v0", 0, true); err != nil {
		t.Fatal(err)
	}
	a, err := Open("v0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := setOffload("v0", 0, false); changed || err != nil {
		t.Errorf("GRO was on while the NIC is open: %v, %v", changed, err)
	}
	b, err := Open("v1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	me := link.LocalAddr("me")
	// Several in one write arrive in order; what we send ourselves does not come back.
	b.WriteFrames([][]byte{testFrame(me, "own")})
	if n, err := a.WriteFrames([][]byte{testFrame(me, "first"), testFrame(me, "second")}); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	read(t, b, "the first frame", func(f []byte) bool {
		if is("own")(f) || is("second")(f) {
			t.Errorf("%q came before", f[14:])
		}
		return is("first")(f)
	})
	// A tag that the kernel takes off is put back.
	tagged := insertTag(testFrame(me, "tagged"), ethernet.TypeVLAN, 5)
	a.WriteFrames([][]byte{tagged})
	if f := read(t, b, "the tagged frame", is("tagged")); !bytes.Equal(f, tagged) {
		t.Errorf("the tagged frame is % x, was % x", f, tagged)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if changed, err := setOffload("v0", 0, true); changed || err != nil {
		t.Errorf("GRO is not on again: %v, %v", changed, err)
	}
}

func TestOpenErrors(t *testing.T) {
	ownNamespace(t)
	veth(t)
	l, err := netlink.LinkByName("v1")
	if err == nil {
		err = netlink.LinkSetDown(l)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, device string
		want         error
	}{
		{"an interface that is not there", "eth9", ErrAbsent},
		{"one that is down", "v1", ErrDown},
		{"one that is not Ethernet", "lo", ErrNotEthernet},
		{"no name", "", ErrName},
		{"a name that is too long", "tap0123456789abcdef", ErrName},
		{"a path", "tap/0", ErrName},
	} {
		d, err := Open(c.device, Options{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil {
			d.Close()
		}
	}
}

// A name that stands for something else than a TAP of one queue is said to be taken by that.
func TestNameOfSomethingElse(t *testing.T) {
	ownNamespace(t)
	for name, l := range map[string]netlink.Link{
		"a bridge":       &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "tap1"}},
		"a TUN":          &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: "tap2"}, Mode: netlink.TUNTAP_MODE_TUN},
		"several queues": &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: "tap3"}, Mode: netlink.TUNTAP_MODE_TAP, Queues: 2, Flags: netlink.TUNTAP_MULTI_QUEUE_DEFAULTS},
	} {
		if err := netlink.LinkAdd(l); err != nil {
			t.Fatal(err)
		}
		if d, err := Open(l.Attrs().Name, Options{}); !errors.Is(err, ErrOther) {
			t.Errorf("%s: %v, want %v", name, err, ErrOther)
			if err == nil {
				d.Close()
			}
		}
	}
}

// A watch that is held tells nobody of frames, then of all that came meanwhile; and it may be let go behind
// its end.
func TestWatchIsHeld(t *testing.T) {
	var pipe, stop [2]int
	for _, p := range []*[2]int{&pipe, &stop} {
		if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(p[0])
		defer unix.Close(p[1])
	}
	var w watch
	if err := w.open(pipe[0], stop[0]); err != nil {
		t.Fatal(err)
	}
	told := make(chan error)
	wait := func() { go func() { told <- w.wait() }() }
	waits := func() {
		for waiting := false; !waiting; runtime.Gosched() {
			w.mu.Lock()
			waiting = w.waiting
			w.mu.Unlock()
		}
	}
	write := func(fd int) {
		if _, err := unix.Write(fd, []byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	drain := func() { unix.Read(pipe[0], make([]byte, 16)) }
	isTold := func(what string) {
		t.Helper()
		select {
		case err := <-told:
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: nobody is told", what)
		}
	}

	wait()
	waits()
	write(pipe[1])
	isTold("a frame")
	drain()

	wait()
	waits()
	w.hold()
	w.hold() // by two
	write(pipe[1])
	w.release()
	var events [1]unix.PollFd
	events[0] = unix.PollFd{Fd: int32(w.epoll), Events: unix.POLLIN}
	if n, err := unix.Poll(events[:], 0); n != 0 || err != nil {
		t.Errorf("a held watch tells: %d %v", n, err)
	}
	w.release()
	isTold("a frame that came while it was held")
	drain()

	w.hold()
	wait()
	waits()
	write(pipe[1])
	drain() // who holds it reads
	w.release()
	write(stop[1])
	isTold("the end")
	w.hold()
	w.close()
	w.release()
	if err := w.wait(); err != net.ErrClosed {
		t.Errorf("behind the end: %v", err)
	}
}
