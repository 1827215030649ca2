package relay

import (
	"context"
	"io"
	"sync"
	"time"

	"httptap/httptap/internal/hub"
)

// A streamWriter moves frames from a client's queue to its connection. Few frames a sender hands over
// itself, as far as the connection takes them without waiting; all else is the work of a goroutine.
type streamWriter struct {
	conn    carrier
	port    *hub.Port
	framing framing
	longest int
	idle    time.Duration

	rest chan struct{} // holds a token when the connection did not take all that a sender had for it

	mu   sync.Mutex // held by who writes
	out  []byte     // frames
	sent int        // bytes of out that are written
	over bool       // the stream has ended: what is queued waits for the client's next call
	add  func(frame []byte) bool
}

func (s *stream) writer() *streamWriter {
	w := &streamWriter{conn: s.conn, port: s.port, framing: s.framing, longest: s.longest, idle: s.idle, rest: make(chan struct{}, 1)}
	w.add = w.append // once: it takes memory
	return w
}

// run moves frames until ctx ends or it can't.
func (w *streamWriter) run(ctx context.Context, greeting string) error {
	if greeting != "" {
		w.conn.SetWriteDeadline(time.Now().Add(w.idle))
		if _, err := io.WriteString(w.conn, greeting); err != nil {
			return err
		}
	}
	if now := immediate(w.conn); now != nil {
		if end, ok := w.port.Prompt(func() { w.some(now) }); ok {
			defer end()
		}
	}
	defer w.stop()
	for {
		if err := w.port.WaitOr(ctx, w.rest); err != nil {
			return err
		}
		if err := w.batch(); err != nil {
			return err
		}
	}
}

// batch writes what a sender could not, and then what is queued, as much as one write moves.
func (w *streamWriter) batch() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == len(w.out) {
		if err := w.take(); err != nil {
			return err
		}
		if len(w.out) == 0 {
			return nil // another call of the same client was faster, or a sender
		}
	}
	w.conn.SetWriteDeadline(time.Now().Add(w.idle))
	n, err := w.conn.Write(w.out[w.sent:])
	w.sent += n
	return err
}

// some writes what is queued, as far as that needs no waiting.
func (w *streamWriter) some(now func(b []byte) int) {
	if !w.mu.TryLock() {
		return // the goroutine is at it
	}
	defer w.mu.Unlock()
	if w.over || w.sent < len(w.out) || w.take() != nil || len(w.out) == 0 {
		return
	}
	if w.sent = now(w.out); w.sent < len(w.out) {
		select {
		case w.rest <- struct{}{}:
		default:
		}
	}
}

// take takes frames out of the queue.
func (w *streamWriter) take() error {
	w.out, w.sent = w.out[:0], 0
	if _, err := w.port.Drain(w.add); err != nil {
		return errShutdown
	}
	return nil
}

// append appends a frame to what is to be written, unless that is enough already.
func (w *streamWriter) append(frame []byte) bool {
	if len(w.out) > 0 && len(w.out)+w.framing.len()+len(frame) > streamChunk {
		return false
	}
	w.out = w.framing.append(w.out, frame)
	return true
}

// stop puts the frames back that were not written whole: they wait for the client's next call.
func (w *streamWriter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	frames, _, _ := w.framing.cut(nil, w.out, w.longest)
	for len(frames) > 0 && w.sent >= w.framing.len()+len(frames[0]) {
		w.sent -= w.framing.len() + len(frames[0])
		frames = frames[1:]
	}
	w.port.Unread(frames)
}
