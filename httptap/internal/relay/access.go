package relay

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Access says who may call through a listener.
type Access struct {
	Names  []string // of the server, allowed as the Host of a request, beside those of loopback
	Socket bool     // it is a Unix socket: no name and no page leads there, so any Host will do
	Public bool     // other machines reach it: any address may be the Host, when there is a token
	Token  string   // that a request must show; "": none
}

// Behind returns the relay as those see it who come through a listener.
func (r *Relay) Behind(a Access) http.Handler {
	if a.Public && a.Token == "" {
		panic("relay: a public listener without a token") // whoever reaches it could send any frame
	}
	g := newGate(a)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.serve(w, q, g) })
}

var errRate = errors.New("too many requests a second: send and ask for several frames a call, or use a stream")

// ServeHTTP implements http.Handler, for a listener on loopback.
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.serve(w, q, r.loopback) }

func (r *Relay) serve(w http.ResponseWriter, q *http.Request, g *gate) {
	r.requests.Add(1)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if !g.rate.take(time.Now(), g.callerOf(q)) {
		r.limited.Add(1)
		r.fail(w, http.StatusTooManyRequests, errRate)
		return
	}
	shown := g.shows(q)
	if err := g.allowed(q, shown); err != nil {
		r.refuse(w, q, http.StatusForbidden, err)
		return
	}
	switch {
	case shown == good || shown == kept || g.Token == "":
		r.router.ServeHTTP(w, q)
	case g.admits(w, q):
	default:
		w.Header().Set("WWW-Authenticate", shown.challenge())
		r.refuse(w, q, http.StatusUnauthorized, shown.err())
	}
}

// refuse answers a request that may not be made.
func (r *Relay) refuse(w http.ResponseWriter, q *http.Request, status int, err error) {
	r.refused.Add(1)
	r.cfg.Log.Warn("request refused", "from", q.RemoteAddr, "host", q.Host, "origin", q.Header.Get("Origin"), "reason", err)
	r.fail(w, status, err)
}

// Errors of requests that are refused.
var (
	errHost   = errors.New("the Host of this request does not name this machine: use its address, or localhost")
	errOrigin = errors.New("a page of another origin may not use httptap")
)

// allowed tells whether a request may be served, if it shows a token where it has to.
func (a Access) allowed(q *http.Request, shown shown) error {
	origin := q.Header.Get("Origin")
	// A page of an attacker's site whose name was rebound to 127.0.0.1 still sends that name.
	// HTTP/1.0 has no Host, but no browser speaks it. Who shows the token in a header knows it:
	// no page does, whatever its name.
	if shown != good && !a.isOurs(q.Host) && (q.Host != "" || q.ProtoAtLeast(1, 1) || origin != "") {
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
	if strings.EqualFold(host, "localhost") {
		return true
	}
	for _, name := range a.Names {
		if name != "" && strings.EqualFold(host, name) {
			return true
		}
	}
	// It takes a name to lead a browser somewhere else than where its page came from.
	addr, err := netip.ParseAddr(host)
	return err == nil && (a.Public || addr.Unmap().IsLoopback())
}
