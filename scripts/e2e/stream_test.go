package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// web starts an nginx in w that serves a file /big of n bytes at all of its addresses, port 80,
// and returns the file's sum.
func (w world) web(t *testing.T, n int) [32]byte {
	t.Helper()
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	big := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(big)
	if err := os.WriteFile(filepath.Join(dir, "big"), big, 0o644); err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf(`user root; daemon off; master_process off; pid %[1]s/pid; error_log stderr;
		events {}
		http {
			access_log off; sendfile on;
			client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
			server { listen 80; root %[1]s; }
		}`, dir)
	w.daemon(t, "ss -Hltn 'sport = :80' | grep -q .", "nginx", "-e", "stderr", "-c", writeFile(t, dir, "nginx.conf", conf))
	return sha256.Sum256(big)
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// daemon runs a command until the test ends, and returns when the shell's test ready succeeds.
func (w world) daemon(t *testing.T, ready, name string, args ...string) {
	t.Helper()
	var out strings.Builder
	c := w.command(t.Context(), name, args...)
	c.Stdout, c.Stderr = &out, &out
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Wait() }) // its context ended before
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, _, err := w.run(t, "sh", "-c", ready); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not start", name)
		}
		time.Sleep(20 * time.Millisecond) // daemons offer nothing to wait on
	}
}

// fetch downloads url with xcurl, checks it, and logs the rate.
func (w world) fetch(t *testing.T, want [32]byte, args ...string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "big")
	start := time.Now()
	_, stderr, err := w.run(t, "xcurl", append([]string{"-nopcap", "-o", out}, args...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	d := time.Since(start)
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != want {
		t.Errorf("%d bytes came, or not the same", len(got))
	}
	t.Logf("%d bytes in %v: %.2f Gbit/s", len(got), d, float64(len(got))*8/d.Seconds()/1e9)
}

// portStats and stats are what /stats says.
type portStats struct {
	Name                                                                            string
	FramesIn, QueuedTotal, FramesOut, DroppedFull, DroppedLong, DroppedGone, Queued uint64
}

type stats struct {
	Ports   []portStats
	Gone    portStats
	Streams struct {
		Open, Opened int
		Ended        map[string]int
		Last         string
	}
}

func (w world) stats(t *testing.T) (s stats) {
	t.Helper()
	if err := json.Unmarshal([]byte(w.must(t, "curl", "-sS", "http://127.0.0.1:7070/stats")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// entered returns how many frames entered the switch.
func (s stats) entered() uint64 {
	n := s.Gone.FramesIn
	for _, p := range s.Ports {
		n += p.FramesIn
	}
	return n
}

func TestBigFileThroughAStream(t *testing.T) {
	needRoot(t, "ip", "nginx", "curl", "ss")
	w := namespace(t)
	w.httptap(t, "-q")
	want := w.web(t, 100<<20)
	w.fetch(t, want, "-ihttp", "http://192.168.10.1/big")
	s := w.stats(t)
	if s.Streams.Open != 0 || s.Streams.Opened != 1 || s.Streams.Ended["closed"] != 1 || s.Streams.Last != "" {
		t.Errorf("it was no stream, or did not end well: %+v", s.Streams)
	}
	for _, p := range append(s.Ports, s.Gone) {
		if p.QueuedTotal != p.FramesOut+p.DroppedFull+p.DroppedLong+p.DroppedGone+p.Queued {
			t.Errorf("a frame disappeared: %+v", p)
		}
	}
}

func TestBigFileOnTheDevice(t *testing.T) {
	needRoot(t, "ip", "nginx", "dnsmasq", "ss")
	w := namespace(t)
	for _, args := range []string{"tuntap add dev tap7 mode tap", "addr add 10.9.8.1/24 dev tap7", "link set tap7 up"} {
		w.must(t, "ip", strings.Fields(args)...)
	}
	dir := t.TempDir()
	w.daemon(t, "ss -Hlun 'sport = :67' | grep -q .", "dnsmasq", "-k", "-C", writeFile(t, dir, "dnsmasq.conf", `
interface=tap7
bind-dynamic
port=0
user=root
no-ping
dhcp-authoritative
dhcp-range=10.9.8.100,10.9.8.150,255.255.255.0,2m
dhcp-leasefile=`+filepath.Join(dir, "leases")))
	want := w.web(t, 100<<20)
	w.fetch(t, want, "-i", "tap7", "http://10.9.8.1/big")
	if addrs := w.must(t, "ip", "-4", "addr", "show", "dev", "tap7"); strings.Count(addrs, "inet ") != 1 {
		t.Errorf("xcurl left an address on a TAP that was not its own:\n%s", addrs)
	}
}

// tcpdump on tap0 sees each frame of a stream, and no frame twice: those that go to the kernel
// or come from it, and those between two others on the switch.
func TestStreamIsSeenOnce(t *testing.T) {
	needRoot(t, "ip", "nginx", "curl", "tcpdump", "ss")
	w := namespace(t)
	w.must(t, "sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 >$f; done")
	w.httptap(t, "-q")
	w.web(t, 300_000)
	for _, url := range []string{"http://192.168.10.1/big", "http://192.168.10.254/bytes/300000"} {
		file := filepath.Join(t.TempDir(), "tap0.pcap")
		dump := w.command(t.Context(), "tcpdump", "-i", "tap0", "-B", "16384", "-U", "--immediate-mode", "-w", file, "-Z", "root")
		ready, err := dump.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := dump.Start(); err != nil {
			t.Fatal(err)
		}
		ready.Read(make([]byte, 1)) // "listening on tap0"
		before := w.stats(t).entered()
		w.must(t, "xcurl", "-ihttp", "-s", "-o", "/dev/null", url)
		seen, entered := 0, uint64(0)
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
			out, _ := exec.Command("tcpdump", "-n", "-r", file).Output()
			seen, entered = strings.Count(string(out), "\n"), w.stats(t).entered()-before
			if uint64(seen) == entered {
				break
			}
			time.Sleep(20 * time.Millisecond) // tcpdump offers nothing to wait on
		}
		if uint64(seen) != entered || seen < 200 {
			t.Errorf("%s: tcpdump saw %d frames, the switch %d", url, seen, entered)
		}
		dump.Process.Signal(os.Interrupt)
		dump.Wait()
	}
}
