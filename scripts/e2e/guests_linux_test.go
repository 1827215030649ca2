package e2e

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// expect waits until text is there, or one of what can be there only in its place.
func (c *console) expect(t *testing.T, text string, instead ...string) {
	t.Helper()
	for deadline := time.After(3 * time.Minute); !strings.Contains(c.String(), text); {
		over := slices.ContainsFunc(instead, func(s string) bool { return strings.Contains(c.String(), s) })
		if over {
			t.Fatalf("%q is missing in\n%s", text, c)
		}
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

// QEMU's own network plugs into -qemu: iPXE, a stack that is nobody's of ours, gets a lease from the
// lab, asks its DNS, and fetches a page by its own TCP. A script tells it what to do, for what is
// typed while a starved guest does not listen is lost.
func TestQEMU(t *testing.T) {
	needTool(t, "qemu-system-x86_64")
	const ipxe = "/usr/lib/ipxe/ipxe.lkrn"
	if _, err := os.Stat(ipxe); err != nil {
		t.Skip("needs iPXE as a kernel: apt install ipxe")
	}
	dir := shared(t, nobody())
	w := world{}
	path := filepath.Join(dir, "vm")
	s := w.httptap(t, "-i", "user", "-listen", "unix:"+filepath.Join(dir, "http"), "-qemu", "unix:"+path)
	script := filepath.Join(dir, "script.ipxe")
	const commands = "#!ipxe\ndhcp net0 && imgfetch http://www.httptap.test/ && echo fetched ${net0/ip} by ${net0/gateway} || echo script failed: ${errno}\nshell\n"
	if err := os.WriteFile(script, []byte(commands), 0o644); err != nil {
		t.Fatal(err)
	}
	vm := exec.Command("qemu-system-x86_64", "-nographic", "-no-user-config", "-machine", "pc,accel=tcg", "-m", "256", "-monitor", "none",
		"-kernel", ipxe, "-initrd", script,
		"-nic", "none", "-netdev", "stream,id=n,server=off,addr.type=unix,addr.path="+path, "-device", "virtio-net-pci,netdev=n,romfile=,mac=52:54:00:aa:bb:cc")
	screen := background(t, vm)
	screen.expect(t, "fetched 192.168.10.2 by 192.168.10.1", "script failed:")
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
