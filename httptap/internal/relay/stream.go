package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// streamChunk is about how many bytes of frames one read or write moves.
const streamChunk = 64 << 10

// switching is the answer to who asks for a stream.
const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + api.StreamProtocol + "\r\n\r\n"

var (
	errUpgrade = fmt.Errorf("%s is a byte stream: ask with HTTP/1.1, 'Connection: Upgrade' and 'Upgrade: %s'", api.PathStream, api.StreamProtocol)
	errBody    = errors.New("frames come behind the answer, not in a body")
)

// stream turns the connection into a byte stream of frames and serves it to its end.
func (r *Relay) stream(w http.ResponseWriter, q *http.Request) {
	switch {
	case !upgrades(q, api.StreamProtocol):
		r.upgradeRequired(w, api.StreamProtocol, errUpgrade)
		return
	case q.ContentLength != 0:
		r.fail(w, http.StatusBadRequest, errBody)
		return
	}
	r.open(w, q, func(c *client) error {
		conn, early, err := r.hijack(w)
		if err != nil {
			return err
		}
		return r.carry(plain{conn}, c, lengths4, early, switching)
	})
}

// open serves a stream of the client that q is from.
func (r *Relay) open(w http.ResponseWriter, q *http.Request, serve func(*client) error) {
	c, ok := r.enter(w, q)
	if !ok {
		return
	}
	defer r.leave(c)
	r.run(w, q, c, serve)
}

// run counts a stream from its beginning to its end, of which serve says why it came.
func (r *Relay) run(w http.ResponseWriter, q *http.Request, c *client, serve func(*client) error) {
	if err := r.streams.enter(c.name); err != nil {
		r.cfg.Log.Warn("stream refused", "client", c.name, "from", q.RemoteAddr, "reason", err)
		r.fail(w, http.StatusServiceUnavailable, err)
		return
	}
	r.cfg.Log.Info("stream opened", "client", c.name, "from", q.RemoteAddr)
	err := serve(c)
	r.streams.leave(c.name, err)
	r.cfg.Log.Info("stream ended", "client", c.name, "reason", err)
}

// upgradeRequired answers who does not ask for a protocol where there is nothing else. RFC 9110,
// 15.5.22: "The server MUST send an Upgrade header field in a 426 response to indicate the required
// protocol(s)".
func (r *Relay) upgradeRequired(w http.ResponseWriter, protocol string, err error) {
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", protocol)
	r.fail(w, http.StatusUpgradeRequired, err)
}

// upgrades tells whether a request asks for a protocol. RFC 9110, 7.8: "A server MUST ignore an
// Upgrade header field that is received in an HTTP/1.0 request."
func upgrades(q *http.Request, protocol string) bool {
	return q.ProtoMajor == 1 && q.ProtoMinor >= 1 &&
		hasToken(q.Header["Connection"], "upgrade") && hasToken(q.Header["Upgrade"], protocol)
}

// hasToken looks for a word in the lists of a header field, in any case. RFC 9110, 5.6.1
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for word := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(word), token) {
				return true
			}
		}
	}
	return false
}

// hijack takes the connection of a call, and what was read of it behind the request.
func (r *Relay) hijack(w http.ResponseWriter) (net.Conn, []byte, error) {
	conn, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		r.fail(w, http.StatusNotImplemented, err)
		return nil, nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	prepare(conn)
	early, _ := rest.Reader.Peek(rest.Reader.Buffered()) // a client need not wait for the answer
	return conn, early, nil
}

// prepare makes a connection fit for a stream.
func prepare(conn net.Conn) {
	conn.SetDeadline(time.Time{}) // net/http's end with the call
	if c, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
		// Frames are to wait in the client's queue, which loses the oldest, not in the kernel's.
		c.SetWriteBuffer(4 * streamChunk)
	}
}

// A carrier is what a stream runs on.
type carrier interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	end(why error) // unblocks both directions
}

// plain is a connection whose bytes are the stream's.
type plain struct{ net.Conn }

func (p plain) end(error) { p.Close() }

// carry moves frames between a connection and a client until it ends, and returns why: one of the
// errors of streamEndings. Early is what was read of the connection already, greeting what is to be
// written before the first frame.
func (r *Relay) carry(conn carrier, c *client, f framing, early []byte, greeting string) error {
	s := &stream{conn: conn, port: c.port, framing: f, longest: r.cfg.Hub.MTU() + link.HeaderLen, idle: r.cfg.Idle}
	s.in = make([]byte, streamChunk+f.len()+s.longest)
	s.end = copy(s.in, early)

	ctx, cancel := context.WithCancelCause(r.streams.ctx)
	end := func() { conn.end(context.Cause(ctx)) }
	defer end()
	defer context.AfterFunc(ctx, end)() // whoever ends first ends the other
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		cancel(s.write(ctx, greeting))
	}()
	cancel(s.read())
	<-wrote
	return context.Cause(ctx)
}

// A stream is a connection that carries frames between a client and its port: one goroutine for
// each direction, which share nothing but the connection.
type stream struct {
	conn    carrier
	port    *hub.Port
	framing framing
	longest int           // bytes of a frame
	idle    time.Duration // after which a frame that does not go on, or is not taken, is the end

	in     []byte // what was read; the first end bytes are not used up
	end    int
	frames [][]byte // into in
}

// read moves frames from the connection to the switch until it can't.
func (s *stream) read() error {
	waiting := false // a deadline is set, because a frame has begun
	for {
		frames, used, err := s.framing.cut(s.frames[:0], s.in[:s.end], s.longest)
		s.frames = frames
		if s.port.SendAll(frames) != nil {
			return errShutdown
		}
		if err != nil {
			return err
		}
		more := s.end == len(s.in)
		s.end = copy(s.in, s.in[used:s.end])
		if more {
			// The scheduler would let a client that has more to send than one read takes go on for 10 ms,
			// and a hundred others wait half a second for their turn.
			runtime.Gosched()
		}
		switch begun := s.end > 0; {
		case begun && (used > 0 || !waiting):
			s.conn.SetReadDeadline(time.Now().Add(s.idle))
			waiting = true
		case !begun && waiting:
			s.conn.SetReadDeadline(time.Time{})
			waiting = false
		}
		n, err := s.conn.Read(s.in[s.end:])
		if s.end += n; err != nil {
			return s.failed(err)
		}
	}
}

// write moves frames from the client's queue to the connection until ctx ends or it can't.
func (s *stream) write(ctx context.Context, greeting string) error {
	err := s.writer().run(ctx, greeting)
	if err == errShutdown || err == ctx.Err() {
		return err
	}
	return s.failed(err)
}

// failed says what an error of the connection means.
func (s *stream) failed(err error) error {
	switch {
	case err == io.EOF && s.end > 0:
		return errCut
	case err == io.EOF:
		return errClosed
	case errors.Is(err, errText):
		return errText
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w for %v", errStalled, s.idle)
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}
