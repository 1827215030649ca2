package doctor

import (
	"errors"
	"fmt"
	"testing"

	"httptap/httptap/internal/nat"
)

func TestNAT(t *testing.T) {
	looks := func(s nat.State, err error) func(*machine, *Request) {
		return func(m *machine, r *Request) {
			r.NAT = true
			m.LookNAT = func(string) (nat.State, error) { return s, err }
		}
	}
	up := []string{"eth0", "wg0"}
	on := func(release string) func(*machine, *Request) {
		return func(m *machine, r *Request) {
			r.NAT = true
			m.file("proc/sys/kernel/osrelease", release+"\n")
		}
	}
	run(t, "tap0", []trial{
		{"nothing", looks(nat.State{Uplinks: up}, nil), OK, "-nat", "behind eth0, wg0", ""},
		{"an old kernel", on("5.10.0-28-amd64"), Fail, "-nat", "Linux 5.10.0-28-amd64 can't remove", "Linux 5.12"},
		{"an older one", on("4.19.0"), Fail, "-nat", "Linux 4.19.0", "leave -nat out"},
		{"a kernel that can", on("5.12.1"), OK, "-nat", "behind eth0", ""},
		{"a new kernel", on("6.1.0-rc1"), OK, "-nat", "behind eth0", ""},
		{"no nf_tables", looks(nat.State{}, fmt.Errorf("%w: so", nat.ErrNoTables)), Fail, "-nat", "no nf_tables", "modprobe"},
		{"another httptap", looks(nat.State{Owned: 77, Uplinks: up}, nil), Fail, "-nat", "another httptap|netlink port 77", "end it"},
		{"a table of the name", looks(nat.State{Taken: true, Uplinks: up}, nil), Fail, "-nat", "no process owns", "sudo nft delete table ip httptap"},
		{"no network", looks(nat.State{}, nil), Fail, "-nat", "no other interface", "ip -4 addr"},
		{"without privilege", looks(nat.State{}, nat.ErrPermission), Warn, "-nat", "not looked at: nat: not permitted", "sudo httptap doctor -i tap0 -nat"},
		{"what was not expected", looks(nat.State{}, errors.New("a list of 2 bytes")), Warn, "-nat", "2 bytes", "sudo"},
		{"docker", looks(nat.State{Uplinks: up, Blockers: []nat.Chain{{Family: "ip", Table: "filter", Name: "FORWARD"}}}, nil),
			Warn, "firewall", "the chain ip filter FORWARD drops|none is about tap0",
			`sudo nft insert rule ip filter FORWARD iifname "tap0" accept|oifname "tap0" accept|iptables -I FORWARD -i tap0 -j ACCEPT`},
		{"a firewall of one's own", looks(nat.State{Uplinks: up, Blockers: []nat.Chain{{Family: "inet", Table: "wall", Name: "fwd"}}}, nil),
			Warn, "firewall", "inet wall fwd", `sudo nft insert rule inet wall fwd oifname "tap0" accept`},
		{"firewalld", looks(nat.State{Uplinks: up, Blockers: []nat.Chain{{Family: "inet", Table: "firewalld", Name: "filter_FORWARD"}}}, nil),
			Warn, "firewall", "firewalld", "firewall-cmd --zone=trusted --add-interface=tap0"},
		{"rules of the old kind", func(m *machine, r *Request) {
			r.NAT = true
			m.file("proc/self/net/ip_tables_names", "nat\nfilter\n")
		}, Warn, "firewall", "iptables-legacy", "iptables-legacy -I FORWARD -i tap0 -j ACCEPT"},
	})
	// Without the flag nobody looks.
	m := healthy()
	m.LookNAT = nil
	Examine(t.Context(), m.System, usual("tap0"))
}
