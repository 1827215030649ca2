package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"httptap/httptap/port"
	"httptap/stack"
	"httptap/stack/link"
	"httptap/stack/tcp"
)

// The two ends of a wire.
const (
	ownAddr    = "10.77.0.2" // the host on our stack
	kernelAddr = "10.77.0.1" // the kernel
	routedAddr = "10.78.0.2" // the kernel behind a router
)

// A wire joins a stack.Host of this process to the kernel. There are two network namespaces:
//
//	near:  v0 ─── m0 ── bridge ── m1 ─── v0  :far
//	our host's NIC     what is lost     the kernel's
//
// Frames are lost as they enter the bridge. At the kernel's own v0 its TCP would notice that a
// frame was dropped on the way out, and would take it for a full queue instead of a loss.
//
// A routed wire has a router in the bridge's place, and the kernel an address in another network.
//
// It remembers every connection, so that a test that fails can say in which state both sides
// were, and one that ends can say that none was left behind.
type wire struct {
	*stack.Host
	near, far  world  // the NIC's namespace, and the kernel's
	self, peer string // our host's address, and the kernel's
	tail       tail
	hang       time.Duration           // how long a thing may take
	doors      map[string]net.Listener // who connect listens with, by side

	mu        sync.Mutex
	own       []*stack.Conn
	kernel    []net.Conn
	listeners []net.Listener
}

// wireOptions say how a wire differs from a perfect one of default size.
type wireOptions struct {
	buffer int      // bytes of our connections' buffers; 0: the stack's default
	ecn    bool     // our host asks for it
	routed bool     // a router instead of a bridge
	sysctl []string // of the kernel's end, as "net.ipv4.tcp_sack=0"
	route  string   // what the kernel's route to us says, such as "advmss 100"
}

var wires atomic.Int32

// kernelTools are what every wire needs.
var kernelTools = []string{"ip", "ethtool", "nft", "ss", "sysctl"}

// newWire builds a wire that is gone when the test is.
func newWire(t testing.TB, o wireOptions) *wire {
	t.Helper()
	needRoot(t, kernelTools...)
	name := fmt.Sprintf("htk%d-%d", os.Getpid(), wires.Add(1))
	l := &wire{near: world{name + "-near"}, far: world{name + "-far"}, self: ownAddr, peer: kernelAddr, hang: hang, doors: map[string]net.Listener{}}
	t.Cleanup(func() {
		exec.Command("ip", "netns", "del", l.near.netns).Run()
		exec.Command("ip", "netns", "del", l.far.netns).Run()
	})
	shell(t, world{}, "ip netns add "+l.near.netns, "ip netns add "+l.far.netns)
	if o.route == "" {
		o.route = "congctl cubic" // the same on every machine
	}
	between := `link add br0 type bridge
		link set m0 master br0
		link set m1 master br0
		link set br0 up`
	route := "route replace 10.77.0.0/24 dev v0 proto kernel scope link src " + l.peer
	if o.routed {
		l.peer = routedAddr
		between = `addr add 10.77.0.1/24 dev m0
		addr add 10.78.0.1/24 dev m1`
		route = "route add 10.77.0.0/24 via 10.78.0.1"
	}
	// What the rules lose and the packet socket sees are frames of the wire's size, with their
	// checksums: no offload, and one segment at a time from the kernel's TCP.
	const plain = "ethtool -K v0 tx off rx off sg off tso off gso off gro off >/dev/null"
	shell(t, l.near,
		"echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6", `ip -batch - <<END
		link add v0 type veth peer name m0
		link add m1 type veth peer name v0 netns `+l.far.netns+`
		`+between+`
		link set m0 up
		link set m1 up
		link set v0 up
END`, "echo 1 | tee /proc/sys/net/ipv4/conf/m[01]/forwarding >/dev/null", plain)
	shell(t, l.far, "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6", plain,
		// At 20% each way timeouts that double up to two minutes are all that a test would see. Linux
		// 6.15 can be told to double them less far; a connection whose program has closed it is then
		// given up at the longest timeout, unless its number of tries is set, too.
		"[ ! -e /proc/sys/net/ipv4/tcp_rto_max_ms ] || echo 1000 >/proc/sys/net/ipv4/tcp_rto_max_ms",
		"echo 100 >/proc/sys/net/ipv4/tcp_orphan_retries",
		`ip -batch - <<END
		link set lo up
		link set v0 gso_max_segs 1
		link set v0 up
		addr add `+l.peer+`/24 dev v0
		`+route+" "+o.route+`
END`)
	for _, s := range o.sysctl {
		shell(t, l.far, "sysctl -qw '"+s+"'")
	}
	l.start(t, o)
	return l
}

