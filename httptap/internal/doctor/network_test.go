package doctor

import (
	"errors"
	"io/fs"
	"net/netip"
	"testing"
)

func routed(m *machine, prefix, device string) {
	m.Routes = func() ([]Route, error) {
		return []Route{{netip.MustParsePrefix("0.0.0.0/0"), "eth0"}, {netip.MustParsePrefix(prefix), device}}, nil
	}
}

func TestOverlap(t *testing.T) {
	run(t, "tap0", []trial{
		{"the same address", func(m *machine, _ *Request) {
			m.nics[1].Addrs = []netip.Prefix{netip.MustParsePrefix("192.168.10.1/24")}
		}, Fail, "-net", "192.168.10.1 is the address of eth0", "-net 192.168.11.1/24"},
		{"the same network", func(m *machine, _ *Request) { routed(m, "192.168.10.0/24", "eth0") },
			Fail, "-net", "192.168.10.0/24 leads to eth0|instead of to tap0", "-net 192.168.11.1/24, which is free"},
		{"a part of it", func(m *machine, _ *Request) { routed(m, "192.168.10.128/25", "wg0") }, Fail, "-net", "192.168.10.128/25 leads to wg0", "-net"},
		{"a network around it", func(m *machine, _ *Request) { routed(m, "192.168.0.0/16", "tun9") },
			Warn, "-net", "192.168.10.0/24 is part of 192.168.0.0/16, which is behind tun9", "-net 172.31.11.1/24"},
		{"the TAP's own route", func(m *machine, _ *Request) { routed(m, "192.168.10.0/24", "tap0") }, OK, "-net", "no other network", ""},
		{"nothing is free", func(m *machine, _ *Request) {
			m.Routes = func() ([]Route, error) {
				return []Route{{netip.MustParsePrefix("0.0.0.0/1"), "a"}, {netip.MustParsePrefix("128.0.0.0/1"), "a"}}, nil
			}
		}, Warn, "-net", "behind a", "'ip route' lists"},
	})
	run(t, "user", []trial{
		{"a network of this machine", func(m *machine, _ *Request) { routed(m, "192.168.0.0/16", "eth0") },
			Warn, "-net", "is also behind eth0|clients meet the lab there", "-net 172.31.11.1/24"},
	})
}

func TestLocalDHCP(t *testing.T) {
	serves := func(m *machine, local string) {
		m.file("proc/self/net/udp", "  sl  local_address\n"+socketLine("127.0.0.1:53", "07", "1")+socketLine(local, "07", "5"))
	}
	run(t, "tap0", []trial{
		{"on every interface", func(m *machine, _ *Request) {
			serves(m, "0.0.0.0:67")
			holder(m, 7, "dnsmasq", "5")
		}, Warn, "DHCP", "process 7 (dnsmasq) serves DHCP on port 67 of every interface|on tap0", "--except-interface=tap0|-lab=false"},
		{"by who can't be seen", func(m *machine, _ *Request) { serves(m, "0.0.0.0:67") }, Warn, "DHCP", "can't be seen here", "-lab=false"},
		{"on one interface", func(m *machine, _ *Request) { serves(m, "192.168.122.1:67") }, OK, "DHCP", "the only one on tap0", ""},
	})
}

