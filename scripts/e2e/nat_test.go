package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pingProgram joins the network of a relay, by DHCP or with the address that it is given, and pings another address.
const pingProgram = `package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"httptap/stack"
	"httptap/tapclient"
)

func main() {
	wait := 10 * time.Second
	if len(os.Args) > 2 {
		wait = 2 * time.Second // no answer is expected
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	dev, err := tapclient.Dial(ctx, "http://127.0.0.1:7070", tapclient.Options{Name: "pinger"})
	if err != nil {
		panic(err)
	}
	cfg := stack.Config{Device: dev}
	if len(os.Args) > 2 {
		cfg.Addr, cfg.Router = netip.MustParsePrefix(os.Args[2]), netip.MustParseAddr("192.168.10.1")
	}
	host, err := stack.New(cfg)
	if err != nil {
		panic(err)
	}
	defer host.Close()
	if !cfg.Addr.IsValid() {
		if _, err := host.DHCP(ctx, netip.Addr{}); err != nil {
			panic(err)
		}
		defer host.Release(ctx)
	}
	_, err = host.Ping(ctx, netip.MustParseAddr(os.Args[1]))
	fmt.Println("ping:", err)
}
`

// A natLab is the namespace lab with a near side that has an address and no default route, so that there are networks
// that can't be reached.
type natLab struct{ near, far world }

func newNATLab(t *testing.T) natLab {
	t.Helper()
	near, name := lab(t)
	near.must(t, "ip", "addr", "add", "10.77.0.2/24", "dev", "v0")
	return natLab{near, world{netns: name + "-far"}}
}

