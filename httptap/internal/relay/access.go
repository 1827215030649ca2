package relay

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Access says who may call through a listener.
type Access struct {
	Host   string // that the server listens on, allowed as the Host of a request
	Socket bool   // it is a Unix socket: no name and no page leads there, so any Host will do
}

// Behind returns the relay as those see it who come through a listener.
func (r *Relay) Behind(a Access) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.serve(w, q, a) })
}

// ServeHTTP implements http.Handler, for a listener on loopback.
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.serve(w, q, Access{}) }

func (r *Relay) serve(w http.ResponseWriter, q *http.Request, a Access) {
	r.requests.Add(1)
	if err := a.allowed(q); err != nil {
		r.refused.Add(1)
		r.cfg.Log.Warn("request refused", "from", q.RemoteAddr, "host", q.Host, "origin", q.Header.Get("Origin"), "reason", err)
		r.fail(w, http.StatusForbidden, err)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	r.router.ServeHTTP(w, q)
}

// Errors of requests that are refused.
var (
	errHost   = errors.New("the Host of this request does not name this machine: use 127.0.0.1 or localhost")
	errOrigin = errors.New("a page of another origin may not use httptap")
)

// allowed tells whether a request may be served at all.
func (a Access) allowed(q *http.Request) error {
	origin := q.Header.Get("Origin")
	// A page of an attacker's site whose name was rebound to 127.0.0.1 still sends that name.
	// HTTP/1.0 has no Host, but no browser speaks it.
	if !a.isOurs(q.Host) && (q.Host != "" || q.ProtoAtLeast(1, 1) || origin != "") {
		return fmt.Errorf("%w (it says %q)", errHost, q.Host)
	}
	// A browser sends Origin with every POST of a page, and Sec-Fetch-Site with everything. That
	// goes for a Unix socket, too: there may be a proxy before it.
	if origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Host != q.Host {
			return fmt.Errorf("%w (%s)", errOrigin, origin)
		}
	}
	if site := q.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return fmt.Errorf("%w (%s)", errOrigin, site)
	}
	return nil
}

func (a Access) isOurs(hostport string) bool {
	if a.Socket {
		return true
	}
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") || a.Host != "" && strings.EqualFold(host, a.Host) {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
