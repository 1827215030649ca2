package doctor

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
)

// socketLine is a line of /proc/net/tcp on this machine.
func socketLine(local, state, inode string) string {
	a := netip.MustParseAddrPort(local)
	b := a.Addr().AsSlice()
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	return fmt.Sprintf("   0: %s:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000  0  0 %s 1 0 100 0 0 10 0\n",
		strings.ToUpper(hex.EncodeToString(b)), a.Port(), state, inode)
}

// taken has the address and those of some more ports taken.
func taken(m *machine, addresses ...string) {
	m.TryListen = func(a string) error {
		for _, taken := range addresses {
			if a == taken {
				return &os.SyscallError{Syscall: "bind", Err: syscall.EADDRINUSE}
			}
		}
		return nil
	}
}

// holder makes a process that has a socket open.
func holder(m *machine, pid int, name, inode string) {
	m.file(fmt.Sprintf("proc/%d/comm", pid), name+"\n")
	m.link(fmt.Sprintf("proc/%d/fd/3", pid), "/dev/null")
	m.link(fmt.Sprintf("proc/%d/fd/4", pid), "socket:["+inode+"]")
}

// answers has an httptap answer.
func answers(m *machine, all map[string]string) {
	m.Ask = func(_ context.Context, _, call string) (int, []byte, error) {
		switch body, ok := all[call]; {
		case !ok:
			return 404, []byte("404 page not found"), nil
		case strings.HasPrefix(body, "401 "):
			return 401, []byte(body[4:]), nil
		default:
			return 200, []byte(body), nil
		}
	}
}