func TestNIC(t *testing.T) {
	nic := func(f func(*Interface)) func(*machine, *Request) {
		return func(m *machine, _ *Request) { f(&m.nics[1]) }
	}
	on := func(kind string, names ...string) func(*machine, *Request) {
		return func(m *machine, _ *Request) {
			m.nics[1].Kind = kind
			m.Offloads = func(string) ([]string, error) { return names, nil }
		}
	}
	discovers := func(lab bool, err error, servers ...string) func(*machine, *Request) {
		return func(m *machine, r *Request) {
			r.Lab = lab
			var all []netip.Addr
			for _, s := range servers {
				all = append(all, netip.MustParseAddr(s))
			}
			m.Discover = found(all, err)
		}
	}
	run(t, "eth0", []trial{
		{"absent", func(m *machine, _ *Request) { m.nics = m.nics[:1] }, Fail, "eth0", "no such interface", "'ip link' lists"},
		{"not Ethernet", nic(func(i *Interface) { i.Ethernet = false }), Fail, "eth0", "does not carry Ethernet", "'ip link' lists"},
		{"down", nic(func(i *Interface) { i.Up, i.Carrier = false, false }), Fail, "eth0", "it is down", "sudo ip link set eth0 up"},
		{"no carrier", nic(func(i *Interface) { i.Carrier = false }), Warn, "eth0", "no carrier", "cable"},
		{"a bridge's", nic(func(i *Interface) { i.Master = "br0" }), Warn, "eth0", "part of br0", "-i br0"},
		{"wireless", func(m *machine, _ *Request) { m.file("sys/class/net/eth0/wireless/status", "") },
			Warn, "Wi-Fi", "an access point drops frames from any other address than 02:00:00:00:00:01", "the client 'default'"},
		{"wireless, as newer drivers show it", func(m *machine, _ *Request) { m.file("sys/class/net/eth0/phy80211/name", "phy0") },
			Warn, "Wi-Fi", "eth0 is wireless", "-i user"},
		{"MTU", func(m *machine, r *Request) { r.MTU = 9000 }, Warn, "MTU", "-mtu 9000 is not heeded|eth0 has 1500", "sudo ip link set eth0 mtu 9000"},
		{"GRO", on("device", "rx-gro"), OK, "receive offloads", "rx-gro is on|httptap switches that off", ""},
		{"GRO and LRO", on("device", "rx-gro", "rx-lro"), OK, "receive offloads", "rx-gro, rx-lro are on", ""},
		{"GRO in hardware", on("device", "rx-gro-hw", "rx-gro-list"), Warn, "other offloads", "rx-gro-hw, rx-gro-list are on", "sudo ethtool -K eth0 rx-gro-hw off rx-gro-list off"},
		{"TSO", on("device", "tx-tcp-segmentation"), OK, "send offloads", "what this machine itself sends", ""},
		{"a veth", on("veth", "tx-tcp-segmentation", "tx-checksum-ip-generic"), Warn, "send offloads", "the peer of a veth", "ethtool -K PEER tso off"},
		{"offloads that can't be seen", func(m *machine, _ *Request) {
			m.Offloads = func(string) ([]string, error) { return nil, errors.New("ethtool on eth0: refused") }
		}, Warn, "offloads", "not looked at: ethtool on eth0: refused", "sudo"},
		{"the kernel's address", nic(func(i *Interface) { i.Addrs = []netip.Prefix{netip.MustParsePrefix("10.1.2.3/24")} }),
			Warn, "kernel's own stack", "10.1.2.3 is of eth0|RST", `oifname "eth0" ip saddr 10.1.2.3 tcp flags & rst == rst drop|iptables -A OUTPUT -o eth0 -s 10.1.2.3`},
		{"forwarding", func(m *machine, _ *Request) { m.file("proc/sys/net/ipv4/conf/eth0/forwarding", "1\n") },
			Warn, "forwarding", "the kernel routes what comes in at eth0", "sysctl -w net.ipv4.conf.eth0.forwarding=0"},
		{"a DHCP server and the lab", discovers(true, nil, "10.0.0.1"), Fail, "DHCP", "10.0.0.1 serves on eth0 already", "-lab=false"},
		{"two DHCP servers", discovers(false, nil, "10.0.0.1", "10.0.0.2"), OK, "DHCP", "10.0.0.1 and 10.0.0.2 serve on eth0", ""},
		{"no DHCP server", discovers(false, nil), Warn, "DHCP", "no server answers on eth0", "-lab"},
		{"no DHCP server but the lab", discovers(true, nil), OK, "DHCP", "the lab is the only one", ""},
		{"no DHCP without privilege", discovers(false, fs.ErrPermission), Warn, "DHCP", "CAP_NET_RAW", "sudo httptap doctor -i eth0"},
		{"an interface that went", discovers(false, errors.New("network is down")), Warn, "DHCP", "not looked at: network is down", "sudo"},
	})
	// Nobody is asked through an interface that can't carry the question.
	m := healthy()
	m.nics[1].Carrier, m.Discover = false, nil
	Examine(t.Context(), m.System, usual("eth0"))
}
