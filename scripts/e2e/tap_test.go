package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const pageOfTheLab = "Ethernet"

func TestTAP(t *testing.T) {
	needRoot(t, "ip", "tcpdump")
	w := namespace(t)
	s := w.httptap(t)

	// What tcpdump sees on tap0 is what happened, the lab's answers too.
	file := filepath.Join(t.TempDir(), "tap0.pcap")
	dump := w.command(t.Context(), "tcpdump", "-i", "tap0", "-U", "--immediate-mode", "-w", file, "-Z", "root")
	ready, err := dump.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dump.Start(); err != nil {
		t.Fatal(err)
	}
	ready.Read(make([]byte, 1)) // "listening on tap0"

	stdout, stderr, err := w.run(t, "xcurl", "-ihttp", "-ntp", "http://www.httptap.test/")
	if err != nil || !strings.Contains(stdout, pageOfTheLab) {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	frames := len(regexp.MustCompile(`(?m)^(IN|OUT) `).FindAllString(stderr, -1))
	if frames < 15 {
		t.Errorf("xcurl showed %d frames:\n%s", frames, stderr)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		seen := world{}.must(t, "tcpdump", "-n", "-r", file)
		missing := ""
		for _, want := range []string{"BOOTP/DHCP, Request", "BOOTP/DHCP, Reply", "ARP, Request", "ARP, Reply", ".53: ", "NTPv4, Client", "NTPv4, Server", "Flags [S]", "Flags [S.]", "HTTP/1.1 200 OK", "GET / HTTP/1.1"} {
			if !strings.Contains(seen, want) {
				missing = want
			}
		}
		if lines := strings.Count(seen, "\n"); missing == "" && lines >= frames {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("tcpdump does not show %q, or fewer than %d frames:\n%s", missing, frames, seen)
		}
		time.Sleep(50 * time.Millisecond) // tcpdump offers nothing to wait on
	}
	dump.Process.Signal(os.Interrupt)
	dump.Wait()

	s.stop(t)
	if out, err := exec.Command("ip", "-n", w.netns, "link", "show", "tap0").CombinedOutput(); err == nil {
		t.Errorf("tap0 is still there:\n%s", out)
	}
}

func TestRootIsDropped(t *testing.T) {
	needRoot(t, "ip")
	w := namespace(t)
	w.httptap(t, "-q")
	pids := world{}.must(t, "ip", "netns", "pids", w.netns)
	for _, pid := range strings.Fields(pids) {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`(?m)^Uid:\t65534\t65534\t65534\t65534$`).Match(status) {
			t.Errorf("httptap is not nobody:\n%s", status)
		}
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
			if !regexp.MustCompile(`(?m)^` + set + `:\t0+$`).Match(status) {
				t.Errorf("httptap kept capabilities, %s:\n%s", set, status)
			}
		}
		if !strings.Contains(string(status), "NoNewPrivs:\t1") {
			t.Errorf("httptap could gain privileges again:\n%s", status)
		}
	}
}

// The kernel's own stack behind tap0 is a peer like any other.
func TestKernelIsReachable(t *testing.T) {
	needRoot(t, "ip", "ping")
	w := namespace(t)
	w.httptap(t, "-q")
	w.must(t, "ping", "-c", "3", "-i", "0.2", "-W", "2", "192.168.10.254")
	stdout := w.must(t, "curl", "-sS", "--max-time", "10", "http://192.168.10.254/")
	if !strings.Contains(stdout, pageOfTheLab) {
		t.Errorf("the kernel's curl got %q from the lab", stdout)
	}
	w.must(t, "ping", "-c", "1", "-s", "4000", "-W", "2", "192.168.10.254") // fragments both ways
}

// A client that knows only version 0: two calls, JSON strings. Here it is Python, and asks the
// lab by ARP who it is.
const version0 = `
import base64, json, sys, time, urllib.request
url = sys.argv[1]
def call(path, body=None):
    r = urllib.request.Request(url + path, data=body)
    return urllib.request.urlopen(r, timeout=10).read()
info = json.loads(call("/info"))
mac = bytes.fromhex(info["HardwareAddr"].replace(":", ""))
assert info["MTU"] == 1500 and info["IPPrefix"] == "192.168.10.1/24" and "DataReady" in info, info
arp = b"\xff"*6 + mac + bytes.fromhex("0806" "0001" "0800" "06" "04" "0001") + mac + bytes([192,168,10,77]) + bytes(6) + bytes([192,168,10,254])
assert call("/send", json.dumps(base64.b64encode(arp).decode()).encode()) == b""
end = time.time() + 10
while time.time() < end:
    raw = call("/recv")
    frame = base64.b64decode(json.loads(raw))
    if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\x00\x02":
        print("192.168.10.254 is at", ":".join("%02x" % b for b in frame[22:28]))
        sys.exit(0)
sys.exit("no ARP reply")
`

func TestVersion0Client(t *testing.T) {
	needRoot(t, "ip", "python3")
	w := namespace(t)
	w.httptap(t, "-q")
	out := w.must(t, "python3", "-c", version0, "http://127.0.0.1:7070")
	if !strings.Contains(out, "192.168.10.254 is at 02:") {
		t.Errorf("got %q", out)
	}
}

func TestRootless(t *testing.T) {
	listen := "127.0.0.1:" + freePort(t)
	w := world{}
	w.httptap(t, "-i", "user", "-listen", listen, "-q")
	stdout, stderr, err := w.run(t, "xcurl", "-ihttp", "-url", "http://"+listen, "-ntp", "http://www.httptap.test/")
	if err != nil || !strings.Contains(stdout, pageOfTheLab) {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	if !strings.Contains(stderr, "from 192.168.10.1") {
		t.Errorf("in rootless mode the lab is 192.168.10.1:\n%s", stderr)
	}
	const size = 20 << 20
	stdout, stderr, err = w.run(t, "xcurl", "-ihttp", "-url", "http://"+listen, "-nopcap", "http://www.httptap.test/bytes/"+strconv.Itoa(size))
	if err != nil || len(stdout) != size {
		t.Errorf("%d bytes of %d: %v\n%s", len(stdout), size, err, stderr)
	}
}

// Idle means idle: no CPU time passes while nothing happens.
func TestIdleUsesNoCPU(t *testing.T) {
	listen := "127.0.0.1:" + freePort(t)
	s := world{}.httptap(t, "-i", "user", "-listen", listen, "-q")
	ticks := func() int {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
		user, _ := strconv.Atoi(f[11])
		sys, _ := strconv.Atoi(f[12])
		return user + sys
	}
	if openCaptures("http://"+listen) != 0 { // it is idle when it has started, which it says a little before
		t.Fatal("it does not answer")
	}
	before := ticks()
	time.Sleep(3 * time.Second) // the time during which nothing may happen is what is tested
	if used := ticks() - before; used > 1 {
		t.Errorf("%d clock ticks (10 ms each) in 3 s of idleness", used)
	}
}
