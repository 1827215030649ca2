package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/capture"
	"httptap/httptap/internal/gateway"
	"httptap/httptap/internal/hub"
	"httptap/httptap/internal/lab"
	"httptap/httptap/internal/logs"
	"httptap/httptap/internal/relay"
	"httptap/httptap/port"
	"httptap/httptap/privilege"
	"httptap/pcap"
	"httptap/stack"
	"httptap/stack/link"
)

// userDevice is the name of the device that is none: the lab is the network, and a gateway to the
// real one.
const userDevice = "user"

// checkListen refuses what other machines could reach: whoever can call /send can send any
// frame.
func checkListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("-listen %s: %w", address, err)
	}
	if host == "localhost" {
		return nil
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.IsLoopback() {
		return fmt.Errorf("-listen %s: only loopback, such as %s: anybody who can call could send any frame into your network; for another machine use 'ssh -L 7070:127.0.0.1:7070'", address, api.DefaultListen)
	}
	return nil
}

// A startError is why httptap did not start.
type startError struct{ error }

func (e startError) Unwrap() error { return e.error }

// run serves until a signal comes or the device fails.
func run(o options, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// With privilege: open what needs it, look at nothing.
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			_, p, _ := net.SplitHostPort(o.listen)
			err = fmt.Errorf("%s is taken: see by whom with 'ss -ltnp sport = :%s', or use another port: -listen 127.0.0.1:7071", o.listen, p)
		}
		return startError{err}
	}
	defer listener.Close()
	var dev port.Device
	if o.device != userDevice {
		if dev, err = port.Open(o.device, port.Options{Prefix: o.net, MTU: o.mtu}); err != nil {
			return startError{err}
		}
		defer dev.Close()
	}
	// Without.
	if err := privilege.Drop(); err != nil {
		return startError{err}
	}
	log, end := logs.New(stderr, o.log)
	defer end()
	w, err := newWorld(o, dev, log)
	if err != nil {
		return err
	}
	defer w.close()
	w.recorder = capture.New(w.hub.Observe, int(o.ring))
	if err := w.openGateway(o, listener.Addr()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "httptap: %s, listening on http://%s - try: go run ./xcurl -ihttp http://www.httptap.test/\n", w.name, listener.Addr())
	log.Info("listening", "address", listener.Addr(), "device", o.device, "mtu", w.info.MTU, "prefix", w.info.IPPrefix, "lab", o.lab)
	defer log.Info("stopped")
	if w.gateway != nil {
		if err := gateway.CanPing(); err != nil {
			fmt.Fprintf(stdout, "httptap: %v\n", err)
		}
	}
	if !o.quiet {
		s := newShow(stdout, &w.us)
		defer s.close()
		w.hub.Observe(s.frame)
	}
	return w.serve(ctx, listener, o)
}

// A world is everything behind the listener.
type world struct {
	name string
	log  *slog.Logger
	hub  *hub.Hub
	dev  port.Device
	lab  *lab.Lab
	info api.Info
	us   pcap.Us
	lost chan error // the device's end

	recorder *capture.Recorder
	router   *stack.Host // the gateway's, where there is no lab
	gateway  *gateway.Gateway
}

