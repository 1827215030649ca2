package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/httptap/internal/lab"
	"httptap/httptap/internal/relay"
	"httptap/httptap/port"
	"httptap/httptap/privilege"
	"httptap/pcap"
	"httptap/stack/link"
)

// userDevice is the name of the device that is none: the lab is the network.
const userDevice = "user"

// run serves until a signal comes or the device fails.
func run(o options, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// With privilege: open what needs it, look at nothing.
	var secret token
	err := privilege.AsInvoker(func() (err error) {
		secret, err = chooseToken(o.tokenFile)
		return err
	})
	if err != nil {
		return err
	}
	fronts, err := openFronts(o)
	if err != nil {
		return err
	}
	defer func() {
		if err := fronts.close(); err != nil {
			fmt.Fprintf(stdout, "httptap: %v\n", err)
		}
	}()
	var dev port.Device
	if o.device != userDevice {
		if dev, err = port.Open(o.device, port.Options{Prefix: o.net, MTU: o.mtu}); err != nil {
			return err
		}
		defer dev.Close()
	}
	// Without.
	if err := privilege.Drop(); err != nil {
		return err
	}
	w, err := newWorld(o, dev)
	if err != nil {
		return err
	}
	defer w.close()
	fmt.Fprintf(stdout, "httptap: %s, listening on %s - try: go run ./xcurl -ihttp%s http://www.httptap.test/\n", w.name, fronts, fronts.flag())
	fronts.warn(stdout, secret)
	if !o.quiet {
		s := newShow(stdout, &w.us)
		defer s.close()
		w.hub.Observe(s.frame)
	}
	return w.serve(ctx, fronts, secret)
}

// A world is everything behind the listener.
type world struct {
	name string
	hub  *hub.Hub
	dev  port.Device
	lab  *lab.Lab
	info api.Info
	us   pcap.Us
	lost chan error // the device's end
}

// newWorld joins device, switch and lab.
func newWorld(o options, dev port.Device) (*world, error) {
	w := &world{dev: dev, lost: make(chan error, 1), info: api.Info{Device: o.device, MTU: o.mtu}}
	labAddr, prefix := o.net.Addr(), o.net
	hw := link.LocalAddr("httptap user")
	w.name = fmt.Sprintf("no device, the lab is %s", o.net)
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
	w.hub = hub.New(hub.Config{MTU: w.info.MTU})
	if dev != nil {
		p, err := w.hub.Attach(hub.PortConfig{Name: o.device, Kind: hub.Device, Mirror: true})
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
			Version: version, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return nil, err
		}
	}
	return w, nil
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
func (w *world) serve(ctx context.Context, f fronts, t token) error {
	cfg := relay.Config{Hub: w.hub, Info: w.info}
	if w.dev != nil {
		cfg.Dropped = w.dev.Dropped
	}
	r := relay.New(cfg)
	defer r.Close()
	failed, stop := f.serve(r, t)
	defer stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	case err := <-w.lost:
		return fmt.Errorf("the device is gone: %w", err)
	}
}

func (w *world) close() {
	if w.lab != nil {
		w.lab.Close()
	}
	if w.dev != nil {
		w.dev.Close()
	}
}
