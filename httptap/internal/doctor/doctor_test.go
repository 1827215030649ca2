package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"httptap/httptap/internal/nat"
	"httptap/stack/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is a System whose parts a test breaks.
type machine struct {
	*System
	files fstest.MapFS
	nics  []Interface
}

func (m *machine) file(name, text string) { m.files[name] = &fstest.MapFile{Data: []byte(text)} }
func (m *machine) link(name, target string) {
	m.files[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
}

// user makes the machine's user an ordinary one.
func (m *machine) user() {
	m.file("proc/self/status", "Name:\thttptap\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nNoNewPrivs:\t0\n")
}

// root gives root's capabilities in a set.
func (m *machine) root(capabilities uint64) {
	m.file("proc/self/status", fmt.Sprintf("Name:\thttptap\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t%016x\nNoNewPrivs:\t0\n", capabilities))
}

// capable tells whether the user may open a device: another one meets more than what a test is about.
func (m *machine) capable() bool { return (&exam{System: m.System}).status().has(capNetAdmin) }

const allCaps = 0x1ffffffffff

// healthy returns a Linux on which nothing is wrong, seen by root.
func healthy() *machine {
	m := &machine{files: fstest.MapFS{}}
	m.root(allCaps)
	m.file("proc/self/uid_map", "         0          0 4294967295\n")
	m.file("proc/self/setgroups", "allow\n")
	m.link("proc/self/ns/net", "net:[1]")
	m.file("proc/sys/net/ipv4/ping_group_range", "0\t2147483647\n")
	m.file("proc/sys/net/ipv4/conf/eth0/forwarding", "0\n")
	m.file("proc/self/net/tcp", "  sl  local_address rem_address   st\n")
	m.file("proc/self/net/udp", "  sl  local_address rem_address   st\n")
	m.nics = []Interface{
		{Name: "lo", Index: 1, MTU: 65536, Kind: "device", Up: true, Carrier: true, Addrs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}},
		{Name: "eth0", Index: 2, MTU: 1500, HardwareAddr: link.Addr{2, 0, 0, 0, 0, 1}, Ethernet: true, Kind: "device", Up: true, Carrier: true},
	}
	m.System = &System{
		OS: "linux", Root: m.files, Env: map[string]string{}, Program: "/usr/bin/httptap",
		OpenTUN:   func() error { return nil },
		TryListen: func(string) error { return nil },
		Connect:   func(string) error { return fs.ErrNotExist },
		Ask: func(context.Context, string, string) (int, []byte, error) {
			return 0, nil, errors.New("nobody listens")
		},
		Interfaces: func() ([]Interface, error) { return m.nics, nil },
		Routes:     func() ([]Route, error) { return []Route{{netip.MustParsePrefix("0.0.0.0/0"), "eth0"}}, nil },
		Offloads:   func(string) ([]string, error) { return []string{"rx-checksum"}, nil },
		LookNAT:    func(string) (nat.State, error) { return nat.State{Uplinks: []string{"eth0"}}, nil },
		EchoSocket: func() error { return nil },
		MaxFiles:   func() (uint64, error) { return 4096, nil },
		Discover: func(context.Context, Interface) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		},
	}
	return m
}

// usual is a request as the flags make it.
func usual(device string) Request {
	r := Request{Device: device, Net: netip.MustParsePrefix("192.168.10.1/24"), MTU: 1500, Listen: []string{"127.0.0.1:7070"}, Lab: true}
	if r.isNIC() {
		r.MTU, r.Lab = 0, false
	}
	return r
}

// On a machine on which nothing is wrong nothing is said to be, whatever device is asked for.
func TestHealthy(t *testing.T) {
	for device, want := range map[string]string{
		"tap0": "address, /dev/net/tun, privilege, giving root up, tap0, -net, DHCP, open files",
		"eth0": "address, privilege, giving root up, eth0, MTU, receive offloads, DHCP, open files",
		"user": "device, address, giving root up, -net, ping, open files",
	} {
		var what []string
		for _, f := range Examine(t.Context(), healthy().System, usual(device)) {
			what = append(what, f.What)
			if f.Level != OK || f.Why == "" || f.Fix != "" {
				t.Errorf("%s: %+v", device, f)
			}
		}
		if got := strings.Join(what, ", "); got != want {
			t.Errorf("%s: looked at %s, want %s", device, got, want)
		}
	}
}