// start opens the NIC and puts the host on it.
func (l *wire) start(t testing.TB, o wireOptions) {
	t.Helper()
	var d link.Device
	var err error
	l.near.inside(func() { d, err = port.Open("v0", port.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	l.Host, err = stack.New(stack.Config{
		Device: link.Tee(d, l.tail.frame), Addr: netip.MustParsePrefix(ownAddr + "/24"), Router: netip.MustParseAddr("10.77.0.1"),
		// Not the NIC's own: the kernel at this end has no part in what comes here.
		HardwareAddr: link.LocalAddr(l.near.netns),
		SendBuffer:   o.buffer, ReceiveBuffer: o.buffer, ECN: o.ecn,
	})
	if err != nil {
		d.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Host.Close()
		for _, ln := range l.listeners {
			ln.Close()
		}
	})
}

// shell runs lines in w, all of which must succeed.
func shell(t testing.TB, w world, lines ...string) {
	t.Helper()
	w.must(t, "/bin/sh", "-ec", strings.Join(lines, "\n"))
}

// inside runs f on a thread that is in w's namespace: the sockets and devices that f opens
// belong to it for good.
func (w world) inside(f func()) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		fd, err := unix.Open(filepath.Join("/run/netns", w.netns), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			unix.Close(fd)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		panic(fmt.Sprintf("enter the namespace %s, which this test made: %v", w.netns, err))
	}
}

// lose makes the link lose so many of 1000 frames: those the kernel receives and those it sends.
// It loses no ARP, which asks three times and then says that there is no route: right, but no
// matter of TCP's.
func (l *wire) lose(t testing.TB, in, out int) {
	t.Helper()
	if in >= 200 && out >= 200 {
		l.hang = 5 * time.Minute // 36 of 100 exchanges fail, between two kernels as well
	}
	l.rules(t, ingress("m0", fmt.Sprintf("ether type ip numgen random mod 1000 < %d counter drop", in))+
		ingress("m1", fmt.Sprintf("ether type ip numgen random mod 1000 < %d counter drop", out)))
}

// ingress is a chain for the frames that the bridge's port receives: from us at m0, from the
// kernel at m1.
func ingress(port string, rules ...string) string {
	return fmt.Sprintf("\nchain %s {\n type filter hook ingress device \"%[1]s\" priority 0;\n %s\n}", port, strings.Join(rules, "\n "))
}

// rules replaces the rules of the bridge; none at all is a perfect link.
func (l *wire) rules(t testing.TB, chains ...string) {
	t.Helper()
	if err := l.tryRules(chains...); err != nil {
		t.Fatal(err)
	}
}

// tryRules is rules for goroutines other than the test's own.
func (l *wire) tryRules(chains ...string) error {
	c := l.near.command(context.Background(), "nft", "-f", "-")
	text := "table netdev link\ndelete table netdev link\ntable netdev link {" + strings.Join(chains, "") + "\n}\n"
	c.Stdin = strings.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w\n%s\n%s", err, out, text)
	}
	return nil
}

// counted returns how many frames the rules have counted.
func (l *wire) counted() (n int) {
	out, _ := l.near.command(context.Background(), "nft", "list", "ruleset").Output()
	for _, m := range regexp.MustCompile(`counter packets (\d+)`).FindAllSubmatch(out, -1) {
		k, _ := strconv.Atoi(string(m[1]))
		n += k
	}
	return n
}

// cut are the rules of a link that is broken in both directions.
var cut = ingress("m0", "drop") + ingress("m1", "drop")

// dial connects our host to the kernel's port.
func (l *wire) dial(ctx context.Context, port string) (*stack.Conn, error) {
	c, err := l.Host.DialContext(ctx, "tcp", l.peer+":"+port)
	if err != nil {
		return nil, err
	}
	l.keep(c)
	return c.(*stack.Conn), nil
}

// dialer is dial as net/http wants it.
func (l *wire) dialer(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	c, err := l.dial(ctx, port)
	if err != nil {
		return nil, err // not a nil *stack.Conn in a net.Conn
	}
	return c, nil
}

// listen listens on a port of our host.
func (l *wire) listen(port string) (net.Listener, error) {
	ln, err := l.Host.Listen("tcp", ":"+port)
	return l.watched(ln, err)
}

// kernelListen listens on a port of the kernel.
func (l *wire) kernelListen(port string) (net.Listener, error) {
	var ln net.Listener
	var err error
	l.far.inside(func() {
		cfg := net.ListenConfig{KeepAlive: -1}
		cfg.SetMultipathTCP(false)
		// A port is free again only when the kernel has let its last listener go.
		for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
			ln, err = cfg.Listen(context.Background(), "tcp4", l.peer+":"+port)
			if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
				break
			}
		}
	})
	return l.watched(ln, err)
}

