package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/listen"
	"httptap/httptap/internal/relay"
	"httptap/httptap/privilege"
)

// A front is where httptap is called.
type front struct {
	listen.Address
	listener net.Listener
	raw      bool // frames without HTTP
}

type fronts []front

// rawName is the FileDescriptorName of a socket of systemd that is for frames without HTTP.
const rawName = "qemu"

// openFronts takes the sockets that systemd has passed, and opens what -listen and -qemu name. A Unix
// socket belongs to the user who called sudo.
func openFronts(o options) (all fronts, err error) {
	inherited, err := listen.Inherit()
	if err != nil {
		return nil, err
	}
	for _, i := range inherited {
		f := front{Address: i.Address(), listener: i.Listener, raw: i.Name == rawName}
		all = append(all, f)
		if err := f.check("systemd:"); err != nil {
			return nil, errors.Join(err, all.close())
		}
		if !f.raw && !o.listen.Given() {
			o.listen.All = nil // the default
		}
	}
	for _, a := range o.listen.All {
		if err := all.open("-listen", front{Address: a}); err != nil {
			return nil, errors.Join(err, all.close())
		}
	}
	for _, a := range o.qemu.All {
		if err := all.open("-qemu", front{Address: a, raw: true}); err != nil {
			return nil, errors.Join(err, all.close())
		}
	}
	return all, nil
}

func (f *fronts) open(flag string, one front) error {
	err := privilege.AsInvoker(func() (err error) {
		one.listener, err = one.Open()
		return err
	})
	if err != nil {
		return fmt.Errorf("%s %w", flag, err)
	}
	*f = append(*f, one)
	return one.check(flag)
}

// check refuses what nothing would guard.
func (f front) check(flag string) error {
	if f.raw && !listen.Private(f.listener) {
		return fmt.Errorf("%s %s: other machines reach it, and a stream without HTTP has no token: use a Unix socket or 127.0.0.1; for another machine 'ssh -L'", flag, f.Address)
	}
	return nil
}

// String names all fronts as a client does.
func (f fronts) String() string {
	var all []string
	for _, one := range f {
		all = append(all, one.url())
	}
	return strings.Join(all, ", ")
}

// url returns what a client is to call.
func (f front) url() string {
	if f.raw {
		return "-qemu " + f.listenAddr()
	}
	if f.Network == "unix" {
		return f.listenAddr()
	}
	return "http://" + f.listenAddr()
}

// flag returns the flag that makes xcurl call the first front that has HTTP.
func (f fronts) flag() string {
	i := slices.IndexFunc(f, func(one front) bool { return !one.raw })
	if url := f[i].url(); url != api.DefaultURL {
		return " -url " + url
	}
	return ""
}

// listenAddr returns the address as it was given, but for a port that was left open.
func (f front) listenAddr() string {
	if f.Network == "unix" {
		return f.Address.String()
	}
	return f.listener.Addr().String()
}

// access says who may call at a front.
func (f front) access(t token) relay.Access {
	a := relay.Access{Socket: f.Network == "unix", Public: !listen.Private(f.listener), Names: []string{f.Host()}}
	if a.Public {
		if name, err := os.Hostname(); err == nil {
			a.Names = append(a.Names, name, name+".local")
		}
	}
	// A Unix socket is guarded by its mode.
	if !a.Socket && (a.Public || t.all) {
		a.Token = t.text
	}
	return a
}

// serve answers calls at all fronts. The error of one that fails comes through failed; stop ends
// them.
func (f fronts) serve(r *relay.Relay, t token) (failed <-chan error, stop func()) {
	errs := make(chan error, len(f))
	var servers []*http.Server
	for _, one := range f {
		if one.raw {
			go func() { errs <- r.ServeRaw(one.listener) }()
			continue
		}
		a := one.access(t)
		server := r.Server(a)
		l := r.Limit(one.listener, a)
		servers = append(servers, server)
		go func() { errs <- server.Serve(l) }()
	}
	return errs, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for _, s := range servers {
			s.Shutdown(ctx) // calls that have begun to end say their last words
			s.Close()
		}
		f.close()
	}
}

// close ends the listeners and removes the Unix sockets. It fails when one of them stays behind.
func (f fronts) close() error {
	var all error
	for _, one := range f {
		if err := one.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// ports returns where clients call over TCP: the gateway's flows may not go there.
func (f fronts) ports() (all []netip.AddrPort) {
	for _, one := range f {
		if a, ok := one.listener.Addr().(*net.TCPAddr); ok {
			all = append(all, netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port()))
		}
	}
	return all
}
