package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

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
		err := privilege.AsInvoker(func() (err error) {
			f.listener, err = a.Open()
			return err
		})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("-listen %w", err), all.close())
		}
		all = append(all, f)
	}
	return all, nil
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
		a := one.access(t)
		server := r.Server(a)
		l := r.Limit(one.listener, a)
		servers = append(servers, server)
		go func() { errs <- server.Serve(l) }()
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
