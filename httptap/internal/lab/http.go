package lab

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"httptap/httptap/internal/logs"
	"httptap/stack/dhcpv4"
)

// What clients can make the web server do at once.
const (
	maxConnections = 256
	maxBody        = 1 << 40         // bytes of an answer
	maxEcho        = 64 << 10        // bytes of a request's body that come back
	stalled        = 2 * time.Minute // how long a client may take nothing
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

func (l *Lab) startHTTP() error {
	listener, err := l.host.Listen("tcp4", ":80")
	if err != nil {
		return err
	}
	s := &http.Server{
		Handler: l.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: logs.Std(l.log, slog.LevelInfo, "HTTP server"),
	}
	l.onClose(func() { s.Close() })
	l.running.Go(func() {
		_ = s.Serve(limit(listener, maxConnections)) // it ends with Close only, and says no more
	})
	return nil
}

// handler serves the lab's pages.
func (l *Lab) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", l.servePage)
	mux.HandleFunc("GET /bytes/{n}", serveBytes)
	mux.HandleFunc("GET /chunked/{n}", serveBytes)
	mux.HandleFunc("GET /close/{n}", serveBytes)
	mux.HandleFunc("/status/{code}", serveStatus)
	mux.HandleFunc("/echo", serveEcho)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.log.Debug("HTTP", "from", r.RemoteAddr, "method", r.Method, "url", r.URL.String())
		w.Header().Set("Server", "httptap/"+l.cfg.Version)
		mux.ServeHTTP(w, r)
	})
}

// servePage tells the client how it got here.
func (l *Lab) servePage(w http.ResponseWriter, r *http.Request) {
	data := struct {
		Host, Name, Client, Server, Hardware, Version string
		MTU                                           int
		Lease                                         time.Duration
		Dynamic                                       bool
	}{Client: r.RemoteAddr, Server: l.cfg.Addr.Addr().String(), Version: l.cfg.Version, MTU: l.cfg.Device.Info().MTU}
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		data.Host = host
	} else {
		data.Host = r.Host
	}
	if _, err := netip.ParseAddr(data.Host); err == nil {
		data.Host = "" // no name was needed
	}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		data.Client = from.Addr().String()
		for _, b := range l.Leases() {
			if b.Addr == from.Addr() {
				data.Hardware, data.Name, data.Dynamic = b.HardwareAddr.String(), hostLabel(b.Hostname), true
				data.Lease = leaseOf(b)
			}
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, data) // the client may have gone
}

// leaseOf returns how long a lease still is.
func leaseOf(b dhcpv4.Binding) time.Duration { return time.Until(b.Expires).Round(time.Second) }

// serveBytes sends n bytes that look random and are the same each time: with their length, in
// chunks, or up to the end of the connection.
func serveBytes(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.PathValue("n"), 10, 64)
	if err != nil || n < 0 || n > maxBody {
		http.Error(w, fmt.Sprintf("a number of bytes from 0 to %d is needed", int64(maxBody)), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	switch r.URL.Path[:3] {
	case "/by":
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	case "/cl":
		w.Header().Set("Transfer-Encoding", "identity") // net/http: neither length nor chunks
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	control := http.NewResponseController(w)
	// Without a length net/http makes chunks, but not of a short body that is all there at once.
	if r.URL.Path[:3] == "/ch" && control.Flush() != nil {
		return
	}
	src := Body()
	buf := make([]byte, 64<<10)
	for n > 0 {
		b := buf[:min(n, int64(len(buf)))]
		src.Read(b)
		// The deadline moves on with the client: a slow one may take hours, a dead one may not.
		if control.SetWriteDeadline(time.Now().Add(stalled)) != nil {
			return
		}
		if _, err := w.Write(b); err != nil {
			return
		}
		n -= int64(len(b))
	}
}

// Body returns the bytes that /bytes, /chunked and /close begin with, without end.
func Body() *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte([]byte("httptap lab: bytes to measure by")))
}

// serveStatus answers with any status that ends a request.
func serveStatus(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		http.Error(w, "a status from 200 to 599 is needed", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	if code != http.StatusNoContent && code != http.StatusNotModified {
		fmt.Fprintf(w, "%d %s\n", code, http.StatusText(code))
	}
}

// serveEcho sends the request back.
func serveEcho(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEcho))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "%s %s %s\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Proto, r.Host)
	_ = r.Header.Write(w) // the client may have gone
	_, _ = fmt.Fprintf(w, "\r\n%s", body)
}
