package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

func TestTUN(t *testing.T) {
	err := func(e error) func(*machine, *Request) {
		return func(m *machine, _ *Request) { m.OpenTUN = func() error { return e } }
	}
	run(t, "tap0", []trial{
		{"no module", err(fs.ErrNotExist), Fail, "/dev/net/tun", "the module tun is not loaded", "modprobe tun|-i user"},
		{"a container without the file", func(m *machine, r *Request) {
			err(fs.ErrNotExist)(m, r)
			m.file("sys/class/misc/tun/dev", "10:200")
		}, Fail, "/dev/net/tun", "a container that was not given it", "--device /dev/net/tun"},
		{"a file without a driver", err(syscall.ENODEV), Fail, "/dev/net/tun", "the kernel has no such device", "modprobe tun"},
		{"a list of devices without it", err(syscall.EPERM), Fail, "/dev/net/tun", "the container's list of devices", "-i user"},
		{"not for users", func(m *machine, r *Request) {
			err(syscall.EACCES)(m, r)
			m.file("proc/self/status", "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000003000\n")
		}, Fail, "/dev/net/tun", "user 1000 may not open it", "sudo"},
		{"an error that nobody thought of", err(errors.New("it is odd")), Fail, "/dev/net/tun", "it is odd", "-i user"},
	})
}