func TestAddress(t *testing.T) {
	here := func(m *machine, local string) {
		taken(m, "127.0.0.1:7070")
		m.file("proc/self/net/tcp", "  sl  local_address\n"+socketLine("127.0.0.1:7070", "01", "1")+socketLine("127.0.0.2:7070", "0A", "2")+socketLine(local, "0A", "33"))
		holder(m, 41, "curl", "1")
		holder(m, 42, "other", "2")
	}
	run(t, "user", []trial{
		{"taken by a process", func(m *machine, r *Request) {
			here(m, "127.0.0.1:7070")
			holder(m, 77, "nginx", "33")
		}, Fail, "address", "127.0.0.1:7070 is taken by process 77 (nginx)", "-listen 127.0.0.1:7071"},
		{"taken on all addresses", func(m *machine, r *Request) {
			here(m, "0.0.0.0:7070")
			holder(m, 77, "nginx", "33")
		}, Fail, "address", "process 77 (nginx)", "-listen 127.0.0.1:7071"},
		{"taken on all addresses of IPv6, which takes those of IPv4, too", func(m *machine, r *Request) {
			here(m, "127.0.0.1:1")
			m.file("proc/self/net/tcp6", "  sl  local_address\n"+socketLine("[::]:7070", "0A", "33"))
			holder(m, 77, "nginx", "33")
		}, Fail, "address", "process 77 (nginx)", "-listen 127.0.0.1:7071"},
		{"taken by two", func(m *machine, r *Request) {
			here(m, "127.0.0.1:7070")
			holder(m, 77, "nginx", "33")
			holder(m, 78, "nginx", "33")
		}, Fail, "address", "process 77 (nginx), process 78 (nginx)", ""},
		{"taken by who can't be seen", func(m *machine, r *Request) {
			here(m, "127.0.0.1:7070")
			m.user()
			m.file("proc/1/comm", "init") // and no fd that could be read
		}, Fail, "address", "by a process that can't be seen here", "ask as root: sudo httptap doctor -i user"},
		{"nothing but the error is known", func(m *machine, r *Request) {
			taken(m, "127.0.0.1:7070", "127.0.0.1:7071", "127.0.0.1:7072")
			delete(m.files, "proc/self/net/tcp")
		}, Fail, "address", "by a process that can't be seen here", "-listen 127.0.0.1:7073"},
		{"another httptap", func(m *machine, r *Request) {
			here(m, "127.0.0.1:7070")
			holder(m, 77, "httptap", "33")
			answers(m, map[string]string{"/stats": `{"ports":[{"name":"lab","kind":"lab"},{"name":"tap0","kind":"device"}],"requests":7}`})
		}, Fail, "address", "another httptap (tap0)|process 77 (httptap)", "its URL is http://127.0.0.1:7070|-listen 127.0.0.1:7071"},
		{"another httptap without a device", func(m *machine, r *Request) {
			taken(m, "127.0.0.1:7070")
			answers(m, map[string]string{"/stats": `{"ports":[{"name":"lab","kind":"lab"}],"requests":0}`})
		}, Fail, "address", "another httptap (user)", "its URL is"},
		{"another httptap that wants a token", func(m *machine, r *Request) {
			taken(m, "127.0.0.1:7070")
			answers(m, map[string]string{"/stats": `401 {"error":"a token is needed"}`})
		}, Fail, "address", "another httptap (it says: a token is needed)", "its URL is"},
		{"another httptap of version 0", func(m *machine, r *Request) {
			taken(m, "127.0.0.1:7070")
			answers(m, map[string]string{"/info": `{"MTU":1500,"IPPrefix":"","HardwareAddr":"02:00:00:00:00:01","DataReady":false}`})
		}, Fail, "address", "another httptap (of version 0, 02:00:00:00:00:01)", "its URL is"},
		{"something else that has /stats", func(m *machine, r *Request) {
			taken(m, "127.0.0.1:7070")
			answers(m, map[string]string{"/stats": `{"ports":[]}`})
		}, Fail, "address", "is taken by a process", "end that"},
		{"a low port", func(m *machine, r *Request) {
			r.Listen = []string{"127.0.0.1:80"}
			m.TryListen = func(a string) error {
				if a == r.Listen[0] {
					return syscall.EACCES
				}
				return nil
			}
		}, Fail, "address", "127.0.0.1:80: a port below 1024 needs privilege", "-listen 127.0.0.1:7070"},
		{"an address of another machine", func(m *machine, r *Request) {
			r.Listen = []string{"127.1.1.1:7"}
			m.TryListen = func(a string) error { return syscall.EADDRNOTAVAIL }
		}, Fail, "address", "127.1.1.1:7: this machine has no such address", "-listen 127.0.0.1:7"},
		{"taken on Windows", func(m *machine, r *Request) {
			m.TryListen = func(a string) error {
				if a == r.Listen[0] {
					return wsaeInUse
				}
				return nil
			}
		}, Fail, "address", "is taken by", "-listen 127.0.0.1:7071"},
		{"kept by Windows", func(m *machine, r *Request) {
			r.Listen = []string{"127.0.0.1:50000"}
			m.TryListen = func(a string) error { return wsaeAccess }
		}, Fail, "address", "127.0.0.1:50000: Windows keeps this port", "netsh interface ipv4 show excludedportrange"},
		{"another error", func(m *machine, r *Request) {
			m.TryListen = func(a string) error { return errors.New("no such host") }
		}, Fail, "address", "no such host", "-listen 127.0.0.1:7070"},
		{"no address", func(m *machine, r *Request) { r.Listen = []string{"7070"} }, Fail, "address", "7070|missing port", "-listen 127.0.0.1:7070"},
		{"a socket that is free", func(m *machine, r *Request) { r.Listen = []string{"unix:/run/h"} }, OK, "address", "unix:/run/h is free", ""},
		{"a socket that is left over", func(m *machine, r *Request) {
			r.Listen = []string{"/run/h"}
			m.Connect = func(string) error { return syscall.ECONNREFUSED }
		}, OK, "address", "unix:/run/h is left over", ""},
		{"a socket that is taken", func(m *machine, r *Request) {
			r.Listen = []string{"/run/h"}
			m.Connect = func(string) error { return nil }
		}, Fail, "address", "/run/h is taken", "ss -lxp src /run/h|-listen unix:/run/h.2"},
		{"a socket of another httptap", func(m *machine, r *Request) {
			r.Listen = []string{"/run/h"}
			m.Connect = func(string) error { return nil }
			answers(m, map[string]string{"/stats": `{"requests":1}`})
		}, Fail, "address", "another httptap", "use that one"},
		{"a socket of somebody else", func(m *machine, r *Request) {
			r.Listen = []string{"/run/h"}
			m.Connect = func(string) error { return fs.ErrPermission }
		}, Fail, "address", "unix:/run/h: permission denied", "-listen 127.0.0.1:7070"},
	})
}
