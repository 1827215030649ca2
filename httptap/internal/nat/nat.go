package nat

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Errors of Open and Look. Each is wrapped with its cause and the way out.
var (
	ErrUnsupported = errors.New("nat: this system has no nf_tables")
	ErrNoTables    = errors.New("nat: the kernel has no nf_tables, or not all of it")
	ErrNoOwner     = errors.New("nat: the kernel can't remove a table with the process that made it")
	ErrPermission  = errors.New("nat: not permitted")
	ErrBusy        = errors.New("nat: another httptap has the table ip " + Table)
	ErrTaken       = errors.New("nat: there is a table ip " + Table + " already, that no process owns")
	ErrNoUplink    = errors.New("nat: no other interface is up and has an IPv4 address: there is no network to give")
	ErrForwarding  = errors.New("nat: forwarding can't be switched on")
)

// ErrRestore is of Close: the process that puts things back failed, or was killed.
var ErrRestore = errors.New("nat: forwarding may still be on")

// The ways out that these errors name. Whoever looks for causes before anything is opened, as httptap doctor does,
// names the same.
const (
	FixUnsupported = "use 'httptap -i user', or a Linux machine"
	FixNoTables    = "load it with 'modprobe -a nf_tables nft_masq nft_ct nft_fib_ipv4 nft_reject_ipv4', or use a kernel that has CONFIG_NF_TABLES, or leave -nat out"
	FixNoOwner     = "use Linux 5.12 or newer, or leave -nat out and forward by hand: sysctl -w net.ipv4.ip_forward=1, and a masquerade rule of your own"
	FixPermission  = "run it with sudo (it needs CAP_NET_ADMIN)"
	FixBusy        = "let the clients use that one, or end it: one in a network namespace is all there can be"
	FixTaken       = "if nobody needs it: sudo nft delete table ip " + Table
	FixNoUplink    = "connect this machine first; 'ip -4 addr' lists what it has"
)

// Table is the name of the nftables table, of family ip.
const Table = "httptap"

// Config says whom the networks are given to.
type Config struct {
	TAP    string       // the interface's name
	Prefix netip.Prefix // the kernel's address there and its network, in which the clients are
}

// A State is what stands in the way, or does not.
type State struct {
	Owned    uint32   // the netlink port of who has the table, mostly its process ID; 0: nobody
	Taken    bool     // there is a table of our name that nobody owns
	Uplinks  []string // the interfaces whose networks would be given
	Blockers []Chain  // of other tables, that drop what is to be forwarded
}

// A Chain is one of nftables that is asked about each packet to be forwarded, and whose last word is to drop it.
type Chain struct {
	Family string // "ip" or "inet"
	Table  string
	Name   string
}

func (c Chain) String() string { return c.Family + " " + c.Table + " " + c.Name }

// Fix returns the commands that have the chain let the TAP's packets pass.
func (c Chain) Fix(tap string) string {
	if c.Table == "firewalld" {
		return "sudo firewall-cmd --zone=trusted --add-interface=" + tap // it may own its table
	}
	insert := func(way string) string {
		return fmt.Sprintf(`sudo nft insert rule %s %sname "%s" accept`, c, way, tap)
	}
	fix := insert("iif") + "; " + insert("oif")
	if c.Family == "ip" && c.Table == "filter" && c.Name == "FORWARD" {
		fix += fmt.Sprintf("; with iptables: sudo iptables -I FORWARD -i %s -j ACCEPT; sudo iptables -I FORWARD -o %s -j ACCEPT", tap, tap)
	}
	return fix
}

// list writes names as a sentence has them.
func list(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