func TestPrivilege(t *testing.T) {
	run(t, "tap0", []trial{
		{"an ordinary user", func(m *machine, _ *Request) { m.user() }, Fail, "privilege", "user 1000 has no CAP_NET_ADMIN", "sudo|-i user|sudo setcap cap_net_admin,cap_net_raw+ep /usr/bin/httptap"},
		{"a program that can't give capabilities up", func(m *machine, r *Request) {
			m.user()
			m.CGO = true
		}, Fail, "privilege", "no CAP_NET_ADMIN", "CGO_ENABLED=0 go build -o httptap.bin ./httptap && sudo setcap"},
		{"go run", func(m *machine, r *Request) {
			m.user()
			m.Program = "/tmp/go-build123/b001/exe/httptap"
		}, Fail, "privilege", "", "go build -o httptap.bin"},
		{"a container's root", func(m *machine, _ *Request) { m.root(1<<capSetUID | 1<<capSetGID) },
			Fail, "privilege", "user 0 has no CAP_NET_ADMIN, though it is root", "--cap-add NET_ADMIN --cap-add NET_RAW"},
		{"no new privileges", func(m *machine, _ *Request) {
			m.file("proc/self/status", "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n")
		}, Fail, "privilege", "no-new-privileges", "outside of the container"},
		{"AppArmor", func(m *machine, r *Request) {
			m.user()
			m.file("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
		}, Warn, "user namespaces", "AppArmor restricts them", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
		{"Debian's old switch", func(m *machine, r *Request) {
			m.user()
			m.file("proc/sys/kernel/unprivileged_userns_clone", "0\n")
		}, Warn, "user namespaces", "unprivileged_userns_clone is 0", "sysctl -w kernel.unprivileged_userns_clone=1"},
		{"no namespaces", func(m *machine, r *Request) {
			m.user()
			m.file("proc/sys/user/max_user_namespaces", "0\n")
		}, Warn, "user namespaces", "max_user_namespaces is 0", "sysctl -w user.max_user_namespaces"},
		{"root of a user namespace of one user", func(m *machine, _ *Request) {
			m.file("proc/self/uid_map", "0 1000 1\n")
			m.file("proc/self/setgroups", "deny\n")
		}, Fail, "giving root up", "no user 65534", "--map-auto"},
		{"root of a user namespace without sudo's user", func(m *machine, _ *Request) {
			m.file("proc/self/uid_map", "0 1000 1\n1 100000 999\n")
			m.Env["SUDO_UID"] = "1000"
		}, Fail, "giving root up", "no user 1000", "--map-auto"},
		{"root that can't become anybody", func(m *machine, _ *Request) { m.root(1 << capNetAdmin) },
			Fail, "giving root up", "CAP_SETUID", "--cap-add SETUID"},
		{"file capabilities that can't be given up", func(m *machine, _ *Request) {
			m.file("proc/self/status", "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000003000\n")
			m.CGO = true
		}, Fail, "giving root up", "built with cgo", "CGO_ENABLED=0 go build"},
		{"sudo", func(m *machine, _ *Request) { m.Env["SUDO_UID"] = "1000" }, OK, "giving root up", "becomes user 1000", ""},
	})
	m := healthy()
	m.user()
	if all := Examine(t.Context(), m.System, usual("eth0")); all[1].Level != Fail || all[1].Why != "user 1000 has no CAP_NET_ADMIN and no CAP_NET_RAW" {
		t.Errorf("a NIC: %+v", all)
	}
}

func TestTAPName(t *testing.T) {
	tap := func(i Interface) func(*machine, *Request) {
		return func(m *machine, _ *Request) {
			i.Name, i.MTU = "tap0", max(i.MTU, 1500)
			m.nics = append(m.nics, i)
		}
	}
	// holds makes a process that has a TAP open.
	holds := func(m *machine, pid int, name, tap, ns string) {
		dir := fmt.Sprintf("proc/%d/", pid)
		m.file(dir+"comm", name+"\n")
		m.link(dir+"fd/5", "/dev/net/tun")
		m.file(dir+"fdinfo/5", "pos:\t0\nflags:\t0104002\nmnt_id:\t25\niff:\t"+tap+"\n")
		m.link(dir+"ns/net", ns)
	}
	run(t, "tap0", []trial{
		{"a bridge", tap(Interface{Kind: "bridge"}), Fail, "tap0", `no TAP but of kind "bridge"`, "-i tap1"},
		{"a TUN", tap(Interface{Kind: "tun", TAP: &TAP{IsTUN: true}}), Fail, "tap0", "a TUN: it carries packets", "ip -d link show tap0"},
		{"several queues", tap(Interface{Kind: "tun", TAP: &TAP{MultiQueue: true}}), Fail, "tap0", "several queues", "-i tap1"},
		{"in use", func(m *machine, r *Request) {
			tap(Interface{Kind: "tun", TAP: &TAP{}, Up: true, Carrier: true})(m, r)
			holds(m, 90, "qemu", "tap0", "net:[1]")
			holds(m, 91, "other", "tap1", "net:[1]")
			holds(m, 92, "elsewhere", "tap0", "net:[2]")
		}, Fail, "tap0", "in use by process 90 (qemu)", "-i tap1"},
		{"in use while down", func(m *machine, r *Request) {
			tap(Interface{Kind: "tun", TAP: &TAP{}})(m, r)
			holds(m, 90, "qemu", "tap0", "net:[1]")
		}, Fail, "tap0", "in use by process 90 (qemu)", "-i tap1"},
		{"in use by who can't be seen", func(m *machine, r *Request) {
			tap(Interface{Kind: "tun", TAP: &TAP{}, Up: true, Carrier: true})(m, r)
			m.file("proc/90/comm", "qemu") // and no fd that could be read
		}, Fail, "tap0", "by a process that can't be seen here", "sees who it is"},
		{"in use elsewhere", func(m *machine, r *Request) {
			tap(Interface{Kind: "tun", TAP: &TAP{Persistent: true}})(m, r)
			holds(m, 92, "elsewhere", "tap0", "net:[2]")
		}, OK, "tap0", "it stays when httptap ends", ""},
		{"of another owner, whom root need not mind", tap(Interface{Kind: "tun", TAP: &TAP{Persistent: true, Owner: 1001}}), OK, "tap0", "nobody uses it", ""},
		{"with another MTU", tap(Interface{Kind: "tun", MTU: 9000, TAP: &TAP{Persistent: true}}), Warn, "tap0 MTU", "it is 9000 and httptap sets it to 1500", "-mtu 9000"},
	})
	m := healthy()
	m.user()
	m.nics = append(m.nics, Interface{Name: "tap0", MTU: 1500, Kind: "tun", TAP: &TAP{Persistent: true, Owner: 1001}})
	found := false
	for _, f := range Examine(t.Context(), m.System, usual("tap0")) {
		found = found || f.Level == Fail && f.What == "tap0" && f.Why == "it is there already and belongs to user 1001, not to 1000"
	}
	if !found {
		t.Error("a TAP of another owner can't be opened by an ordinary user")
	}
}
