package e2e

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The units are without a mistake that systemd knows, and as tight as it can tell.
func TestSystemdUnits(t *testing.T) {
	needTool(t, "systemd-analyze")
	dir := t.TempDir()
	for _, name := range []string{"httptap.service", "httptap.socket"} {
		b, err := os.ReadFile("../systemd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, dir, name, strings.ReplaceAll(string(b), "/usr/local/bin/httptap", filepath.Join(bin, "httptap")))
	}
	service := filepath.Join(dir, "httptap.service")
	if out, err := exec.Command("systemd-analyze", "verify", "--man=no", service, filepath.Join(dir, "httptap.socket")).CombinedOutput(); err != nil || len(out) != 0 {
		t.Errorf("%v\n%s", err, out)
	}
	// The exposure goes from 0 to 10; the threshold is ten times that.
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", service).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// As the unit starts it: sockets that are open, one capability, no root. The TAP is there, and the
// capability is not, in any thread, before the first call is answered.
func TestSocketActivation(t *testing.T) {
	needRoot(t, "ip", "setpriv", "curl")
	own := filepath.Join(shared(t, 0), "httptap")
	build := exec.Command("go", "build", "-o", own, "./httptap")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := t.TempDir()
	http, vm := filepath.Join(dir, "http"), filepath.Join(dir, "vm")
	var files []*os.File
	for _, path := range []string{http, vm} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := os.Chmod(path, 0o660); err != nil {
			t.Fatal(err)
		}
		f, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	w := namespace(t)
	// Most systems let every user open this device, as its driver does nothing without the capability.
	tun := filepath.Join(t.TempDir(), "tun")
	w.must(t, "mknod", "-m", "666", tun, "c", "10", "200")
	c := w.command(t.Context(), "sh", "-c", `mount --bind "$0" /dev/net/tun && exec "$@"`, tun,
		"setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin", "--bounding-set=-all,+net_admin", "--no-new-privs", "sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, own, "-i", "tap0", "-q")
	c.Env = append(os.Environ(), "LISTEN_FDS=2", "LISTEN_FDNAMES=http:qemu", "SUDO_UID=", "HTTPTAP_TOKEN=")
	c.ExtraFiles = files
	out := background(t, c)
	out.expect(t, "listening on unix:"+http+", -qemu unix:"+vm)
	if strings.Contains(out.String(), "7070") {
		t.Errorf("it listens where it was not asked to: %s", out)
	}
	if page := w.must(t, "xcurl", "-ihttp", "-s", "-url", "unix:"+http, "http://www.httptap.test/"); !strings.Contains(page, "httptap") {
		t.Errorf("the page is %q", page)
	}
	w.must(t, "ip", "link", "show", "dev", "tap0")

	conn, err := net.Dial("unix", vm)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	// Who has 192.168.10.254, the lab? RFC 826
	arp := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, 2, 0, 0, 0, 0, 9, 192, 168, 10, 77, 0, 0, 0, 0, 0, 0, 192, 168, 10, 254)
	conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(arp))), arp...))
	for {
		head := make([]byte, 4)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatal(err)
		}
		f := make([]byte, binary.BigEndian.Uint32(head))
		if _, err := io.ReadFull(conn, f); err != nil {
			t.Fatal(err)
		}
		if len(f) >= 42 && f[12] == 8 && f[13] == 6 && f[21] == 2 {
			break // the lab's reply
		}
	}

	tasks, err := filepath.Glob("/proc/" + strings.TrimSpace(w.must(t, "pgrep", "-f", "^"+own)) + "/task/*/status")
	if err != nil || len(tasks) < 2 {
		t.Fatalf("%d threads, %v", len(tasks), err)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		for _, want := range []string{`Uid:\s+12345\s+12345`, `CapInh:\s+0+\n`, `CapPrm:\s+0+\n`, `CapEff:\s+0+\n`, `CapAmb:\s+0+\n`, `NoNewPrivs:\s+1\n`} {
			if !regexp.MustCompile(want).Match(b) {
				t.Errorf("%s: %q is not in\n%s", task, want, b)
			}
		}
	}
	c.Process.Signal(os.Interrupt)
	if err := c.Wait(); err != nil {
		t.Errorf("its end: %v\n%s", err, out)
	}
	for _, path := range []string{http, vm} {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("it removed a socket that is not its own: %v", err)
		}
	}
}
