package doctor

import (
	"context"
	"errors"
	"net/netip"
	"testing"
)

func found(all []netip.Addr, err error) func(context.Context, Interface) ([]netip.Addr, error) {
	return func(context.Context, Interface) ([]netip.Addr, error) { return all, err }
}

func TestHost(t *testing.T) {
	const group = "proc/sys/net/ipv4/ping_group_range"
	run(t, "user", []trial{
		{"no group may ping", func(m *machine, _ *Request) { m.file(group, "1\t0\n") },
			Warn, "ping", `group 65534 is not in net.ipv4.ping_group_range, which is "1 0"`, `sysctl -w net.ipv4.ping_group_range="0 2147483647"`},
		{"root may, sudo's user may not", func(m *machine, _ *Request) {
			m.file(group, "0\t0\n")
			m.Env["SUDO_GID"] = "1000"
		}, Warn, "ping", "group 1000 is not in", "sysctl"},
		{"an ordinary user may not", func(m *machine, _ *Request) {
			m.user()
			m.file(group, "0\t999\n")
		}, Warn, "ping", "group 1000 is not in", "sysctl"},
		{"an ordinary user may", func(m *machine, _ *Request) {
			m.user()
			m.file(group, "1000\t1000\n")
		}, OK, "ping", "can be opened", ""},
		{"no such sockets", func(m *machine, _ *Request) {
			delete(m.files, group)
			m.EchoSocket = func() error { return errors.New("protocol not supported") }
		}, Warn, "ping", "protocol not supported", "none"},
		{"few files", func(m *machine, _ *Request) { m.MaxFiles = func() (uint64, error) { return 256, nil } },
			Warn, "open files", "256 at most", "ulimit -n 4096"},
		{"a proxy", func(m *machine, _ *Request) { m.Env["http_proxy"] = "http://proxy:3128" },
			Warn, "proxy", "http_proxy is set and no_proxy does not have 127.0.0.1", "export no_proxy=127.0.0.1,localhost"},
		{"a proxy for all", func(m *machine, _ *Request) { m.Env["ALL_PROXY"], m.Env["no_proxy"] = "socks5://x", "example.com" },
			Warn, "proxy", "ALL_PROXY is set", "--noproxy"},
		{"a proxy that is passed by", func(m *machine, _ *Request) {
			m.Env["HTTP_PROXY"], m.Env["NO_PROXY"] = "http://proxy:3128", "example.com, 127.0.0.0/8"
		}, OK, "proxy", "no_proxy has 127.0.0.1", ""},
	})
	for _, c := range []struct {
		host, list string
		want       bool
	}{
		{"127.0.0.1", "", false}, {"127.0.0.1", "localhost,127.0.0.1", true}, {"127.0.0.1", "*", true}, {"127.0.0.1", "127.0.0.11", false},
		{"127.0.0.1", "10.0.0.0/8 127.0.0.0/8", true}, {"::1", "[::1]", true}, {"localhost", "LocalHost", true},
		{"tap.lab.test", ".lab.test", true}, {"tap.lab.test", "lab.test", true}, {"taplab.test", "lab.test", false},
	} {
		if got := bypassed(c.host, c.list); got != c.want {
			t.Errorf("%s is in %q: %v", c.host, c.list, got)
		}
	}
}