// httptap starts httptap on the near side, whose name server is the far side's.
func (l natLab) httptap(t *testing.T, args ...string) *server {
	t.Helper()
	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(resolv, []byte("nameserver 10.77.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `mount --bind "$0" /etc/resolv.conf && exec "$@"`
	return l.near.serve(t, "unshare", append([]string{"--mount", "sh", "-c", script, resolv, filepath.Join(bin, "httptap"), "-nat", "-q"}, args...)...)
}

// forwarding is the setting of an interface of the near side.
func (l natLab) forwarding(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(l.near.must(t, "sysctl", "-n", "net.ipv4.conf."+name+".forwarding"))
}

// left is what httptap left on the near side; "" when everything is as before.
func (l natLab) left(t *testing.T) string {
	t.Helper()
	left := l.near.must(t, "nft", "list", "tables") + world{}.must(t, "ip", "netns", "pids", l.near.netns)
	if links := l.near.must(t, "ip", "-o", "link"); strings.Contains(links, "tap0") {
		left += links
	}
	for _, name := range []string{"v0", "all", "default"} {
		if l.forwarding(t, name) != "0" {
			left += name + " forwards\n"
		}
	}
	return left
}

// dropped is how many packets a rule of the near side has dropped.
func (l natLab) dropped(t *testing.T, why string) int {
	t.Helper()
	rules := l.near.must(t, "nft", "list", "table", "ip", "httptap")
	m := regexp.MustCompile(`counter packets (\d+) bytes \d+ \S+ comment "` + why).FindStringSubmatch(rules)
	if m == nil {
		t.Fatalf("no rule says %q:\n%s", why, rules)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (l natLab) fetch(t *testing.T, url string, more ...string) (string, error) {
	t.Helper()
	stdout, stderr, err := l.near.run(t, "xcurl", append(append([]string{"-ihttp", "-nopcap", "-max-time", "8"}, more...), url)...)
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, stderr)
	}
	return stdout, nil
}

func TestNAT(t *testing.T) {
	l := newNATLab(t)
	s := l.httptap(t)
	if l.forwarding(t, "tap0") != "1" || l.forwarding(t, "v0") != "1" || l.forwarding(t, "all") != "0" {
		t.Error("forwarding is not on, or for all")
	}

	// The name is the far side's, too; the server sees the near side's address.
	page, err := l.fetch(t, "http://www.lab.test/")
	if err != nil || !strings.Contains(page, wantPage) {
		t.Errorf("the far side: %v %s", err, page)
	}
	if who, err := l.fetch(t, "http://www.lab.test/who"); err != nil || who != "10.77.0.2\n" {
		t.Errorf("the server saw %q, %v", who, err)
	}
	if page, err := l.fetch(t, "http://www.httptap.test/"); err != nil || !strings.Contains(page, pageOfTheLab) {
		t.Errorf("the lab: %v %s", err, page)
	}

	ping := buildBlock(t, 100, []byte(pingProgram))
	for address, want := range map[string]string{"10.77.0.1": "<nil>", "10.77.0.99": "unreachable", "198.51.100.1": "unreachable"} {
		if out := l.near.must(t, ping, address); !strings.Contains(out, want) {
			t.Errorf("%s: %s, want %s", address, out, want)
		}
	}
	// What is for another client is not sent on to the TAP, where it has been already: here by one whose network is too
	// small, so that the lab is behind the router for it.
	l.near.must(t, ping, "192.168.10.254", "192.168.10.2/30")
	if l.dropped(t, "for another client: it is there already") == 0 {
		t.Error("a detour was not seen")
	}
	for url, want := range map[string]string{
		"http://10.77.0.1:81/":  "refused",
		"http://10.77.0.99/":    "unreachable",    // nobody has the address
		"http://198.51.100.1/":  "unreachable",    // there is no route
		"http://no.such.test/":  "server refused", // as the name server says
		"http://www.lab.test:9": "refused",
	} {
		start := time.Now()
		if _, err := l.fetch(t, url); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s after %v: %v, want %s", url, time.Since(start), err, want)
		}
	}

	// From outside nobody begins to talk to who is on the TAP, and the near side is no router for others.
	l.near.must(t, "ping", "-c", "1", "-W", "2", "192.168.10.254")
	l.near.must(t, "ip", "link", "add", "br9", "type", "bridge")
	l.near.must(t, "ip", "addr", "add", "10.99.0.1/24", "dev", "br9")
	l.near.must(t, "ip", "link", "set", "br9", "up")
	l.far.must(t, "ip", "route", "add", "192.168.10.0/24", "via", "10.77.0.2")
	l.far.must(t, "ip", "route", "add", "10.99.0.0/24", "via", "10.77.0.2")
	for address, why := range map[string]string{"192.168.10.254": "nobody begins to talk to clients", "10.99.0.9": "forwarding is on for clients only"} {
		before := l.dropped(t, why)
		if out, _, err := l.far.run(t, "ping", "-c", "1", "-W", "1", address); err == nil {
			t.Errorf("the far side reaches %s:\n%s", address, out)
		}
		if l.dropped(t, why) != before+1 {
			t.Errorf("the rule %q did not see it", why)
		}
	}
	// What came up later has its forwarding off: a client is told at once.
	if _, err := l.fetch(t, "http://10.99.0.9/"); err == nil || !strings.Contains(err.Error(), "unreachable") {
		t.Errorf("an interface that came up later: %v", err)
	}

	// kill -9
	s.cmd.Process.Kill()
	s.cmd.Wait()
	<-s.done
	l.waitForNothing(t)
	const said = "httptap: NAT to v0: made nftables table ip httptap, switched on forwarding of tap0 and v0; both end with httptap"
	if !strings.Contains(s.out.String(), said) {
		t.Errorf("%q is not in %s", said, s.out)
	}

	// And Ctrl-C, after which nothing has to be waited for.
	s = l.httptap(t)
	if who, err := l.fetch(t, "http://10.77.0.1/who"); err != nil || who != "10.77.0.2\n" {
		t.Errorf("the server saw %q, %v", who, err)
	}
	s.stop(t)
	if left := l.left(t); left != "" {
		t.Errorf("it left\n%s", left)
	}
}

// waitForNothing waits until what puts things back has done so.
func (l natLab) waitForNothing(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // it offers nothing to wait on
		left := l.left(t)
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it left\n%s", left)
		}
	}
}