// newWorld joins device, switch and lab.
func newWorld(o options, dev port.Device, log *slog.Logger) (*world, error) {
	w := &world{log: log, dev: dev, lost: make(chan error, 1), info: api.Info{Device: o.device, MTU: o.mtu}}
	labAddr, prefix := o.net.Addr(), o.net
	hw := link.LocalAddr("httptap user")
	w.name = fmt.Sprintf("no device, the lab is %s", o.net)
	if o.forwards() {
		w.name = fmt.Sprintf("no device, the gateway is %s", o.net)
	}
	if dev != nil {
		i := dev.Info()
		hw, w.info.MTU = i.HardwareAddr, i.MTU
		prefix = dev.Prefix()
		labAddr = lastUsable(o.net)
		w.name = fmt.Sprintf("%s %s (%s)", i.Name, prefix, i.HardwareAddr)
		if o.lab {
			w.name += fmt.Sprintf(", lab %s", labAddr)
		}
	}
	w.info.HardwareAddr = hw.String()
	if prefix.IsValid() {
		w.info.IPPrefix = prefix.String()
	}
	w.us.HW = []link.Addr{hw}
	w.hub = hub.New(hub.Config{MTU: w.info.MTU, Log: log.With("part", "switch")})
	if dev != nil {
		p, err := w.hub.Attach(hub.PortConfig{Name: o.device, Kind: hub.Device, Mirror: true, Prompt: true})
		if err != nil {
			return nil, err
		}
		go func() { w.lost <- hub.Serve(dev, p) }()
	}
	if o.lab {
		p, err := w.hub.Attach(hub.PortConfig{Name: "lab", Kind: hub.Lab})
		if err != nil {
			return nil, err
		}
		labHW := hw
		if dev != nil {
			labHW = link.LocalAddr("httptap lab")
		}
		w.lab, err = lab.New(lab.Config{
			Device: p.Device(labHW), Addr: netip.PrefixFrom(labAddr, o.net.Bits()), Router: o.net.Addr(),
			Forward: o.forwards(), Version: version, Log: log.With("part", "lab"),
		})
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// forwards tells whether clients are to reach the real network through us.
func (o options) forwards() bool { return o.gateway && o.device == userDevice }

// openGateway begins to take clients to the real network, where that is wanted. The relay, which
// listens at own, is not to be reached that way.
func (w *world) openGateway(o options, own net.Addr) (err error) {
	if !o.forwards() {
		return nil
	}
	var f *stack.Forwarder
	if w.lab != nil {
		f = w.lab.Forwarder()
	} else {
		p, err := w.hub.Attach(hub.PortConfig{Name: "gateway", Kind: hub.Lab})
		if err != nil {
			return err
		}
		if w.router, err = stack.New(stack.Config{Device: p.Device(w.us.HW[0]), Addr: o.net, Forward: true}); err != nil {
			return err
		}
		f = w.router.Forwarder()
	}
	cfg := gateway.Config{Forwarder: f}
	if a, ok := own.(*net.TCPAddr); ok {
		cfg.Closed = []netip.AddrPort{netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())}
	}
	w.gateway, err = gateway.New(cfg)
	return err
}

// lastUsable returns the last host address of p's network, or the one before it when that is
// p's own.
func lastUsable(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	last := binary.BigEndian.Uint32(b[:]) | ^uint32(0)>>p.Bits()
	for last--; ; last-- {
		binary.BigEndian.PutUint32(b[:], last)
		if a := netip.AddrFrom4(b); a != p.Addr() {
			return a
		}
	}
}

// serve answers calls until ctx ends or the device is lost.
func (w *world) serve(ctx context.Context, l net.Listener, o options) error {
	host, _, _ := net.SplitHostPort(o.listen)
	cfg := relay.Config{
		Hub: w.hub, Info: w.info, Host: host, Impair: o.impair, Log: w.log.With("part", "relay"),
		Recorder: w.recorder, Filter: compileFilter, Version: version,
	}
	if w.dev != nil {
		cfg.Dropped = w.dev.Dropped
	}
	if w.lab != nil {
		cfg.Lab = w.labStats
	}
	if w.gateway != nil {
		cfg.Gateway = w.gateway.Stats
	}
	r := relay.New(cfg)
	server := &http.Server{
		Handler: r, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ReadTimeout: 2 * relay.MaxWait, ErrorLog: logs.Std(w.log.With("part", "relay"), slog.LevelWarn, "HTTP server"),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	defer func() {
		r.Close() // first: calls end, and captures with their last blocks
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Shutdown(ctx)
		server.Close()
	}()
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	case err := <-w.lost:
		return fmt.Errorf("the device is gone: %w", err)
	}
}

func (w *world) labStats() api.LabStats {
	return api.LabStats{Leases: len(w.lab.Leases()), Dropped: w.lab.Dropped()}
}

func (w *world) close() {
	if w.lab != nil {
		w.lab.Close()
	}
	if w.router != nil {
		w.router.Close()
	}
	if w.gateway != nil {
		w.gateway.Close() // behind its host
	}
	if w.dev != nil {
		w.dev.Close()
	}
}
