package stack

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"httptap/stack/dhcpv4"
	"httptap/stack/link"
	"httptap/stack/tcp"
)

// Config says what a Host runs on and who it is. Only Device is needed.
type Config struct {
	Device       link.Device  // the Host reads it until Close, and closes it then
	HardwareAddr link.Addr    // zero: the device's
	Addr         netip.Prefix // own IPv4 address and network; zero: none until DHCP
	Router       netip.Addr   // next hop to other networks; zero: none
	DNS          []netip.Addr // servers, tried in this order
	Hostname     string       // told to DHCP servers

	// SendBuffer and ReceiveBuffer are how many bytes the buffers of a TCP connection may grow
	// to; 0: DefaultBuffer. A connection without data in them has none.
	SendBuffer, ReceiveBuffer int

	// Congestion makes the congestion control of a connection; nil: CUBIC.
	Congestion func() tcp.Controller
	Pace       bool // spread what a connection sends over its round trip
	ECN        bool // ask peers for explicit congestion notification; those that ask always get it

	// Forward makes the Host a router for its network: see Forwarder.
	Forward bool

	TTL uint8 // of packets; 0: 64
	TOS uint8 // Differentiated Services field of packets; the low two bits are ECN's and must be 0

	// OnSegment is told of each TCP segment that goes out: the whole frame, and the state of its
	// connection with the reason why it was sent. It must not call the Host nor keep frame.
	OnSegment func(frame []byte, info tcp.Info)

	// Seed makes ports, identifiers and sequence numbers the same on each run: for tests. 0
	// takes it from crypto/rand.
	Seed uint64
}

// DefaultBuffer bounds in bytes a TCP connection's send and receive buffers.
const DefaultBuffer = 4 << 20

// A Host is an IPv4 host on a device. Its methods may be called by several goroutines.
type Host struct {
	cfg Config

	mu      sync.Mutex
	e       engine
	err     error     // why the host no longer works: net.ErrClosed or the device's error
	tx      sync.Cond // the transmitting goroutine waits here
	txTimer *time.Timer
	txWake  time.Time // when txTimer fires; zero: it does not
	news    sync.Cond // address, neighbour, ping or flush: callers that wait for those
	written uint64    // frames that the device has taken, of Stats.FramesOut
	loops   sync.WaitGroup
}

// New starts a host on cfg.Device. It fails with ErrNoDevice, ErrAddress or ErrTOS.
func New(cfg Config) (*Host, error) {
	if cfg.Device == nil {
		return nil, ErrNoDevice
	}
	info := cfg.Device.Info()
	if cfg.Addr.IsValid() && (!cfg.Addr.Addr().Is4() || cfg.Addr.Addr().IsUnspecified()) {
		return nil, fmt.Errorf("%w: %s", ErrAddress, cfg.Addr)
	}
	if info.MTU < 68 {
		return nil, fmt.Errorf("stack: an MTU of %d: IPv4 needs 68 bytes at least (RFC 791)", info.MTU)
	}
	if !isTOS(int(cfg.TOS)) {
		return nil, fmt.Errorf("%w: %d", ErrTOS, cfg.TOS)
	}
	if cfg.HardwareAddr.IsZero() {
		cfg.HardwareAddr = info.HardwareAddr
	}
	if cfg.SendBuffer <= 0 {
		cfg.SendBuffer = DefaultBuffer
	}
	if cfg.ReceiveBuffer <= 0 {
		cfg.ReceiveBuffer = DefaultBuffer
	}
	var seed [32]byte
	if cfg.Seed != 0 {
		binary.BigEndian.PutUint64(seed[:], cfg.Seed)
	} else {
		crand.Read(seed[:]) // never fails, by its documentation
	}
	h := &Host{cfg: cfg}
	h.tx.L, h.news.L = &h.mu, &h.mu
	h.e.init(info, cfg.HardwareAddr, seed)
	h.e.event = h.news.Broadcast
	h.e.onSegment = cfg.OnSegment
	h.e.tos = cfg.TOS
	if cfg.Forward {
		h.e.forwarder = newForwarder(h)
	}
	if cfg.TTL != 0 {
		h.e.ttl = cfg.TTL
	}
	if cfg.Addr.IsValid() {
		h.e.setStatic(cfg.Addr, cfg.Router, cfg.DNS)
	} else {
		h.e.net.dns = cfg.DNS
	}
	h.start(info)
	return h, nil
}

// Close resets all connections, closes the device and waits for the host's goroutines. Calls
// in progress return net.ErrClosed.
func (h *Host) Close() error {
	h.mu.Lock()
	already := h.err == net.ErrClosed
	h.fail(net.ErrClosed)
	h.mu.Unlock()
	if already {
		h.loops.Wait()
		return nil
	}
	err := h.cfg.Device.Close()
	h.loops.Wait()
	return err
}

// fail ends everything on the host with err. The mutex is held.
func (h *Host) fail(err error) {
	if h.err == nil || err == net.ErrClosed {
		h.err = err
	}
	for _, l := range h.e.listeners {
		l.wait.cond.Broadcast()
	}
	for _, c := range h.e.conns {
		c.tcb.Fail(h.err)
		h.e.settle(time.Time{}, c)
	}
	for _, c := range h.e.sockets {
		c.wakeAll()
	}
	for _, c := range h.e.flows {
		c.wakeAll()
	}
	if h.e.forwarder != nil {
		h.e.forwarder.wakeAll()
	}
	h.news.Broadcast()
	h.tx.Broadcast()
}

