package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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
	case !upgrades(q):
		// RFC 9110, 15.5.22: "The server MUST send an Upgrade header field in a 426 response to
		// indicate the required protocol(s)".
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", api.StreamProtocol)
		r.fail(w, http.StatusUpgradeRequired, errUpgrade)
		return
	case q.ContentLength != 0:
		r.fail(w, http.StatusBadRequest, errBody)
		return
	}
	c, ok := r.enter(w, q)
	if !ok {
		return
	}
	defer r.leave(c)
	if err := r.streams.enter(c.name); err != nil {
		r.fail(w, http.StatusServiceUnavailable, err)
		return
	}
	err := r.serveStream(w, c)
	r.streams.leave(c.name, err)
	r.cfg.Log.Debug("stream ended", "client", c.name, "reason", err)
}

// upgrades tells whether a request asks for our protocol. RFC 9110, 7.8: "A server MUST ignore
// an Upgrade header field that is received in an HTTP/1.0 request."
func upgrades(q *http.Request) bool {
	return q.ProtoMajor == 1 && q.ProtoMinor >= 1 &&
		hasToken(q.Header["Connection"], "upgrade") && hasToken(q.Header["Upgrade"], api.StreamProtocol)
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

// serveStream returns why the stream ended: one of the errors of endNames.
func (r *Relay) serveStream(w http.ResponseWriter, c *client) error {
	conn, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		r.fail(w, http.StatusNotImplemented, err)
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Time{}) // net/http's end with the call
	if c, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
		// Frames are to wait in the client's queue, which loses the oldest, not in the kernel's.
		c.SetWriteBuffer(4 * streamChunk)
	}
	s := &stream{conn: conn, port: c.port, longest: r.cfg.Hub.MTU() + link.HeaderLen, idle: r.cfg.Idle}
	s.in = make([]byte, streamChunk+api.StreamLengthLen+s.longest)
	early, _ := rest.Reader.Peek(rest.Reader.Buffered()) // a client need not wait for the answer
	s.end = copy(s.in, early)

	ctx, cancel := context.WithCancelCause(r.streams.ctx)
	defer context.AfterFunc(ctx, func() { conn.Close() })() // whoever ends first ends the other
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		cancel(s.write(ctx))
	}()
	cancel(s.read())
	<-wrote
	return context.Cause(ctx)
}

// A stream is a connection that carries frames between a client and its port: one goroutine for
// each direction, which share nothing but the connection.
type stream struct {
	conn    net.Conn
	port    *hub.Port
	longest int           // bytes of a frame
	idle    time.Duration // after which a frame that does not go on, or is not taken, is the end

	in     []byte // what was read; the first end bytes are not used up
	end    int
	frames [][]byte // into in

	out []byte // what is to be written
}

// read moves frames from the connection to the switch until it can't.
func (s *stream) read() error {
	waiting := false // a deadline is set, because a frame has begun
	for {
		frames, used, err := cut(s.frames[:0], s.in[:s.end], s.longest)
		s.frames = frames
		if s.port.SendAll(frames) != nil {
			return errShutdown
		}
		if err != nil {
			return err
		}
		s.end = copy(s.in, s.in[used:s.end])
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

// cut appends the frames at the start of b to frames, as views of b, and returns how many bytes
// they take. It fails with errShort or errLong when the next length is none of a frame.
func cut(frames [][]byte, b []byte, longest int) (_ [][]byte, used int, err error) {
	for len(b)-used >= api.StreamLengthLen {
		n := binary.BigEndian.Uint32(b[used:])
		switch {
		case n < link.HeaderLen:
			return frames, used, fmt.Errorf("%w: %d", errShort, n)
		case uint64(n) > uint64(longest):
			return frames, used, fmt.Errorf("%w: %d, the limit is %d", errLong, n, longest)
		}
		start := used + api.StreamLengthLen
		end := start + int(n)
		if end > len(b) {
			break
		}
		frames = append(frames, b[start:end:end])
		used = end
	}
	return frames, used, nil
}

// write moves frames from the client's queue to the connection until ctx ends or it can't.
func (s *stream) write(ctx context.Context) error {
	s.conn.SetWriteDeadline(time.Now().Add(s.idle))
	if _, err := io.WriteString(s.conn, switching); err != nil {
		return s.failed(err)
	}
	add := s.add // once: it takes memory
	for {
		if err := s.port.Wait(ctx); err != nil {
			return err
		}
		s.out = s.out[:0]
		n, err := s.port.Drain(add)
		if err != nil {
			return errShutdown
		}
		if n == 0 {
			continue // another call of the same client was faster
		}
		s.conn.SetWriteDeadline(time.Now().Add(s.idle))
		if done, err := s.conn.Write(s.out); err != nil {
			s.unread(done)
			return s.failed(err)
		}
	}
}

// add appends a frame to what is to be written, unless that is enough already.
func (s *stream) add(frame []byte) bool {
	if len(s.out) > 0 && len(s.out)+api.StreamLengthLen+len(frame) > streamChunk {
		return false
	}
	s.out = binary.BigEndian.AppendUint32(s.out, uint32(len(frame)))
	s.out = append(s.out, frame...)
	return true
}

// unread puts the frames back that were not written whole: they wait for the client's next call.
func (s *stream) unread(written int) {
	frames, _, _ := cut(nil, s.out, s.longest)
	for len(frames) > 0 && written >= api.StreamLengthLen+len(frames[0]) {
		written -= api.StreamLengthLen + len(frames[0])
		frames = frames[1:]
	}
	s.port.Unread(frames)
}

// failed says what an error of the connection means.
func (s *stream) failed(err error) error {
	switch {
	case err == io.EOF && s.end > 0:
		return errCut
	case err == io.EOF:
		return errClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w for %v", errStalled, s.idle)
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}