// A trial breaks one thing and says what is to be found.
type trial struct {
	name   string
	breaks func(m *machine, r *Request)
	level  Level
	what   string
	why    string // each word group between two | has to be in it
	fix    string
}

// run does the trials for one device.
func run(t *testing.T, device string, trials []trial) {
	t.Helper()
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			m, r := healthy(), usual(device)
			c.breaks(m, &r)
			all := Examine(t.Context(), m.System, r)
			for _, f := range all {
				if f.What != c.what || f.Level != c.level {
					continue
				}
				for _, want := range strings.Split(c.why, "|") {
					if !strings.Contains(f.Why, want) {
						t.Errorf("why is %q, want %q", f.Why, want)
					}
				}
				for _, want := range strings.Split(c.fix, "|") {
					if !strings.Contains(f.Fix, want) {
						t.Errorf("fix is %q, want %q", f.Fix, want)
					}
				}
				if c.level != OK && f.Fix == "" {
					t.Error("no way out is named")
				}
				if m.capable() && Failed(all) != (c.level == Fail) {
					t.Errorf("what else is wrong? %+v", all)
				}
				return
			}
			t.Errorf("no %q about %q in %+v", c.level, c.what, all)
		})
	}
}

// What was not expected of the kernel is said as it is.
func TestUnseen(t *testing.T) {
	m := healthy()
	m.System.Interfaces = func() ([]Interface, error) { return nil, errors.New("no netlink here") }
	for device, what := range map[string][]string{"tap0": {"tap0", "-net"}, "eth0": {"eth0"}, "user": {"-net"}} {
		for _, f := range Examine(t.Context(), m.System, usual(device)) {
			for _, w := range what {
				if f.What == w && (f.Level != Warn || !strings.Contains(f.Why, "not looked at: no netlink here") || !strings.Contains(f.Fix, "sudo httptap doctor -i "+device)) {
					t.Errorf("%s: %+v", device, f)
				}
			}
		}
	}
}

func TestOtherSystems(t *testing.T) {
	for _, os := range []string{"darwin", "windows"} {
		m := healthy()
		// Only what there is there may be asked for.
		m.System = &System{OS: os, Root: fstest.MapFS{}, Env: map[string]string{}, TryListen: m.TryListen, Connect: m.Connect, Ask: m.Ask,
			MaxFiles: func() (uint64, error) { return 0, errors.ErrUnsupported }}
		all := Examine(t.Context(), m.System, usual("tap0"))
		if len(all) != 2 || all[0].Level != Fail || !strings.Contains(all[0].Why, "on "+os+" httptap has no TAP") || !strings.Contains(all[0].Fix, "-i user") || all[1].Level != OK {
			t.Errorf("%s, a TAP: %+v", os, all)
		}
		if all := Examine(t.Context(), m.System, usual("user")); Failed(all) || len(all) != 2 {
			t.Errorf("%s, user: %+v", os, all)
		}
	}
}

func TestReport(t *testing.T) {
	all := []Finding{{OK, "a", "it is", ""}, {Fail, "long name", "it is \"not\" <so>", "do & mend"}, {Warn, "b", "perhaps", "look"}}
	var text, js bytes.Buffer
	if err := WriteText(&text, all); err != nil {
		t.Fatal(err)
	}
	want := "ok    a          - it is\n" +
		"FAIL  long name  - it is \"not\" <so> - do & mend\n" +
		"warn  b          - perhaps - look\n"
	if text.String() != want {
		t.Errorf("it is\n%swant\n%s", text.String(), want)
	}
	if err := WriteJSON(&js, all); err != nil {
		t.Fatal(err)
	}
	var back []Finding
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || fmt.Sprint(back) != fmt.Sprint(all) || !strings.Contains(js.String(), `<so>`) {
		t.Errorf("%v\n%s", err, js.String())
	}
	if !Failed(all) || Failed(all[:1]) || Failed(nil) {
		t.Error("who failed?")
	}
	for _, write := range []func() error{
		func() error { return WriteText(broken{}, all) }, func() error { return WriteJSON(broken{}, all) },
	} {
		if err := write(); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a reader that has gone: %v", err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, syscall.EPIPE }
