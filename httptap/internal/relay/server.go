package relay

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"httptap/httptap/internal/logs"
)

// Times after which a connection that does not go on is closed.
const (
	headerFor = 10 * time.Second // a request's header has to be there
	idleFor   = 2 * time.Minute  // the next request has to begin
	callFor   = 2 * MaxWait      // a call has to be over, but for streams
	bodyFor   = 10 * time.Second // a body may take, and a second more for each bodyRate bytes of it
	bodyRate  = 16 << 10
)

// MaxHeader is how long a request's header may be in bytes.
const MaxHeader = 16 << 10

// Server returns an HTTP server for a listener: it bounds what a connection may take of memory and
// time before the relay sees a request.
func (r *Relay) Server(a Access) *http.Server {
	return &http.Server{
		Handler: r.Behind(a), ReadHeaderTimeout: headerFor, IdleTimeout: idleFor, ReadTimeout: callFor, WriteTimeout: callFor,
		MaxHeaderBytes: MaxHeader, ErrorLog: logs.Std(r.cfg.Log, slog.LevelWarn, "HTTP server"),
	}
}

// paced is a body that has to come at a rate: a client that sends a byte now and then would keep
// its connection for as long as it likes.
type paced struct {
	io.Reader
	conn  *http.ResponseController
	start time.Time
	n     int64
}

func (p *paced) Read(b []byte) (int, error) {
	// Where there is no connection, as in a test, nobody is slow.
	p.conn.SetReadDeadline(p.start.Add(bodyFor + time.Duration(p.n)*time.Second/bodyRate))
	n, err := p.Reader.Read(b)
	p.n += int64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w: %d bytes in %v", errSlow, p.n, time.Since(p.start).Round(time.Second))
	}
	return n, err
}

var errSlow = fmt.Errorf("the body comes too slowly; %d bytes a second is the least", bodyRate)