// A firewall's policy that drops is named, at the start and by the doctor, and the commands that the doctor names mend it.
func TestNATBehindAFirewall(t *testing.T) {
	l := newNATLab(t)
	l.near.must(t, "nft", "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }")
	found := l.near.doctor(t, "-nat")
	expect(t, found, "-nat", "ok", "behind v0", "")
	expect(t, found, "firewall", "warn", "the chain ip filter FORWARD drops", "iptables -I FORWARD -i tap0 -j ACCEPT")
	s := l.httptap(t)
	if _, err := l.fetch(t, "http://10.77.0.1/who", "-max-time", "2"); err == nil {
		t.Error("the firewall does not drop")
	}
	for _, m := range regexp.MustCompile(`sudo nft (insert rule [^;]*)`).FindAllStringSubmatch(found["firewall"].Fix, -1) {
		l.near.must(t, "nft", m[1])
	}
	if who, err := l.fetch(t, "http://10.77.0.1/who"); err != nil || who != "10.77.0.2\n" {
		t.Errorf("with the cure the server saw %q, %v", who, err)
	}
	found = l.near.doctor(t, "-nat", "-i", "tap1", "-net", "192.168.11.1/24", "-listen", "127.0.0.1:7171")
	expect(t, found, "-nat", "FAIL", "another httptap does it already", "let the clients use that one")
	_, stderr, err := l.near.run(t, "httptap", "-nat", "-i", "tap1", "-net", "192.168.11.1/24", "-listen", "127.0.0.1:7171")
	if err == nil || !strings.Contains(stderr, "another httptap has the table ip httptap") || !strings.Contains(stderr, "httptap doctor -nat -i tap1") {
		t.Errorf("a second one says: %v %s", err, stderr)
	}
	s.stop(t)
	if !strings.Contains(s.out.String(), "drops what is forwarded") || !strings.Contains(s.out.String(), "ip filter FORWARD") {
		t.Errorf("it did not say so at its start: %s", s.out)
	}
	if _, ok := l.near.doctor(t, "-nat")["firewall"]; ok {
		t.Error("the doctor names what was mended")
	}
}

// Where there is no kernel to forward, or no network, it is said what to do.
func TestNATErrors(t *testing.T) {
	for device, want := range map[string]string{"user": "the gateway leads to the same networks", "eth0": "leave -nat out"} {
		_, stderr, err := world{}.run(t, "httptap", "-nat", "-i", device)
		if err == nil || !strings.Contains(err.Error(), "status 2") || !strings.Contains(stderr, want) {
			t.Errorf("-i %s: %v %s", device, err, stderr)
		}
	}
	needRoot(t, "ip")
	w := namespace(t)
	_, stderr, err := w.run(t, "httptap", "-nat")
	if err == nil || !strings.Contains(stderr, "no other interface is up") {
		t.Errorf("without a network: %v %s", err, stderr)
	}
	expect(t, w.doctor(t, "-nat"), "-nat", "FAIL", "no other interface is up", "connect this machine first")
}

// Only the process that puts things back keeps root, and it does nothing else.
func TestNATDropsRoot(t *testing.T) {
	l := newNATLab(t)
	s := l.httptap(t)
	pids := strings.Fields(world{}.must(t, "ip", "netns", "pids", l.near.netns))
	if len(pids) != 2 {
		t.Fatalf("the processes are %v", pids)
	}
	for _, pid := range pids {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			t.Fatal(err)
		}
		command, err := os.ReadFile("/proc/" + pid + "/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		isRoot := regexp.MustCompile(`(?m)^Uid:\t0\t`).Match(status)
		if own := strconv.Itoa(s.cmd.Process.Pid) == pid; own == isRoot || !own && !strings.HasPrefix(string(command), "httptap-restore-forwarding\x00") {
			t.Errorf("%q is\n%s", command, status)
		}
	}
}
