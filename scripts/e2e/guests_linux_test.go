package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A console is what a program prints, watched while it comes.
type console struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newConsole() *console { return &console{more: make(chan struct{}, 1)} }

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.text.Write(b)
	c.mu.Unlock()
	select {
	case c.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// expect waits until text is there.
func (c *console) expect(t *testing.T, text string) {
	t.Helper()
	for deadline := time.After(90 * time.Second); !strings.Contains(c.String(), text); {
		select {
		case <-c.more:
		case <-deadline:
			t.Fatalf("%q is missing in\n%s", text, c)
		}
	}
}

// background runs a command until the test ends.
func background(t *testing.T, c *exec.Cmd) *console {
	t.Helper()
	out := newConsole()
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return out
}

// QEMU's own network plugs into -qemu: the iPXE in its network card's ROM, a stack that is nobody's
// of ours, gets a lease from the lab, asks its DNS, and fetches a page by its own TCP.
func TestQEMU(t *testing.T) {
	needTool(t, "qemu-system-x86_64")
	if rom, _ := filepath.Glob("/usr/*/ipxe/qemu/pxe-virtio.rom"); len(rom) == 0 {
		t.Skip("needs the ROM of QEMU's network card: apt install ipxe-qemu")
	}
	dir := shared(t, nobody())
	w := world{}
	path := filepath.Join(dir, "vm")
	s := w.httptap(t, "-i", "user", "-listen", "unix:"+filepath.Join(dir, "http"), "-qemu", "unix:"+path)
	vm := exec.Command("qemu-system-x86_64", "-nographic", "-no-user-config", "-machine", "pc,accel=tcg", "-m", "64", "-monitor", "none", "-boot", "n",
		"-nic", "none", "-netdev", "stream,id=n,server=off,addr.type=unix,addr.path="+path, "-device", "virtio-net-pci,netdev=n,mac=52:54:00:aa:bb:cc")
	keys, err := vm.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen := background(t, vm)
	screen.expect(t, "Press Ctrl-B for the iPXE command line")
	io.WriteString(keys, "\x02")
	screen.expect(t, "iPXE>")
	io.WriteString(keys, "dhcp net0\r")
	screen.expect(t, " ok\r\niPXE> ") // what is typed before is lost
	io.WriteString(keys, "imgfetch http://www.httptap.test/ && echo fetched ${net0/ip} by ${net0/gateway}\r")
	screen.expect(t, "\r\nfetched 192.168.10.2 by 192.168.10.1")
	vm.Process.Kill()
	vm.Wait()
	s.stop(t)
	if out := s.out.String(); !strings.Contains(out, "source=52:54:00:aa:bb:cc") {
		t.Errorf("httptap saw nothing of it:\n%.2000s", out)
	}
}

// nobody returns whom httptap runs as when it was started by this user.
func nobody() int {
	if uid := os.Getuid(); uid != 0 {
		return uid
	}
	return 65534
}

// passt plugs into -qemu and is the network there: xcurl gets its lease from it, and a page from a
// server of the machine.
func TestPasst(t *testing.T) {
	needRoot(t, "ip", "passt", "nginx", "ss")
	t.Setenv("SUDO_UID", "")
	w := namespace(t)
	for _, args := range []string{"link add d0 type veth peer name d1", "addr add 10.77.0.2/24 dev d0", "link set d0 up", "link set d1 up", "route add default via 10.77.0.1"} {
		w.must(t, "ip", strings.Fields(args)...)
	}
	want := w.web(t, 5<<20)
	path := filepath.Join(shared(t, nobody()), "vm")
	w.httptap(t, "-i", "user", "-q", "-lab=false", "-qemu", path)
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fd, err := conn.File()
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	passt := w.command(context.Background(), "passt", "--foreground", "--fd", "3")
	passt.ExtraFiles = []*os.File{fd}
	out := background(t, passt)
	// The address of its gateway is the machine itself for passt.
	w.fetch(t, want, "-ihttp", "http://10.77.0.1/big")
	if t.Failed() {
		t.Logf("passt says\n%s", out)
	}
}

// gvforwarder, the client of gvisor-tap-vsock, plugs its TAP into /connect: the kernel behind it
// reaches the lab.
func TestGvforwarder(t *testing.T) {
	needRoot(t, "ip", "ping", "curl")
	bin := t.TempDir()
	build := exec.Command("go", "install", "github.com/containers/gvisor-tap-vsock/cmd/vm@v0.8.9")
	build.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("needs gvisor-tap-vsock, which can't be fetched: %s", out)
	}
	w := namespace(t)
	path := filepath.Join(shared(t, nobody()), "s")
	w.httptap(t, "-i", "user", "-q", "-listen", "127.0.0.1:7070,unix:"+path)
	for _, args := range []string{"tuntap add dev tap5 mode tap", "addr add 192.168.10.50/24 dev tap5", "link set tap5 up"} {
		w.must(t, "ip", strings.Fields(args)...)
	}
	out := background(t, w.command(context.Background(), filepath.Join(bin, "vm"), "-preexisting", "-iface", "tap5", "-url", "unix://"+path))
	out.expect(t, "waiting for packets")
	w.must(t, "ping", "-c", "3", "-i", "0.2", "-W", "10", "192.168.10.1")
	if got := w.must(t, "curl", "-sS", "-m", "20", "http://192.168.10.1/bytes/300000"); len(got) != 300000 {
		t.Errorf("%d bytes came", len(got))
	}
	for _, p := range w.stats(t).Ports {
		if p.Name == "client gvforwarder-1" && p.FramesIn > 5 && p.FramesOut > 200 {
			return
		}
	}
	t.Errorf("it is no client of its own: %+v", w.stats(t).Ports)
}