// ready returns why nothing can be sent: the host is closed or has no address.
func (h *Host) ready() error {
	if h.err != nil {
		return h.err
	}
	if !h.e.net.configured() {
		return cause{ErrNoAddress, syscall.ENETUNREACH}
	}
	return nil
}

// HardwareAddr returns the host's own hardware address.
func (h *Host) HardwareAddr() link.Addr { return h.cfg.HardwareAddr }

// Addr returns the host's address with its network's length; not valid while there is none.
func (h *Host) Addr() netip.Prefix {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.e.net.configured() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(netip.AddrFrom4(h.e.net.addr), h.e.net.prefix.Bits())
}

// MTU returns the largest IP packet in bytes that the host sends: the device's, or less when
// the lease says so.
func (h *Host) MTU() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.e.mtu
}

// DNS returns the servers that names are looked up with.
func (h *Host) DNS() []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]netip.Addr(nil), h.e.net.dns...)
}

// SetDNS sets the servers that names are looked up with, until a lease brings others.
func (h *Host) SetDNS(servers ...netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.e.net.dns = append([]netip.Addr(nil), servers...)
}

// SetNeighbor adds a static ARP entry: packets to addr go to hw and nobody is asked.
func (h *Host) SetNeighbor(addr netip.Addr, hw link.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if addr.Is4() {
		h.e.arp.Set(addr.As4(), hw)
		h.kick()
	}
}

// Stats returns the host's counters.
func (h *Host) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.e.snapshot()
}

// Connections returns how many TCP connections the host has, those in TIME-WAIT among them.
func (h *Host) Connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.e.conns)
}

// Lease returns the DHCP lease in use, and false when there is none.
func (h *Host) Lease() (dhcpv4.Lease, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lease()
}

func (h *Host) lease() (dhcpv4.Lease, bool) {
	if !h.e.dhcpOn || h.e.claim.active || !h.e.net.configured() {
		return dhcpv4.Lease{}, false
	}
	return h.e.dhcp.Lease()
}

// DHCP obtains a lease, checks that nobody else uses its address, and keeps it renewed until
// Release or Close. req asks for an address; the zero Addr leaves it to the server. The error
// wraps ErrNoLease and says what was seen.
func (h *Host) DHCP(ctx context.Context, req netip.Addr) (dhcpv4.Lease, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return dhcpv4.Lease{}, h.err
	}
	cfg := dhcpv4.ClientConfig{
		HardwareAddr: h.cfg.HardwareAddr, Hostname: h.cfg.Hostname,
		Seed: h.e.rand.Uint64(), MaxMessage: h.e.mtu,
	}
	if req.Is4() {
		cfg.Requested = req.As4()
	}
	h.e.loseAddress()
	h.e.claim, h.e.release, h.e.conflictWith = claim{}, release{}, link.Addr{}
	h.e.dhcp.Start(time.Now(), cfg)
	h.e.dhcpOn, h.e.dhcpGen = true, h.e.dhcp.Generation()
	h.kick()

	defer h.wakeOn(ctx)()
	for {
		if lease, ok := h.lease(); ok {
			return lease, nil
		}
		if h.err != nil {
			return dhcpv4.Lease{}, h.err
		}
		if ctx.Err() != nil {
			return dhcpv4.Lease{}, h.noLease(contextError(ctx))
		}
		h.news.Wait()
	}
}

// noLease says how far the search for a lease came.
func (h *Host) noLease(err error) error {
	switch state := h.e.dhcp.State(); {
	case !h.e.conflictWith.IsZero():
		return fmt.Errorf("%w: %w: %s answered the probe: %w", ErrNoLease, ErrConflict, h.e.conflictWith, err)
	case h.e.stats.FramesIn == 0:
		return fmt.Errorf("%w: not one frame was received on this link: %w", ErrNoLease, err)
	case h.e.dhcp.Refused() != nil:
		return fmt.Errorf("%w: the last answer was refused: %w: %w", ErrNoLease, h.e.dhcp.Refused(), err)
	default:
		return fmt.Errorf("%w: no server answered, the client is in state %v: %w", ErrNoLease, state, err)
	}
}

// wakeOn wakes the callers that wait for news when ctx ends; the result undoes that.
func (h *Host) wakeOn(ctx context.Context) func() {
	stop := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		h.news.Broadcast()
		h.mu.Unlock()
	})
	return func() { stop() }
}

// Release gives the lease back to the server and waits until the message was handed to the
// device. Without a lease it does nothing.
func (h *Host) Release(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.lease(); !ok || h.err != nil {
		h.e.dhcpOn = false
		return h.err
	}
	h.e.release = release{wanted: true}
	h.e.dhcp.Release(time.Now())
	h.kick()
	defer h.wakeOn(ctx)()
	var err error
	for err == nil && (h.e.release.frame == 0 || h.written < h.e.release.frame) {
		h.news.Wait()
		switch {
		case h.err != nil:
			err = h.err
		case ctx.Err() != nil:
			err = fmt.Errorf("stack: release the lease: %w", contextError(ctx))
		}
	}
	h.e.dhcpOn, h.e.release = false, release{}
	h.e.loseAddress()
	return err
}