// kernelDial connects the kernel to a port of our host.
func (l *wire) kernelDial(ctx context.Context, port string) (*net.TCPConn, error) {
	var c net.Conn
	var err error
	l.far.inside(func() { c, err = (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp4", l.self+":"+port) })
	if err != nil {
		return nil, err
	}
	l.keep(c)
	return c.(*net.TCPConn), nil
}

// A watched listener tells the wire of what it accepts.
type watched struct {
	net.Listener
	l *wire
}

func (l *wire) watched(ln net.Listener, err error) (net.Listener, error) {
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.listeners = append(l.listeners, ln)
	l.mu.Unlock()
	return watched{ln, l}, nil
}

func (w watched) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err == nil {
		w.l.keep(c)
	}
	return c, err
}

// keep remembers a connection.
func (l *wire) keep(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if own, ok := c.(*stack.Conn); ok {
		l.own = append(l.own, own)
	} else {
		l.kernel = append(l.kernel, c)
	}
}

// pair is a connection, seen from both sides.
type pair struct {
	own    *stack.Conn
	kernel *net.TCPConn

	segments uint32 // that the kernel had received, or sent, when a window closed
}

// sides are who opens a connection.
var sides = []string{"our client", "our server"}

// connect opens a connection; side says who listens. Listeners stay open: a program that this
// process is just starting holds a copy of each for a moment, and the port with it.
func (l *wire) connect(ctx context.Context, side string) (pair, error) {
	listen, dial := l.kernelListen, func() (net.Conn, error) { return l.dial(ctx, "7") }
	if side == "our server" {
		listen, dial = l.listen, func() (net.Conn, error) { return l.kernelDial(ctx, "7") }
	}
	ln := l.doors[side]
	if ln == nil {
		var err error
		if ln, err = listen("7"); err != nil {
			return pair{}, err
		}
		l.doors[side] = ln
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := ln.Accept() // the dialling side tells why there is none
		accepted <- c
	}()
	c, err := dial()
	if err != nil {
		return pair{}, fmt.Errorf("connect, %s: %w", side, err)
	}
	var peer net.Conn
	select {
	case peer = <-accepted:
	case <-ctx.Done():
	}
	if peer == nil {
		return pair{}, errors.New("one side is connected, the other is not")
	}
	if own, ok := c.(*stack.Conn); ok {
		return pair{own: own, kernel: peer.(*net.TCPConn)}, nil
	}
	return pair{own: peer.(*stack.Conn), kernel: c.(*net.TCPConn)}, nil
}

// hang is how long a thing may take. It is no measure of speed: it tells a transfer that is slow
// from a connection that hangs.
const hang = 60 * time.Second

// within runs f, which must be over, without an error, before l.hang. When it is not, the test
// fails with the state of both sides, taken while f still waits.
func (l *wire) within(t *testing.T, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), l.hang)
	defer cancel()
	done := make(chan error, 1)
	start := time.Now()
	go func() { done <- f(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("after %v: %v\n%s", time.Since(start), err, l.report())
		}
	case <-ctx.Done():
		report := l.report()
		l.abort()
		t.Fatalf("hangs: not over after %v (then: %v)\n%s", l.hang, <-done, report)
	}
	l.quiet(t)
}

// abort ends all that waits.
func (l *wire) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.own {
		c.SetDeadline(time.Unix(1, 0))
	}
	for _, c := range l.kernel {
		c.SetDeadline(time.Unix(1, 0))
	}
	for _, ln := range l.listeners {
		ln.Close()
	}
}

// quiet fails the test when a connection is left on either side, but for those in TIME-WAIT.
func (l *wire) quiet(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(l.hang)
	for {
		left := l.left()
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("connections are left behind: %s\n%s", left, l.report())
		}
		time.Sleep(10 * time.Millisecond) // neither side offers anything to wait on
	}
}

// left says which connections are left.
func (l *wire) left() string {
	l.mu.Lock()
	waiting := 0
	var left []string
	for _, c := range l.own {
		switch s := c.Info().State; s {
		case tcp.Closed:
		case tcp.TimeWait:
			waiting++
		default:
			left = append(left, fmt.Sprintf("ours is %v", s))
		}
	}
	l.mu.Unlock()
	if n := l.Connections(); len(left) == 0 && n > waiting {
		left = append(left, fmt.Sprintf("our host has %d, of which %d are in TIME-WAIT", n, waiting))
	}
	for line := range strings.Lines(l.sockets("-Htan", "dst", l.self)) {
		if !strings.HasPrefix(line, "LISTEN") && !strings.HasPrefix(line, "TIME-WAIT") {
			left = append(left, "the kernel has "+strings.TrimSpace(line))
		}
	}
	return strings.Join(left, "; ")
}

// sockets returns what ss says of the kernel's end.
func (l *wire) sockets(flags string, filter ...string) string {
	out, err := l.far.command(context.Background(), "ss", append([]string{flags}, filter...)...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("ss: %v: %s", err, out)
	}
	return string(out)
}

// report says in which state both sides and the link between them are.
func (l *wire) report() string {
	var b strings.Builder
	l.mu.Lock()
	for _, c := range l.own {
		if i := c.Info(); i.State != tcp.Closed && i.State != tcp.TimeWait {
			fmt.Fprintf(&b, "ours: %+v\n", i)
		}
	}
	l.mu.Unlock()
	fmt.Fprintf(&b, "our host: %d connections, %+v\nthe kernel:\n%s", l.Connections(), l.Stats(), l.sockets("-tinoem"))
	rules, err := l.near.command(context.Background(), "nft", "list", "ruleset").CombinedOutput()
	fmt.Fprintf(&b, "the link: %v\n%s\nthe last frames:\n%s", err, rules, l.tail.String())
	return b.String()
}
