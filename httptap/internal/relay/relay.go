package relay

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
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
	MaxClients       = 256
	MaxBody          = 4 << 20          // bytes of a request's body
	MaxSend          = 4096             // frames in it
	MaxBatch         = 256              // frames that one /recv answers, fewer when they are long
	MaxWait          = 60 * time.Second // that /recv waits
	MaxStreams       = 256              // that are open at once
	MaxClientStreams = 8                // of them, those of one client
	IdleClient       = 5 * time.Minute  // after which a client that does not call is forgotten
)

const (
	maxAnswer = MaxBody          // bytes of what /recv answers
	patience  = 30 * time.Second // with a client that does not read its answer
)

// Config says what is relayed.
type Config struct {
	Hub  *hub.Hub
	Info api.Info      // the fields that are the same for every client
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
	loopback *gate
	patience time.Duration

	mu      sync.Mutex
	clients map[string]*client
	impair  impairments
	closed  bool

	streams  *streams
	captures *captures

	requests, refused, limited, failed, crowded atomic.Uint64
}

// New returns a relay in front of cfg.Hub.
func New(cfg Config) *Relay {
	if cfg.Idle == 0 {
		cfg.Idle = IdleClient
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r := &Relay{cfg: cfg, router: mux.NewRouter(), loopback: newGate(Access{}), patience: patience, clients: make(map[string]*client), streams: newStreams(), captures: newCaptures()}
	r.router.HandleFunc(api.PathInfo, r.info).Methods(http.MethodGet, http.MethodHead)
	r.router.HandleFunc(api.PathSend, r.send).Methods(http.MethodPost)
	r.router.HandleFunc(api.PathRecv, r.recv).Methods(http.MethodGet)
	r.router.HandleFunc(api.PathStream, r.stream).Methods(http.MethodGet)
	r.router.HandleFunc(api.PathWS, r.webSocket).Methods(http.MethodGet)
	r.router.HandleFunc(api.PathConnect, r.connect).Methods(http.MethodPost)
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
		case api.PathSend, api.PathConnect:
			allow = http.MethodPost
		case api.PathImpair:
			allow = "GET, PUT, DELETE"
		}
		w.Header().Set("Allow", allow)
		r.fail(w, http.StatusMethodNotAllowed, fmt.Errorf("%s takes %s, not %s", q.URL.Path, allow, q.Method))
	})
	return r
}

// fail answers with a status and the error as JSON.
func (r *Relay) fail(w http.ResponseWriter, status int, err error) {
	r.failed.Add(1)
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
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
