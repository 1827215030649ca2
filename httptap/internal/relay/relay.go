package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"

	"httptap/httptap/api"
	"httptap/httptap/internal/capture"
	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// Limits of the relay.
const (
	MaxClients = 256
	MaxBody    = 4 << 20          // bytes of a request's body
	MaxSend    = 4096             // frames in it
	MaxBatch   = 256              // frames that one /recv answers, fewer when they are long
	MaxWait    = 60 * time.Second // that /recv waits
	MaxStreams = 256              // that are open at once
	IdleClient = 5 * time.Minute  // after which a client that does not call is forgotten
)

const (
	maxAnswer = MaxBody          // bytes of what /recv answers
	patience  = 30 * time.Second // with a client that does not read its answer
)

// Config says what is relayed.
type Config struct {
	Hub  *hub.Hub
	Info api.Info      // the fields that are the same for every client
	Host string        // the host that the server listens on, allowed as the Host of a request
	Idle time.Duration // 0: IdleClient; also how long a stream waits for its client to go on
	Log  *slog.Logger

	Impair link.ImpairConfig // what is done to all clients' frames, both ways, at first
	// Recorder is where /capture reads; nil: nowhere. Filter compiles the text of its filter; nil: there are none.
	Recorder *capture.Recorder
	Filter   func(string) (capture.Matcher, error)
	Version  string // of the program, for captures

	// Dropped returns how many frames the device lost; nil: there is none.
	Dropped func() uint64
	// Lab returns the counters of the lab; nil: there is none.
	Lab func() api.LabStats
	// Gateway returns the counters of the gateway; nil: there is none.
	Gateway func() api.GatewayStats
}

// A Relay is the http.Handler of httptap.
type Relay struct {
	cfg      Config
	router   *mux.Router
	patience time.Duration

	mu      sync.Mutex
	clients map[string]*client
	impair  impairments
	closed  bool

	streams  *streams
	captures *captures

	requests, refused, failed atomic.Uint64
}

// New returns a relay in front of cfg.Hub.
func New(cfg Config) *Relay {
	if cfg.Idle == 0 {
		cfg.Idle = IdleClient
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r := &Relay{cfg: cfg, router: mux.NewRouter(), patience: patience, clients: make(map[string]*client), streams: newStreams(), captures: newCaptures()}
	r.router.HandleFunc(api.PathInfo, r.info).Methods(http.MethodGet, http.MethodHead)
	r.router.HandleFunc(api.PathSend, r.send).Methods(http.MethodPost)
	r.router.HandleFunc(api.PathRecv, r.recv).Methods(http.MethodGet)
	r.router.HandleFunc(api.PathStream, r.stream).Methods(http.MethodGet)
	r.impair = impairments{all: ways{cfg.Impair, cfg.Impair}, some: make(map[string]ways)}
	r.router.HandleFunc(api.PathImpair, r.getImpair).Methods(http.MethodGet, http.MethodHead)
	r.router.HandleFunc(api.PathImpair, r.putImpair).Methods(http.MethodPut)
	r.router.HandleFunc(api.PathImpair, r.deleteImpair).Methods(http.MethodDelete)
	r.router.HandleFunc(api.PathCapture, r.capture).Methods(http.MethodGet, http.MethodHead)
	r.router.HandleFunc(api.PathStats, r.stats).Methods(http.MethodGet, http.MethodHead)
	r.router.Handle(api.PathMetrics, r.metricsHandler()).Methods(http.MethodGet, http.MethodHead)
	r.router.HandleFunc("/", r.help).Methods(http.MethodGet, http.MethodHead)
	r.router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.fail(w, http.StatusNotFound, fmt.Errorf("no such call: %s; see /", q.URL.Path))
	})
	r.router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		allow := http.MethodGet
		switch q.URL.Path {
		case api.PathSend:
			allow = http.MethodPost
		case api.PathImpair:
			allow = "GET, PUT, DELETE"
		}
		w.Header().Set("Allow", allow)
		r.fail(w, http.StatusMethodNotAllowed, fmt.Errorf("%s takes %s, not %s", q.URL.Path, allow, q.Method))
	})
	return r
}

// ServeHTTP implements http.Handler.
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.requests.Add(1)
	if err := r.allowed(q); err != nil {
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
func (r *Relay) allowed(q *http.Request) error {
	origin := q.Header.Get("Origin")
	// A page of an attacker's site whose name was rebound to 127.0.0.1 still sends that name.
	// HTTP/1.0 has no Host, but no browser speaks it.
	if !r.isOurs(q.Host) && (q.Host != "" || q.ProtoAtLeast(1, 1) || origin != "") {
		return fmt.Errorf("%w (it says %q)", errHost, q.Host)
	}
	// A browser sends Origin with every POST of a page, and Sec-Fetch-Site with everything.
	if origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != q.Host {
			return fmt.Errorf("%w (%s)", errOrigin, origin)
		}
	}
	if site := q.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return fmt.Errorf("%w (%s)", errOrigin, site)
	}
	return nil
}

func (r *Relay) isOurs(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") || r.cfg.Host != "" && strings.EqualFold(host, r.cfg.Host) {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// fail answers with a status and the error as JSON.
func (r *Relay) fail(w http.ResponseWriter, status int, err error) {
	r.failed.Add(1)
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(api.Error{Error: err.Error()})
}

// Close detaches all clients; calls that wait for frames end, and so do streams and captures.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.closed = true
	all := r.clients
	r.clients = nil
	r.mu.Unlock()
	for _, c := range all {
		c.idle.Stop()
		c.port.Close()
	}
	r.streams.close()
	r.captures.close()
	return nil
}
