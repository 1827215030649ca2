package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"httptap/stack"
)

// Config says whose flows go where. Only Forwarder is needed.
type Config struct {
	Forwarder *stack.Forwarder
	Closed    []netip.AddrPort // where no flow may go either, such as httptap's own listener; 0.0.0.0 and :: are all addresses of this machine

	MaxFlows     int // at once; 0: 4096
	MaxPerClient int // at once by one address; 0: 1024

	DialTimeout time.Duration // after which a target that does not answer is given up; 0: 30 s
	TCPIdle     time.Duration // after which a flow on which nothing moves ends; 0: RFC 5382's
	UDPIdle     time.Duration // 0: 5 minutes
	DNSIdle     time.Duration // of UDP flows to port 53; 0: 30 s
	EchoIdle    time.Duration // 0: a minute

	// Dial opens a socket on network "tcp4" or "udp4"; nil: one of this machine. What it returns can
	// CloseWrite and SetLinger, as a *net.TCPConn, when it is TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Ping opens a socket for pings to a host; nil: one of this machine.
	Ping func(to netip.Addr) (Pinger, error)
	Log  *slog.Logger // each flow and its end, at level Debug; nil: nowhere
}

// The defaults of Config.
const (
	// RFC 5382, REQ-5: "the value of the 'established connection idle-timeout' MUST NOT be less than
	// 2 hours 4 minutes".
	defaultTCPIdle = 2*time.Hour + 4*time.Minute
	// RFC 4787, REQ-5: "A NAT UDP mapping timer MUST NOT expire in less than two minutes ... c) a
	// default value of five minutes or more for the NAT UDP mapping timer is RECOMMENDED".
	defaultUDPIdle = 5 * time.Minute
	// REQ-5 a: "For specific destination ports in the well-known port range (ports 0-1023), a NAT MAY
	// have shorter UDP mapping timers".
	defaultDNSIdle = 30 * time.Second
	// RFC 5508, REQ-1: "An ICMP Query session timer MUST NOT expire in less than 60 seconds".
	defaultEchoIdle = time.Minute

	defaultDial         = 30 * time.Second
	defaultMaxFlows     = 4096
	defaultMaxPerClient = 1024
)

// A Gateway is running from New to Close.
type Gateway struct {
	cfg     Config
	log     *slog.Logger
	flows   flows
	counts  counters
	echoes  echoes
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// New starts a gateway.
func New(cfg Config) (*Gateway, error) {
	if cfg.Forwarder == nil {
		return nil, errors.New("gateway: nothing to forward for: stack.Config.Forward is not set")
	}
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&cfg.DialTimeout, defaultDial}, {&cfg.TCPIdle, defaultTCPIdle}, {&cfg.UDPIdle, defaultUDPIdle},
		{&cfg.DNSIdle, defaultDNSIdle}, {&cfg.EchoIdle, defaultEchoIdle},
	} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	if cfg.MaxFlows <= 0 {
		cfg.MaxFlows = defaultMaxFlows
	}
	if cfg.MaxPerClient <= 0 {
		cfg.MaxPerClient = defaultMaxPerClient
	}
	if cfg.Dial == nil {
		cfg.Dial = dialSystem
	}
	if cfg.Ping == nil {
		cfg.Ping = pingSystem
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{cfg: cfg, log: cfg.Log}
	g.flows.init(cfg.MaxFlows, cfg.MaxPerClient)
	g.echoes.flows = make(map[echoKey]*echoFlow)
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.running.Go(g.serveTCP)
	g.running.Go(g.serveUDP)
	g.running.Go(g.serveEcho)
	return g, nil
}

// Close ends all flows, those of TCP with a RST both ways, and waits for them. The Forwarder's host
// has to be closed too, before or meanwhile: only that ends the wait for more.
func (g *Gateway) Close() error {
	g.cancel()
	g.running.Wait()
	return nil
}

// idle calls end once nothing has moved for d: between one and two times as long after the last
// move. The result undoes it.
func idle(d time.Duration, moved func() uint64, end func()) (stop func()) {
	var t *time.Timer
	var mu sync.Mutex
	before := moved()
	mu.Lock()
	defer mu.Unlock()
	t = time.AfterFunc(d, func() {
		mu.Lock()
		defer mu.Unlock()
		now := moved()
		if now == before {
			end()
			return
		}
		before = now
		t.Reset(d)
	})
	return func() { t.Stop() }
}
