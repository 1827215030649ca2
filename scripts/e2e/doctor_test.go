package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A finding is one of httptap doctor's.
type finding struct{ Level, What, Why, Fix string }

// doctor asks httptap doctor and returns what it found, by what it looked at. Its exit status has to say
// whether anything failed.
func (w world) doctor(t *testing.T, args ...string) map[string]finding {
	t.Helper()
	stdout, stderr, err := w.run(t, "httptap", append([]string{"doctor", "-json"}, args...)...)
	var all []finding
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || len(all) == 0 {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	found, failed := make(map[string]finding), false
	for _, f := range all {
		found[f.What] = f
		failed = failed || f.Level == "FAIL"
	}
	if failed != (err != nil) {
		t.Errorf("the exit status is %v, and it found %+v", err, all)
	}
	return found
}

// expect checks one finding.
func expect(t *testing.T, found map[string]finding, what, level, why, fix string) {
	t.Helper()
	f := found[what]
	if f.Level != level || !strings.Contains(f.Why, why) || !strings.Contains(f.Fix, fix) {
		t.Errorf("%s is %+v, want %s, %q, %q, in\n%+v", what, f, level, why, fix, found)
	}
}

func TestDoctorRootless(t *testing.T) {
	listen := "127.0.0.1:" + freePort(t)
	w := world{}
	args := []string{"-i", "user", "-listen", listen}
	expect(t, w.doctor(t, args...), "address", "ok", listen+" is free", "")

	s := w.httptap(t, append(args, "-q")...)
	expect(t, w.doctor(t, args...), "address", "FAIL", fmt.Sprintf("taken by another httptap (user), process %d (httptap)", s.cmd.Process.Pid), "its URL is http://"+listen)
	_, stderr, err := w.run(t, "httptap", args...)
	if err == nil || !strings.Contains(stderr, listen+" is taken") || !strings.Contains(stderr, "httptap doctor -i user -listen "+listen+"\n") {
		t.Errorf("a second httptap says: %v %s", err, stderr)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	name := filepath.Base(os.Args[0])
	found := w.doctor(t, "-i", "user", "-listen", l.Addr().String())
	expect(t, found, "address", "FAIL", fmt.Sprintf("taken by process %d (%s)", os.Getpid(), name[:min(len(name), 15)]), "-listen 127.0.0.1:")

	if _, stderr, err := w.run(t, "httptap", "doctor", "-bogus"); err == nil || !strings.Contains(stderr, "bogus") {
		t.Errorf("a wrong flag: %v %s", err, stderr)
	}
	if stdout := w.must(t, "httptap", "doctor", "-h"); !strings.Contains(stdout, "ok|warn|FAIL") {
		t.Errorf("help: %s", stdout)
	}
}

func TestDoctorTAP(t *testing.T) {
	needRoot(t, "ip", "setpriv", "unshare")
	w := namespace(t)
	for what, f := range w.doctor(t) {
		if f.Level == "FAIL" {
			t.Errorf("%s in a new namespace: %+v", what, f)
		}
	}
	if links := w.must(t, "ip", "-o", "link"); strings.Contains(links, "tap0") {
		t.Errorf("it made a device:\n%s", links)
	}

	s := w.httptap(t, "-q")
	found := w.doctor(t, "-listen", "127.0.0.1:7171")
	expect(t, found, "tap0", "FAIL", fmt.Sprintf("in use by process %d (httptap)", s.cmd.Process.Pid), "-i tap1")
	found = w.doctor(t, "-i", "tap1", "-listen", "127.0.0.1:7171")
	expect(t, found, "-net", "FAIL", "192.168.10.1 is the address of tap0", "-net 192.168.11.1/24")
	found = w.doctor(t, "-i", "tap1", "-listen", "127.0.0.1:7171", "-net", "192.168.10.129/25")
	expect(t, found, "-net", "warn", "192.168.10.128/25 is part of 192.168.10.0/24, which is behind tap0", "-net 192.168.11.1/24")
	_, stderr, err := w.run(t, "httptap", "-listen", "127.0.0.1:7171", "-q")
	if err == nil || !strings.Contains(stderr, w.doctor(t, "-listen", "127.0.0.1:7171")["tap0"].Fix) || !strings.Contains(stderr, "httptap doctor -listen") {
		t.Errorf("httptap itself says: %v %s", err, stderr)
	}

	for _, c := range []struct{ name, why string }{
		{"tap2", `no TAP but of kind "bridge"`}, {"tap3", "a TUN"}, {"tap4", "several queues"},
	} {
		switch c.name {
		case "tap2":
			w.must(t, "ip", "link", "add", "tap2", "type", "bridge")
		case "tap3":
			w.must(t, "ip", "tuntap", "add", "tap3", "mode", "tun")
		case "tap4":
			w.must(t, "ip", "tuntap", "add", "tap4", "mode", "tap", "multi_queue")
		}
		expect(t, w.doctor(t, "-i", c.name, "-listen", "127.0.0.1:7171"), c.name, "FAIL", c.why, "ip -d link show "+c.name)
		if _, stderr, err := w.run(t, "httptap", "-i", c.name, "-listen", "127.0.0.1:7171", "-q"); err == nil || !strings.Contains(stderr, "ip -d link show "+c.name) {
			t.Errorf("httptap -i %s says: %v %s", c.name, err, stderr)
		}
	}
}

// Without privilege it says what is missing, and what it could not see.
func TestDoctorWithoutPrivilege(t *testing.T) {
	needRoot(t, "ip", "setpriv", "unshare")
	w := namespace(t)
	s := w.httptap(t, "-q")
	ordinary := []string{"setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", filepath.Join(bin, "httptap"), "doctor"}
	stdout, _, err := w.run(t, ordinary[0], ordinary[1:]...)
	if err == nil {
		t.Error("nothing fails")
	}
	for _, want := range []string{
		"FAIL  address", "taken by another httptap (tap0), a process that can't be seen here",
		"FAIL  privilege", "user 65533 has no CAP_NET_ADMIN", "run it with sudo",
		"FAIL  tap0", "in use by a process that can't be seen here", "sudo httptap doctor -i tap0 sees who it is",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	s.stop(t)
	// Root of a user namespace has what it takes to open a TAP, and nobody to become.
	stdout, stderr, err := w.run(t, "unshare", "--user", "--map-root-user", "--net", filepath.Join(bin, "httptap"), "doctor")
	if err == nil || !strings.Contains(stdout, "ok    privilege") || !strings.Contains(stdout, "FAIL  giving root up") {
		t.Errorf("in a user namespace: %v\n%s%s", err, stdout, stderr)
	}
}

func TestDoctorNIC(t *testing.T) {
	needRoot(t, "ip", "ethtool", "dnsmasq")
	near, far := namespace(t), namespace(t)
	world{}.must(t, "ip", "link", "add", "v0", "netns", near.netns, "type", "veth", "peer", "name", "v1", "netns", far.netns)
	expect(t, near.doctor(t, "-i", "v0"), "v0", "FAIL", "it is down", "sudo ip link set v0 up")
	expect(t, near.doctor(t, "-i", "eth9"), "eth9", "FAIL", "no such interface", "'ip link'")
	near.must(t, "ip", "link", "set", "v0", "up")
	expect(t, near.doctor(t, "-i", "v0"), "v0", "warn", "no carrier", "")
	far.must(t, "ip", "link", "set", "v1", "up")
	far.must(t, "ip", "addr", "add", "10.66.0.1/24", "dev", "v1")
	near.must(t, "ip", "addr", "add", "10.66.0.2/24", "dev", "v0")
	near.must(t, "ethtool", "-K", "v0", "gro", "on", "tso", "on")

	// Before there is a server, and with it.
	found := near.doctor(t, "-i", "v0", "-mtu", "1400")
	expect(t, found, "DHCP", "warn", "no server answers on v0", "-lab")
	expect(t, found, "receive offloads", "ok", "rx-gro is on", "")
	expect(t, found, "send offloads", "warn", "tx-tcp-segmentation", "ethtool -K PEER")
	expect(t, found, "MTU", "warn", "-mtu 1400 is not heeded", "sudo ip link set v0 mtu 1400")
	expect(t, found, "kernel's own stack", "warn", "10.66.0.2 is of v0", "tcp flags & rst == rst drop")
	near.must(t, "ethtool", "-K", "v0", "gro", "off", "tso", "off", "gso", "off", "tx", "off")
	near.must(t, "sysctl", "-qw", "net.ipv4.conf.v0.forwarding=1")
	startDNSMasq(t, far, "v1", "10.66.0.50,10.66.0.60")
	found = near.doctor(t, "-i", "v0")
	expect(t, found, "DHCP", "ok", "10.66.0.1 serves on v0", "")
	expect(t, found, "receive offloads", "ok", "neither GRO nor LRO", "")
	expect(t, found, "forwarding", "warn", "the kernel routes", "forwarding=0")
	if f, ok := found["send offloads"]; ok {
		t.Errorf("they are off: %+v", f)
	}
	expect(t, near.doctor(t, "-i", "v0", "-lab"), "DHCP", "FAIL", "10.66.0.1 serves on v0 already", "-lab=false")
	// On the far side the server is one of this machine's own.
	expect(t, far.doctor(t), "DHCP", "warn", "(dnsmasq) serves DHCP on port 67 of every interface", "--except-interface=tap0")
}

// startDNSMasq serves DHCP on an interface until the test ends.
func startDNSMasq(t *testing.T, w world, device, pool string, more ...string) {
	t.Helper()
	lease := filepath.Join(t.TempDir(), "leases")
	c := w.command(t.Context(), "dnsmasq", append(more, "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root",
		"--interface="+device, "--dhcp-range="+pool, "--dhcp-leasefile="+lease, "--pid-file=", "--log-facility=-")...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // it offers nothing to wait on
		out, err := exec.Command("ip", "netns", "exec", w.netns, "cat", "/proc/net/udp").Output()
		if err == nil && strings.Contains(string(out), ":0043 ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("dnsmasq does not listen: %s", out)
		}
	}
}

// The line that the doctor names keeps the kernel from ending the connections of a client that uses the
// kernel's own address, which it does without it.
func TestDoctorsCureForResets(t *testing.T) {
	needRoot(t, "ip", "nft", "python3")
	near, far := namespace(t), namespace(t)
	world{}.must(t, "ip", "link", "add", "v0", "netns", near.netns, "type", "veth", "peer", "name", "v1", "netns", far.netns)
	for _, side := range []struct {
		w            world
		device, addr string
	}{{near, "v0", "10.66.0.2/24"}, {far, "v1", "10.66.0.1/24"}} {
		side.w.must(t, "ip", "addr", "add", side.addr, "dev", side.device)
		side.w.must(t, "ip", "link", "set", side.device, "up")
	}
	web := far.command(t.Context(), "python3", "-m", "http.server", "--bind", "10.66.0.1", "--directory", t.TempDir(), "80")
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		web.Process.Kill()
		web.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, _, err := far.run(t, "curl", "-sS", "-o", "/dev/null", "http://10.66.0.1/"); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	startDNSMasq(t, far, "v1", "10.66.0.2,10.66.0.2", "--no-ping")
	near.httptap(t, "-i", "v0", "-q")
	fetch := func(client string) (string, error) {
		stdout, stderr, err := near.run(t, "xcurl", "-ihttp", "-client", client, "-nopcap", "-max-time", "5", "http://10.66.0.1/")
		return stdout + stderr, err
	}
	if out, err := fetch("default"); err == nil || !strings.Contains(out, "reset") {
		t.Errorf("the kernel did not reset the connection of a client with its address: %v\n%s", err, out)
	}
	fix := near.doctor(t, "-i", "v0", "-listen", "127.0.0.1:7171")["kernel's own stack"].Fix
	if out, err := fetch("named"); err != nil || !strings.Contains(fix, "?client=NAME") {
		t.Errorf("with a hardware address of its own: %v\n%s", err, out)
	}
	_, rule, _ := strings.Cut(fix, "sudo nft '")
	rule, _, ok := strings.Cut(rule, "'")
	if !ok {
		t.Fatalf("there is no rule in %q", fix)
	}
	near.must(t, "nft", rule)
	if out, err := fetch("default"); err != nil {
		t.Errorf("with the rule: %v\n%s", err, out)
	}
}
