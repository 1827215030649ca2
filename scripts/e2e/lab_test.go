package e2e

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lab builds the namespace lab of scripts/lab with its daemons and returns its near side.
func lab(t *testing.T) (near world, name string) {
	t.Helper()
	needRoot(t, "ip", "ethtool", "nft", "dnsmasq", "chronyd", "nginx")
	name = fmt.Sprintf("t%d", time.Now().UnixNano()%1e9)
	out, err := exec.Command("../lab", "up", name).CombinedOutput()
	t.Cleanup(func() { exec.Command("../lab", "down", name).Run() })
	if err != nil {
		t.Fatalf("scripts/lab up: %v\n%s", err, out)
	}
	return world{netns: name + "-near"}, name
}

const wantPage = "This page came from nginx, over our own TCP."

func TestRealDaemons(t *testing.T) {
	w, _ := lab(t)
	w.httptap(t, "-i", "v0")
	stdout, stderr, err := w.run(t, "xcurl", "-ihttp", "-ntp", "http://www.lab.test/")
	if err != nil || !strings.Contains(stdout, wantPage) {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	for what, want := range map[string]string{
		"dnsmasq's lease":         "from 10.77.0.1",
		"the router's address":    "router 10.77.0.1 is at",
		"dnsmasq's name":          "www.lab.test is 10.77.0.1",
		"chrony's time":           "NTP",
		"the annotated requests":  "OUT ",
		"the annotated responses": "IN ",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%s: %q is not in\n%s", what, want, stderr)
		}
	}
}

func TestHundredRunsTwoAtOnceAndAfterAKill(t *testing.T) {
	w, name := lab(t)
	w.httptap(t, "-i", "v0", "-q")
	fetch := func() error {
		stdout, stderr, err := w.run(t, "xcurl", "-ihttp", "-ntp", "-nopcap", "http://alias.lab.test/")
		if err != nil || !strings.Contains(stdout, wantPage) {
			return fmt.Errorf("%w\n%s\n%s", err, stdout, stderr)
		}
		return nil
	}
	for i := range 100 {
		if err := fetch(); err != nil {
			t.Fatalf("run %d of 100 in a row: %v", i+1, err)
		}
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := fetch(); err != nil {
				t.Errorf("one of two at once: %v", err)
			}
		})
	}
	both.Wait()

	// A run that dies in the middle of a transfer leaves nothing that hinders the next.
	bigFile(t, name, 100<<20)
	killed := w.command(t.Context(), "xcurl", "-ihttp", "-nopcap", "-o", "/dev/null", "http://www.lab.test/big")
	stderr, err := killed.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "TCP connected") {
	}
	killed.Process.Signal(syscall.SIGKILL)
	if killed.Wait(); killed.ProcessState.Success() {
		t.Error("the run was over before it was killed")
	}
	if err := fetch(); err != nil {
		t.Errorf("the run behind one that was killed: %v", err)
	}
}

// bigFile puts a file of n bytes into the lab's web server and returns its sum.
func bigFile(t *testing.T, name string, n int) [32]byte {
	t.Helper()
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	if err := os.WriteFile(filepath.Join("/run/httptap-lab-"+name, "www", "big"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

func TestBigFileArrivesWhole(t *testing.T) {
	const size = 100 << 20
	w, name := lab(t)
	far := world{netns: name + "-far"}
	want := bigFile(t, name, size)
	w.httptap(t, "-i", "v0", "-q")
	for _, loss := range []string{"0", "5"} {
		t.Run(loss+"% of frames lost", func(t *testing.T) {
			world{}.must(t, "../lab", "lose", name, loss)
			out := filepath.Join(t.TempDir(), "big")
			start := time.Now()
			_, stderr, err := w.run(t, "xcurl", "-ihttp", "-nopcap", "-o", out, "http://10.77.0.1/big")
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != size || sha256.Sum256(got) != want {
				t.Errorf("%d bytes of %d, or not the same", len(got), size)
			}
			t.Logf("%d bytes in %v", len(got), time.Since(start))
			if loss != "0" {
				t.Log(far.must(t, "nft", "list", "table", "netdev", "lose"))
			}
		})
	}
}

// xcurl on the device itself, without an httptap between.
func TestDirect(t *testing.T) {
	w, _ := lab(t)
	stdout, stderr, err := w.run(t, "xcurl", "-i", "v0", "-ntp", "-nopcap", "http://www.lab.test/")
	if err != nil || !strings.Contains(stdout, wantPage) {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
}

// On the device xcurl gives root up, too, and still writes where root may.
func TestDirectToAFile(t *testing.T) {
	w, _ := lab(t)
	out := filepath.Join(t.TempDir(), "page")
	if err := os.Chmod(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	_, stderr, err := w.run(t, "xcurl", "-i", "v0", "-s", "-o", out, "http://www.lab.test/")
	page, _ := os.ReadFile(out)
	if err != nil || !strings.Contains(string(page), wantPage) {
		t.Fatalf("%v\n%s\n%s", err, page, stderr)
	}
}

// Ctrl-C in the middle of a transfer gives the lease back and says 130.
func TestInterruptReleasesTheLease(t *testing.T) {
	w, name := lab(t)
	bigFile(t, name, 200<<20)
	w.httptap(t, "-i", "v0", "-q")
	c := w.command(t.Context(), "xcurl", "-ihttp", "-nopcap", "-o", "/dev/null", "http://10.77.0.1/big")
	r, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() && !strings.Contains(lines.Text(), "TCP connected") {
	}
	c.Process.Signal(os.Interrupt)
	for lines.Scan() {
	}
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit status %d, want 130", code)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		leases, err := os.ReadFile("/run/httptap-lab-" + name + "/dnsmasq.leases")
		if err == nil && strings.TrimSpace(string(leases)) == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("dnsmasq still knows a lease: %q, %v", leases, err)
		}
		time.Sleep(20 * time.Millisecond) // dnsmasq offers nothing to wait on
	}
}

// BenchmarkRun is a whole run on the TAP lab, from the start of the process to its end: DHCP,
// ARP, DNS, TCP, HTTP. It prints the median beside Go's mean.
func BenchmarkRun(b *testing.B) {
	needRoot(b, "ip")
	w := namespace(b)
	w.httptap(b, "-q")
	var times []time.Duration
	for b.Loop() {
		begin := time.Now()
		w.must(b, "xcurl", "-ihttp", "-s", "-o", "/dev/null", "http://www.httptap.test/")
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms/median")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "ms/p99")
}
