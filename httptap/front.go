package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
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
}

type fronts []front

// openFronts opens what -listen names. A Unix socket belongs to the user who called sudo.
func openFronts(o options) (all fronts, err error) {
	for _, a := range o.listen.All {
		f := front{Address: a}
		err := checkListen(a)
		if err == nil {
			err = privilege.AsInvoker(func() error {
				f.listener, err = a.Open()
				return err
			})
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("-listen %w", err), all.close())
		}
		all = append(all, f)
	}
	return all, nil
}

// checkListen refuses what other machines could reach: whoever can call /send can send any
// frame.
func checkListen(a listen.Address) error {
	host := a.Host()
	if a.Network == "unix" || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("%s: only loopback, such as %s: anybody who can call could send any frame into your network; for another machine use 'ssh -L 7070:127.0.0.1:7070'", a, api.DefaultListen)
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
	if f.Network == "unix" {
		return f.Address.String()
	}
	return "http://" + f.listener.Addr().String()
}

// flag returns the flag that makes xcurl call the first front.
func (f fronts) flag() string {
	if url := f[0].url(); url != api.DefaultURL {
		return " -url " + url
	}
	return ""
}

// serve answers calls at all fronts. The error of one that fails comes through failed; stop ends
// them.
func (f fronts) serve(r *relay.Relay) (failed <-chan error, stop func()) {
	errs := make(chan error, len(f))
	var servers []*http.Server
	for _, one := range f {
		server := &http.Server{
			Handler:           r.Behind(relay.Access{Host: one.Host(), Socket: one.Network == "unix"}),
			ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
			ReadTimeout: 2 * relay.MaxWait, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
		servers = append(servers, server)
		go func() { errs <- server.Serve(one.listener) }()
	}
	return errs, func() {
		for _, s := range servers {
			s.Close()
		}
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
