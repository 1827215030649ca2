package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"httptap/httptap/api"
	"httptap/httptap/internal/capture"
	"httptap/httptap/internal/gateway"
	"httptap/httptap/internal/hub"
	"httptap/httptap/internal/lab"
	"httptap/httptap/internal/logs"
	"httptap/httptap/internal/nat"
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

// A startError is why httptap did not start.
type startError struct{ error }

func (e startError) Unwrap() error { return e.error }

// run serves until a signal comes or the device fails.
func run(o options, stdout, stderr io.Writer) (failed error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// With privilege: open what needs it, look at nothing.
	var secret token
	err := privilege.AsInvoker(func() (err error) {
		secret, err = chooseToken(o.tokenFile)
		return err
	})
	if err != nil {
		return startError{err}
	}
	fronts, err := openFronts(o)
	if err != nil {
		return startError{err}
	}
	defer func() {
		if err := fronts.close(); err != nil {
			fmt.Fprintf(stdout, "httptap: %v\n", err)
		}
	}()
	var dev port.Device
	if o.device != userDevice {
		if dev, err = port.Open(o.device, port.Options{Prefix: o.net, MTU: o.mtu}); err != nil {
			return startError{err}
		}
		defer dev.Close()
	}
	var masq *nat.NAT
	if o.nat {
		if masq, err = nat.Open(nat.Config{TAP: o.device, Prefix: o.net}); err != nil {
			return startError{err}
		}
		defer func() { failed = errors.Join(failed, masq.Close()) }()
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
	if err := w.openGateway(o, fronts); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "httptap: %s, listening on %s - try: go run ./xcurl -ihttp%s http://www.httptap.test/\n", w.name, fronts, fronts.flag())
	if masq != nil {
		sayNAT(masq, o.device, stdout, log)
	}
	log.Info("listening", "address", fronts, "device", o.device, "mtu", w.info.MTU, "prefix", w.info.IPPrefix, "lab", o.lab)
	defer log.Info("stopped")
	fronts.warn(stdout, secret)
	if w.gateway != nil {
		if err := gateway.CanPing(); err != nil {
			log.Warn("clients can't ping the real network", "reason", err)
		}
	}
	if !o.quiet {
		s := newShow(stdout, &w.us)
		defer s.close()
		w.hub.Observe(s.frame)
	}
	return w.serve(ctx, fronts, secret, o)
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
func (w *world) openGateway(o options, own fronts) (err error) {
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
	w.gateway, err = gateway.New(gateway.Config{Forwarder: f, Closed: own.ports(), Log: w.log.With("part", "gateway")})
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
func (w *world) serve(ctx context.Context, f fronts, t token, o options) error {
	cfg := relay.Config{
		Hub: w.hub, Info: w.info, Impair: o.impair, Log: w.log.With("part", "relay"),
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
	failed, stop := f.serve(r, t)
	defer stop()
	defer r.Close() // first: calls end, and captures with their last blocks
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
