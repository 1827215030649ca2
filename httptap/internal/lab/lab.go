// Package lab is the network behind httptap when there is no other: a DHCP, a DNS, an NTP and an
// HTTP server on a [stack.Host], so that a client of the relay finds all that a host needs.
//
//	                      ┌─ dhcp.go   leases, from the second address of the network up
//	Device ── stack.Host ─┼─ dns.go    httptap.test, the addresses' names; else forward.go
//	                      ├─ ntp.go    the clock of this machine
//	                      └─ http.go   a page that says what has just happened, and bodies to
//	                                   measure with
//
// Read lab.go, then these. The lab answers for its own addresses and its own names only and
// never forges: what it does not know it asks the machine's own name servers, and when they
// don't answer it says so.
//
// Every service has one goroutine that reads, and bounds on everything that a client can make
// it do; a message that can't be answered is logged and dropped.
package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"time"

	"httptap/stack"
	"httptap/stack/dhcpv4"
	"httptap/stack/link"
)

// Domain is the domain of the lab's own names.
const Domain = "httptap.test"

// Config says where the lab is. Device and Addr are needed.
type Config struct {
	Device link.Device  // a port of the switch; Close closes it
	Addr   netip.Prefix // the lab's own address, and the network that it serves
	Router netip.Addr   // told to clients; zero: none
	Lease  time.Duration
	// Forward makes the lab's host a router: see Forwarder.
	Forward bool
	// Resolver finds out what is not the lab's to say: it sends a DNS query and returns the
	// reply, over TCP when stream is set; neither has TCP's length before it. Nil: the servers
	// of this machine, /etc/resolv.conf.
	Resolver func(ctx context.Context, query []byte, stream bool) ([]byte, error)
	Version  string
	Log      *slog.Logger // what was asked and answered, at level Debug; nil: nowhere
}

// A Lab is a running lab.
type Lab struct {
	cfg  Config
	log  *slog.Logger
	host *stack.Host

	mu    sync.Mutex // guards dhcp and names
	dhcp  dhcpv4.Server
	names names

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup
	closers []func()
}

// New starts the lab. It fails when the address is not one for a host or a network has no room
// for clients.
func New(cfg Config) (*Lab, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Device == nil || !cfg.Addr.Addr().Is4() {
		return nil, errors.New("lab: a device and an IPv4 address are needed")
	}
	if cfg.Resolver == nil {
		cfg.Resolver = systemResolver(cfg.Addr.Addr())
	}
	l := &Lab{cfg: cfg, log: cfg.Log}
	if err := l.resetDHCP(); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", cfg.Addr, err)
	}
	names, err := newNames(cfg)
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l.names = names
	l.host, err = stack.New(stack.Config{Device: cfg.Device, Addr: cfg.Addr, Router: l.nextHop(), Forward: cfg.Forward})
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for _, start := range []func() error{l.startDHCP, l.startDNS, l.startNTP, l.startHTTP} {
		if err := start(); err != nil {
			l.Close()
			return nil, fmt.Errorf("lab: %w", err)
		}
	}
	return l, nil
}

// nextHop returns where the lab's own packets to other networks go: where those of the clients
// do, unless that is the lab.
func (l *Lab) nextHop() netip.Addr {
	if l.cfg.Router == l.cfg.Addr.Addr() {
		return netip.Addr{}
	}
	return l.cfg.Router
}

// Leases returns the leases in force.
func (l *Lab) Leases() []dhcpv4.Binding {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dhcp.Leases(time.Now())
}

// Forwarder returns what accepts the flows of clients to other networks; nil without Config.Forward.
func (l *Lab) Forwarder() *stack.Forwarder { return l.host.Forwarder() }

// Stats returns the counters of the lab's host.
func (l *Lab) Stats() stack.Stats { return l.host.Stats() }

// Dropped returns what the lab's host refused, by reason: "udp_port" is stack.Stats' DropUDPPort.
func (l *Lab) Dropped() map[string]uint64 {
	all, v := make(map[string]uint64), reflect.ValueOf(l.host.Stats())
	for i := range v.NumField() {
		if name, ok := strings.CutPrefix(v.Type().Field(i).Name, "Drop"); ok {
			all[snake(name)] = v.Field(i).Uint()
		}
	}
	return all
}

// snake writes "UDPPort" as "udp_port": a word begins with a capital that a small letter follows, or comes
// before.
func snake(name string) string {
	var b strings.Builder
	isUpper := func(i int) bool { return i < len(name) && 'A' <= name[i] && name[i] <= 'Z' }
	for i := range len(name) {
		if i > 0 && isUpper(i) && (!isUpper(i-1) || i+1 < len(name) && !isUpper(i+1)) {
			b.WriteByte('_')
		}
		b.WriteByte(name[i])
	}
	return strings.ToLower(b.String())
}

// Close ends all services and waits for them. A second Close does nothing.
func (l *Lab) Close() error {
	l.cancel()
	for _, f := range l.closers {
		f()
	}
	err := l.host.Close()
	l.running.Wait()
	return err
}

// onClose has f called by Close.
func (l *Lab) onClose(f func()) { l.closers = append(l.closers, f) }

// serveUDP hands each datagram that comes to a port to handle, until the lab is closed. A
// datagram's memory is reused for the next.
func (l *Lab) serveUDP(port int, handle func(c *stack.UDPConn, msg []byte, from netip.AddrPort)) error {
	pc, err := l.host.ListenPacket("udp4", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	c := pc.(*stack.UDPConn)
	l.running.Go(func() {
		buf := make([]byte, 0xffff)
		for {
			n, from, err := c.ReadFromAddrPort(buf)
			switch {
			case err == nil:
				handle(c, buf[:n], from)
			case l.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
				return
			default:
				// An ICMP error about an answer: the client has gone.
				l.log.Debug("a client's port is closed", "port", port, "err", err)
			}
		}
	})
	return nil
}

// reply sends an answer, and logs when it can't be.
func (l *Lab) reply(c *stack.UDPConn, b []byte, to netip.AddrPort) {
	if _, err := c.WriteToAddrPort(b, to); err != nil && l.ctx.Err() == nil {
		l.log.Debug("an answer can't be sent", "to", to, "err", err)
	}
}
