package port

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/stack/ethernet"

	"httptap/stack/link"
	"httptap/stack/link/linktest"
)

// quiet moves the test into a namespace whose kernel says nothing by itself.
func quiet(t testing.TB) {
	t.Helper()
	ownNamespace(t)
	for _, scope := range []string{"all", "default"} {
		err := os.WriteFile("/proc/sys/net/ipv6/conf/"+scope+"/disable_ipv6", []byte("1"), 0)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// The ways to read and write: with a ring, and without.
var rings = map[string]bool{"rings": true, "frame by frame": false}

// openTest opens a device, with or without rings.
func openTest(t testing.TB, open func() (Device, error), ring bool) Device {
	t.Helper()
	d, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	for _, r := range ringsOf(d) {
		switch {
		case *r == nil && ring:
			t.Skip("needs io_uring, which this kernel or container does not have")
		case !ring && *r != nil:
			(*r).close()
			*r = nil
		}
	}
	return d
}

func ringsOf(d Device) []**ring {
	switch d := d.(type) {
	case *tap:
		return []**ring{&d.read.ring, &d.write.ring}
	case *nic:
		return []**ring{&d.write.ring}
	}
	return nil
}

// pair opens a TAP and a packet socket at the kernel's end of it.
func pair(t testing.TB, ring bool) (user, kernel Device) {
	t.Helper()
	quiet(t)
	user = openTest(t, func() (Device, error) { return Open("tap0", Options{}) }, ring)
	return user, openTest(t, func() (Device, error) { return openNIC("tap0") }, ring)
}

// A TAP passes the suite with a packet socket at the kernel's end of it, and two of those do
// with a cable between.
func TestDevices(t *testing.T) {
	for name, ring := range rings {
		t.Run("TAP "+name, func(t *testing.T) {
			linktest.Run(t, func(t *testing.T) (a, b link.Device) { return pair(t, ring) })
		})
	}
	t.Run("NIC", func(t *testing.T) {
		linktest.Run(t, func(t *testing.T) (a, b link.Device) {
			quiet(t)
			veth(t)
			return openTest(t, func() (Device, error) { return Open("v0", Options{}) }, false),
				openTest(t, func() (Device, error) { return Open("v1", Options{}) }, false)
		})
	})
}

func buffers(n, size int) ([][]byte, []int) {
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = make([]byte, size)
	}
	return bufs, make([]int, n)
}

// A read takes all frames that wait, as far as there are buffers.
func TestReadTakesAllThatWait(t *testing.T) {
	for name, ring := range rings {
		t.Run(name, func(t *testing.T) {
			user, kernel := pair(t, ring)
			for _, c := range []struct{ from, to Device }{{kernel, user}, {user, kernel}} {
				frames := make([][]byte, 200)
				for i := range frames {
					frames[i] = testFrame(link.LocalAddr("me"), string(rune('0'+i)))
				}
				if n, err := c.from.WriteFrames(frames); n != len(frames) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
				bufs, sizes := buffers(64, 1514)
				next := 0
				for _, want := range []int{64, 64, 64, 8} {
					n, err := c.to.ReadFrames(bufs, sizes)
					if n != want || err != nil {
						t.Fatalf("%d frames at once, want %d, %v", n, want, err)
					}
					for i := range n {
						if !bytes.Equal(bufs[i][:sizes[i]], frames[next]) {
							t.Fatalf("frame %d is %q", next, bufs[i][14:sizes[i]])
						}
						next++
					}
				}
			}
		})
	}
}

// Frames take no memory.
func TestDevicesAllocateNothing(t *testing.T) {
	for name, ring := range rings {
		t.Run(name, func(t *testing.T) {
			user, kernel := pair(t, ring)
			frames := [][]byte{testFrame(link.LocalAddr("me"), "a"), testFrame(link.LocalAddr("me"), "b")}
			bufs, sizes := buffers(2, 1514)
			pass := func(from, to Device) {
				if _, err := from.WriteFrames(frames); err != nil {
					t.Fatal(err)
				}
				for n := 0; n < len(frames); {
					k, err := to.ReadFrames(bufs, sizes)
					if err != nil {
						t.Fatal(err)
					}
					n += k
				}
			}
			if n := testing.AllocsPerRun(200, func() {
				pass(user, kernel)
				pass(kernel, user)
			}); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// A frame that is longer than any that we asked for is lost and counted, and the next is not.
func TestLongFrameIsCounted(t *testing.T) {
	for name, ring := range rings {
		t.Run(name, func(t *testing.T) {
			user, kernel := pair(t, ring)
			long := insertTag(testFrame(link.LocalAddr("me"), string(make([]byte, 1500))), ethernet.TypeVLAN, 5)
			for _, f := range [][]byte{long, testFrame(link.LocalAddr("me"), "next")} {
				if errno := rawWrite(kernel.(*nic).fd, f); errno != 0 {
					t.Fatal(errno)
				}
			}
			read(t, user, "the frame behind it", func(f []byte) bool {
				if !is("next")(f) {
					t.Errorf("%d bytes came", len(f))
				}
				return true
			})
			if n := user.Dropped(); n != 1 {
				t.Errorf("%d frames are counted", n)
			}
		})
	}
}

// An interface that goes down refuses frames and says so, and takes them when it is up again.
func TestDown(t *testing.T) {
	for name, ring := range rings {
		t.Run(name, func(t *testing.T) {
			user, kernel := pair(t, ring)
			l, err := netlink.LinkByName("tap0")
			if err == nil {
				err = netlink.LinkSetDown(l)
			}
			if err != nil {
				t.Fatal(err)
			}
			frames := [][]byte{testFrame(link.LocalAddr("me"), "a"), testFrame(link.LocalAddr("me"), "b")}
			if n, err := user.WriteFrames(frames); n != 0 || !errors.Is(err, ErrDown) {
				t.Errorf("down: %d, %v", n, err)
			}
			if err := netlink.LinkSetUp(l); err != nil {
				t.Fatal(err)
			}
			if n, err := user.WriteFrames(frames); n != 2 || err != nil {
				t.Errorf("up: %d, %v", n, err)
			}
			bufs, sizes := buffers(1, 1514)
			for {
				// The socket says once that its interface was down.
				_, err := kernel.ReadFrames(bufs, sizes)
				if err == nil {
					break
				}
				if !errors.Is(err, ErrDown) {
					t.Fatal(err)
				}
			}
			if !is("a")(bufs[0][:sizes[0]]) {
				t.Errorf("%q", bufs[0][:sizes[0]])
			}
		})
	}
}

// A TAP that was there before is taken as it is, and stays.
func TestTAPThatWasThere(t *testing.T) {
	quiet(t)
	l := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: "tap0"}, Mode: netlink.TUNTAP_MODE_TAP, Flags: netlink.TUNTAP_NO_PI}
	if err := netlink.LinkAdd(l); err != nil {
		t.Fatal(err)
	}
	addr, err := netlink.ParseAddr("10.1.2.3/8")
	if err == nil {
		err = errors.Join(netlink.LinkSetMTU(l, 1400), netlink.AddrAdd(l, addr))
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open("tap0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Info().MTU != 1400 || d.Prefix().String() != "10.1.2.3/8" {
		t.Errorf("%+v %v", d.Info(), d.Prefix())
	}
	d.Close()
	if _, err := netlink.LinkByName("tap0"); err != nil {
		t.Errorf("behind Close: %v", err)
	}
}

// A kernel whose files can't be asked without waiting is asked one by one.
func TestRingThatIsOfNoUse(t *testing.T) {
	r, err := newRing()
	if err != nil {
		t.Skip("needs io_uring: ", err)
	}
	fd, err := unix.Open("/proc/self/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := new(tap)
	if err := d.adopt(fd); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.read.ring = r
	d.read.bufs, _ = buffers(ringEntries, 20)
	bufs, sizes := buffers(1, 100)
	d.read.bufs[0] = make([]byte, 4<<10)
	bufs[0] = make([]byte, 4<<10)
	if n, errno := d.readSome(bufs, sizes); n != 1 || errno != 0 || sizes[0] == 0 || d.read.ring != nil {
		t.Errorf("%d, %v, %d bytes, ring %v", n, errno, sizes[0], d.read.ring)
	}
}

// One by one, what failed before something that went is not said to be left, but counted as lost.
func TestWritten(t *testing.T) {
	const eio, again = -int32(unix.EIO), -int32(unix.EAGAIN)
	for _, c := range []struct {
		results []int32
		n, lost int
		errno   error
	}{
		{[]int32{60, 60}, 2, 0, syscall.Errno(0)},
		{[]int32{60, again, again}, 1, 0, unix.EAGAIN},
		{[]int32{eio, again}, 0, 0, unix.EIO},
		{[]int32{60, eio, 60}, 3, 1, syscall.Errno(0)},
		{[]int32{60, eio, 60, again}, 3, 1, unix.EAGAIN},
		{[]int32{again, eio, 60, eio, 60}, 5, 3, syscall.Errno(0)},
		{[]int32{60, -int32(unix.ECANCELED)}, 1, 0, unix.EAGAIN},
	} {
		if n, lost, errno := written(c.results); n != c.n || lost != c.lost || errno != c.errno {
			t.Errorf("%v: %d, %d lost, %v", c.results, n, lost, errno)
		}
	}
}
