package nat

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/httptap/internal/undo"
)

func TestMain(m *testing.M) {
	Helper()
	os.Exit(m.Run())
}

var config = Config{TAP: "tap0", Prefix: netip.MustParsePrefix("192.168.10.1/24")}

// ownNamespace moves the test into a network namespace that ends with it, with a TAP of sorts and an uplink.
func ownNamespace(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: it makes a network namespace")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("needs nft, which is not installed")
	}
	runtime.LockOSThread() // never unlocked: the thread, and the namespace with it, ends
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("needs network namespaces: %v", err)
	}
	addLink(t, "tap0", "192.168.10.1/24", true)
	addLink(t, "up0", "10.66.0.2/24", true)
}

func addLink(t *testing.T, name, addr string, up bool) {
	t.Helper()
	l := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}} // the kind that every kernel has
	if err := netlink.LinkAdd(l); err != nil {
		t.Fatal(err)
	}
	if addr != "" {
		a, err := netlink.ParseAddr(addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.AddrAdd(l, a); err != nil {
			t.Fatal(err)
		}
	}
	if up {
		if err := netlink.LinkSetUp(l); err != nil {
			t.Fatal(err)
		}
	}
}

// nft runs nft and returns what it says.
func nft(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("nft", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("nft %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func mustOpen(t *testing.T) *NAT {
	t.Helper()
	n, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// is checks the forwarding of interfaces: a name and a digit each.
func is(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		name, value, _ := strings.Cut(w, "=")
		if on, err := forwarding(name); err != nil || digit(on) != value {
			t.Errorf("forwarding of %s is %v %v, want %s", name, on, err, value)
		}
	}
}

const wantTable = `table ip httptap {
	flags owner

	chain prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname "tap0" meta pkttype host ip daddr 192.168.10.0/24 fib daddr type != local counter packets 0 bytes 0 drop comment "for another client: it is there already"
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "tap0" ip saddr != 192.168.10.0/24 counter packets 0 bytes 0 drop comment "clients speak for themselves only"
		iifname "tap0" oifname "up0" accept comment "what clients may reach"
		iifname "tap0" oifname "up1" accept comment "what clients may reach"
		iifname "tap0" counter packets 0 bytes 0 reject with icmp admin-prohibited comment "an interface that came up later: its answers would be lost"
		oifname "tap0" ct state established,related accept comment "answers, and errors about what was asked"
		oifname "tap0" counter packets 0 bytes 0 drop comment "nobody begins to talk to clients"
		iifname "up0" counter packets 0 bytes 0 drop comment "forwarding is on for clients only"
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "tap0" masquerade comment "clients have the address of the interface"
	}
}
`

func TestOpenAndClose(t *testing.T) {
	ownNamespace(t)
	addLink(t, "up1", "10.66.1.2/24", true)
	addLink(t, "down0", "10.66.2.2/24", false)
	addLink(t, "port0", "", true) // as those of a bridge
	if err := setForwarding("up1", true); err != nil {
		t.Fatal(err)
	}
	n := mustOpen(t)
	owner := regexp.MustCompile(` # progname .*`) // which some versions of nft name
	if got := owner.ReplaceAllString(nft(t, "list", "table", "ip", "httptap"), ""); got != wantTable {
		t.Errorf("the table is\n%swant\n%s", got, wantTable)
	}
	is(t, "tap0=1", "up0=1", "up1=1", "down0=0", "port0=0", "all=0")
	want := "NAT to up0 and up1: made nftables table ip httptap, switched on forwarding of tap0 and up0; both end with httptap, after kill -9, too"
	if n.String() != want {
		t.Errorf("it says %q, want %q", n, want)
	}
	if len(n.Blockers()) != 0 {
		t.Errorf("nothing is in the way, but %v", n.Blockers())
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	is(t, "tap0=0", "up0=0", "up1=1", "all=0")
	if got := nft(t, "list", "ruleset"); got != "" {
		t.Errorf("it left\n%s", got)
	}
}

// A machine may have many interfaces: what the kernel has to answer does not grow with them. An error in the middle is
// the one that is told, and nothing is done.
func TestManyRules(t *testing.T) {
	ownNamespace(t)
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var many []uplink
	for i := range 1000 {
		many = append(many, uplink{name: fmt.Sprint("up", i)})
	}
	fill := func() *batch {
		b := newBatch()
		b.makeTable()
		for _, c := range chains(config, many) {
			b.addChain(c)
		}
		return b
	}
	b := fill()
	b.add("make a rule of no chain", unix.NFT_MSG_NEWRULE, unix.NLM_F_CREATE, text(unix.NFTA_RULE_TABLE, Table), text(unix.NFTA_RULE_CHAIN, "no"))
	b.add("make a chain", unix.NFT_MSG_NEWCHAIN, unix.NLM_F_CREATE, text(unix.NFTA_CHAIN_TABLE, Table), text(unix.NFTA_CHAIN_NAME, "yes"))
	if err := s.commit(b); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "make a rule of no chain") {
		t.Errorf("a batch with an error: %v", err)
	}
	if got := nft(t, "list", "ruleset"); got != "" {
		t.Errorf("it left %d bytes", len(got))
	}
	if err := s.commit(fill()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(nft(t, "list", "table", "ip", "httptap"), "what clients may reach"); got != len(many) {
		t.Errorf("there are %d rules of %d", got, len(many))
	}
}

// Where forwarding is on everywhere nothing has to be put back, and no process is there to do it.
func TestForwardingWasOn(t *testing.T) {
	ownNamespace(t)
	if err := setForwarding(everywhere, true); err != nil {
		t.Fatal(err)
	}
	n := mustOpen(t)
	if n.undo != nil || strings.Contains(n.String(), "forwarding") {
		t.Errorf("%q, and a process waits: %v", n, n.undo)
	}
	if got := nft(t, "list", "chain", "ip", "httptap", "forward"); strings.Contains(got, `iifname "up0"`) {
		t.Errorf("a router stops to be one:\n%s", got)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	is(t, "tap0=1", "up0=1", "all=1")
}

// Whoever switches forwarding on for the whole machine meanwhile keeps it.
func TestForwardingIsWantedMeanwhile(t *testing.T) {
	ownNamespace(t)
	n := mustOpen(t)
	if err := setForwarding(everywhere, true); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	is(t, "up0=1", "all=1")
}

// An interface that goes takes its setting along.
func TestInterfaceGoes(t *testing.T) {
	ownNamespace(t)
	addLink(t, "up1", "10.66.1.2/24", true)
	n := mustOpen(t)
	for _, name := range []string{"tap0", "up1"} {
		l, err := netlink.LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.LinkDel(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	is(t, "up0=0")
}

// fails checks that Open does, with its reason and way out, and that it leaves nothing.
func fails(t *testing.T, want error, fix string) {
	t.Helper()
	n, err := Open(config)
	if !errors.Is(err, want) || !strings.Contains(err.Error(), fix) {
		t.Errorf("it is %v, want %v with %q", err, want, fix)
	}
	if n != nil {
		n.Close()
	}
}

func TestOpenFails(t *testing.T) {
	ownNamespace(t)
	nft(t, "add", "table", "ip", "httptap")
	fails(t, ErrTaken, "sudo nft delete table ip httptap")
	if s, err := Look("tap0"); err != nil || !s.Taken || s.Owned != 0 {
		t.Errorf("a table that nobody owns is seen as %+v, %v", s, err)
	}
	nft(t, "delete", "table", "ip", "httptap")
	is(t, "tap0=0", "up0=0")

	n := mustOpen(t)
	fails(t, ErrBusy, "netlink port")
	if s, err := Look("tap0"); err != nil || s.Taken || s.Owned == 0 || !slices.Equal(s.Uplinks, []string{"up0"}) {
		t.Errorf("a table of another httptap is seen as %+v, %v", s, err)
	}
	is(t, "tap0=1", "up0=1")
	n.Close()
	if s, err := Look("tap0"); err != nil || s.Taken || s.Owned != 0 || len(s.Blockers) != 0 {
		t.Errorf("no table is seen as %+v, %v", s, err)
	}

	l, err := netlink.LinkByName("up0")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetDown(l); err != nil {
		t.Fatal(err)
	}
	fails(t, ErrNoUplink, "connect this machine")
	if got := nft(t, "list", "ruleset"); got != "" {
		t.Errorf("it left\n%s", got)
	}
}

// Where /proc/sys is for reading only, what was switched on before is off again.
func TestForwardingCantBeSwitchedOn(t *testing.T) {
	ownNamespace(t)
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"none", "/", "", unix.MS_REC | unix.MS_PRIVATE},
		{setting("up0"), setting("up0"), "", unix.MS_BIND},
		{"none", setting("up0"), "", unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY},
	} {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
			t.Skipf("needs mounts: %v", err)
		}
	}
	fails(t, ErrForwarding, "--sysctl net.ipv4.ip_forward=1")
	is(t, "tap0=0", "up0=0")
	if got := nft(t, "list", "ruleset"); got != "" {
		t.Errorf("it left\n%s", got)
	}
}

// What the kernel says to the first message and to others has its names here.
func TestKernelsErrors(t *testing.T) {
	table := func(errno syscall.Errno) error { return explainTable(&opError{"make the table", errno}) }
	for _, c := range []struct {
		what string
		err  error
		want error
		fix  string
	}{
		{"a socket without nf_tables", explain(&opError{"open a socket", unix.EPROTONOSUPPORT}), ErrNoTables, "modprobe"},
		{"a batch without nf_tables", explainTable(&opError{batchBegin, unix.EOPNOTSUPP}), ErrNoTables, "modprobe"},
		{"Linux before 5.12", table(unix.EINVAL), ErrNoOwner, "Linux 5.12 or newer"},
		{"flags that it does not know", table(unix.EOPNOTSUPP), ErrNoOwner, "sysctl -w net.ipv4.ip_forward=1"},
		{"no masquerade", explain(&opError{"make the rule", unix.ENOENT}), ErrNoTables, "nft_masq"},
		{"a list without nf_tables", explain(&opError{"list the tables", unix.EINVAL}), ErrNoTables, "CONFIG_NF_TABLES"},
		{"without privilege", explain(&opError{"list the tables", unix.EPERM}), ErrPermission, "sudo"},
	} {
		var refused *opError
		if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.fix) || !errors.As(c.err, &refused) || !strings.Contains(c.err.Error(), refused.what) {
			t.Errorf("%s: %v", c.what, c.err)
		}
	}
}

func TestBlockers(t *testing.T) {
	ownNamespace(t)
	for _, c := range []struct{ what, rules, want string }{
		{"docker", "table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; oifname \"docker0\" accept; }; }", "ip filter FORWARD"},
		{"a table for both", "table inet wall { chain forw { type filter hook forward priority 5; policy drop; }; }", "inet wall forw"},
		{"firewalld", "table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; policy accept; ct state established accept; counter reject with icmpx admin-prohibited; }; }", "inet firewalld filter_FORWARD"},
		{"a drop for all", "table ip a { chain b { type filter hook forward priority 10; counter drop; }; }", "ip a b"},
		{"only some", "table ip a { chain b { type filter hook forward priority 10; tcp dport 25 drop; ip saddr 10.0.0.0/8 reject; accept; }; }", ""},
		{"a chain that is no hook's", "table ip a { chain b { drop; }; }", ""},
		{"another hook", "table ip a { chain b { type filter hook input priority 0; policy drop; }; }", ""},
		{"IPv6", "table ip6 a { chain b { type filter hook forward priority 0; policy drop; }; }", ""},
		{"one that names the TAP", "table ip a { chain c { iifname \"tap0\" accept; }; chain b { type filter hook forward priority 0; policy drop; jump c; }; }", ""},
		{"one that names another", "table ip a { chain b { type filter hook forward priority 0; policy drop; iifname \"tap01\" accept; }; }", "ip a b"},
		{"nothing", "", ""},
	} {
		c.rules = strings.ReplaceAll(c.rules, "; }", "\n }") // nft wants an end of line there
		c.rules = strings.ReplaceAll(c.rules, "};", "}\n")
		name := t.TempDir() + "/rules"
		if err := os.WriteFile(name, []byte("flush ruleset\n"+c.rules+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		nft(t, "-f", name)
		s, err := Look("tap0")
		var got []string
		for _, b := range s.Blockers {
			got = append(got, b.String())
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v %v, want %q", c.what, got, err, c.want)
		}
		n := mustOpen(t)
		if !slices.Equal(n.Blockers(), s.Blockers) {
			t.Errorf("%s: Open found %v", c.what, n.Blockers())
		}
		n.Close()
		// The cure that is named is one, where it is nft's.
		for _, b := range s.Blockers {
			for _, m := range regexp.MustCompile(`sudo nft (insert rule [^;]*)`).FindAllStringSubmatch(b.Fix("tap0"), -1) {
				nft(t, m[1])
			}
			if s, err := Look("tap0"); b.Table != "firewalld" && (err != nil || len(s.Blockers) != 0) {
				t.Errorf("%s: after %s it is still %v, %v", c.what, b.Fix("tap0"), s.Blockers, err)
			}
		}
	}
}

// When the process that puts things back is killed, it is said what is left, and what mends it.
func TestNobodyPutsThingsBack(t *testing.T) {
	ownNamespace(t)
	n := mustOpen(t)
	children, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", unix.Gettid()))
	if err != nil {
		t.Skipf("needs CONFIG_PROC_CHILDREN: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatalf("this thread has the children %q", children)
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err = n.Close()
	const fix = "sudo sysctl -w net/ipv4/conf/tap0/forwarding=0 net/ipv4/conf/up0/forwarding=0"
	if !errors.Is(err, ErrRestore) || !errors.Is(err, undo.ErrFailed) || !strings.Contains(err.Error(), fix) {
		t.Errorf("it is %v, want %q", err, fix)
	}
	is(t, "tap0=1", "up0=1")
	if got := nft(t, "list", "ruleset"); got != "" {
		t.Errorf("it left\n%s", got)
	}
}

func TestRestoreNeedsToKnow(t *testing.T) {
	p, err := undo.Start(restoreWork, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Finish(); !errors.Is(err, undo.ErrFailed) {
		t.Errorf("without arguments: %v", err)
	}
}
