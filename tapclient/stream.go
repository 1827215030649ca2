package tapclient

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"httptap/httptap/api"
	"httptap/stack/link"
)

const (
	streamChunk = 64 << 10               // bytes of frames, about, that one read or write moves
	closeFor    = 200 * time.Millisecond // that Close waits for a server to take what was written
)

// A stream moves frames over one connection, and makes a new one when that breaks.
type stream struct {
	c *Client

	mu      sync.Mutex
	conn    *wire         // nil: broken
	changed chan struct{} // closed when conn or why is set
	why     [2]error      // why there is no connection: for the reader and for the writer, until told
	busy    bool          // a connection is being made
	closed  bool
	opened  time.Time     // when the connection, or the last one, was
	since   time.Time     // when the first break of a row was, or we began
	delay   time.Duration // before the next connection is tried
	making  sync.WaitGroup

	in struct { // the reader's
		conn       *wire
		buf        []byte
		start, end int // of what was read and is not used up
	}
	out []byte // the writer's
}

func newStream(c *Client, conn *wire) *stream {
	s := &stream{c: c, conn: conn, changed: make(chan struct{}), opened: time.Now(), since: time.Now()}
	s.in.buf = make([]byte, streamChunk+api.StreamLengthLen+c.device.FrameLen())
	return s
}

// readFrames implements ReadFrames.
func (s *stream) readFrames(bufs [][]byte, sizes []int) (int, error) {
	for {
		n, err := s.take(bufs, sizes)
		if n > 0 {
			return n, nil
		}
		if err != nil {
			s.in.start = s.in.end // nothing behind it can be trusted
			s.broke(s.in.conn, err)
		}
		conn, err := s.connected()
		if err != nil {
			return 0, err
		}
		in := &s.in
		if conn != in.conn {
			if in.end > in.start {
				s.c.lost.Add(1) // the frame that the old connection cut
			}
			in.conn, in.start, in.end = conn, 0, copy(in.buf, conn.early)
			continue
		}
		in.start, in.end = 0, copy(in.buf, in.buf[in.start:in.end])
		k, err := conn.Read(in.buf[in.end:])
		in.end += k
		if s.c.ctx.Err() != nil {
			return 0, net.ErrClosed
		}
		if err != nil {
			s.broke(conn, s.c.unreachable(err))
		}
	}
}

// take moves whole frames from the buffer to bufs.
func (s *stream) take(bufs [][]byte, sizes []int) (n int, err error) {
	in := &s.in
	for n < len(bufs) && in.end-in.start >= api.StreamLengthLen {
		b := in.buf[in.start:in.end]
		size := binary.BigEndian.Uint32(b)
		if size < link.HeaderLen || uint64(size) > uint64(s.c.device.FrameLen()) {
			return n, fmt.Errorf("%w: %s sends a frame of %d bytes on its stream", ErrServer, s.c.base, size)
		}
		b = b[api.StreamLengthLen:]
		if len(b) < int(size) {
			break
		}
		in.start += api.StreamLengthLen + int(size)
		if int(size) > len(bufs[n]) {
			s.c.dropped.Add(1) // link.Device: never cut
			continue
		}
		sizes[n] = copy(bufs[n], b[:size])
		n++
	}
	return n, nil
}

// writeFrames implements WriteFrames. The frames' sizes are right.
func (s *stream) writeFrames(frames [][]byte) (done int, err error) {
	if len(frames) == 0 {
		return 0, nil
	}
	s.mu.Lock()
	conn, err := s.conn, s.failed(writing)
	s.mu.Unlock()
	switch {
	case err != nil:
		return 0, err
	case conn == nil:
		s.c.lost.Add(uint64(len(frames)))
		return len(frames), nil
	}
	conn.SetWriteDeadline(time.Now().Add(callFor))
	for done < len(frames) {
		n := s.encode(frames[done:])
		written, err := conn.Write(s.out)
		if err == nil {
			done += n
			continue
		}
		for written >= api.StreamLengthLen+len(frames[done]) {
			written -= api.StreamLengthLen + len(frames[done])
			done++
		}
		if s.c.ctx.Err() != nil {
			return done, net.ErrClosed
		}
		s.broke(conn, s.c.unreachable(err))
		s.c.lost.Add(uint64(len(frames) - done))
		return len(frames), nil
	}
	return done, nil
}

// encode puts the first frames, as many as one write moves, into out, and returns how many.
func (s *stream) encode(frames [][]byte) int {
	s.out = s.out[:0]
	for i, f := range frames {
		if i > 0 && len(s.out)+api.StreamLengthLen+len(f) > streamChunk {
			return i
		}
		s.out = binary.BigEndian.AppendUint32(s.out, uint32(len(f)))
		s.out = append(s.out, f...)
	}
	return len(frames)
}

// connected returns the connection; it waits while one is being made.
func (s *stream) connected() (*wire, error) {
	for {
		s.mu.Lock()
		conn, err, changed := s.conn, s.failed(reading), s.changed
		if s.closed {
			conn, err = nil, net.ErrClosed
		}
		s.mu.Unlock()
		if conn != nil || err != nil {
			return conn, err
		}
		select {
		case <-changed:
		case <-s.c.ctx.Done():
		}
	}
}

// Who has to be told that there is no connection.
const (
	reading = iota
	writing
)

// failed returns why there is no connection and none could be made: to each of the reader and the
// writer once, because whoever goes on behind that means to try again. The mutex is held.
func (s *stream) failed(who int) error {
	err := s.why[who]
	s.why[who] = nil
	if err != nil && !s.closed && !s.busy {
		s.since, s.delay = time.Now(), retryMin
		s.remake()
	}
	return err
}

// remake begins to make a connection. The mutex is held.
func (s *stream) remake() {
	s.busy = true
	s.making.Go(s.reconnect)
}

// broke says why conn is of no use any more, and has a new one made.
func (s *stream) broke(conn *wire, why error) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != conn || s.closed {
		return
	}
	s.conn = nil
	now := time.Now()
	if now.Sub(s.opened) > retryMax {
		s.since, s.delay = now, 0
	} // else it is one more break of a row: a server that takes everybody and ends everybody
	if !transient(why) || now.Sub(s.since) > retryFor {
		s.set(nil, why)
		return
	}
	s.remake()
}

// reconnect makes a new connection, for as long as retryFor.
func (s *stream) reconnect() {
	for {
		s.mu.Lock()
		delay := s.delay
		s.delay = min(max(2*delay, retryMin), retryMax)
		s.mu.Unlock()
		if s.c.sleep(delay) != nil {
			return
		}
		conn, err := s.dial()
		s.mu.Lock()
		if err == nil || !transient(err) || time.Since(s.since) > retryFor {
			s.set(conn, err)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

// dial makes a connection to a server that still is what it was.
func (s *stream) dial() (*wire, error) {
	ctx, cancel := context.WithTimeout(s.c.ctx, dialFor)
	defer cancel()
	_, dev, err := s.c.ask(ctx)
	switch {
	case err != nil:
		return nil, err
	case dev.HardwareAddr != s.c.device.HardwareAddr:
		return nil, fmt.Errorf("%w of %s any more: %s says %s now", ErrServer, s.c.device.HardwareAddr, s.c.base, dev.HardwareAddr)
	case dev.MTU != s.c.device.MTU:
		return nil, fmt.Errorf("%w of an MTU of %d any more: %s says %d now", ErrServer, s.c.device.MTU, s.c.base, dev.MTU)
	}
	return s.c.upgrade(s.c.ctx)
}

// set ends the making of a connection. The mutex is held.
func (s *stream) set(conn *wire, err error) {
	if s.closed {
		if conn != nil {
			conn.Close()
		}
		return
	}
	s.conn, s.why, s.busy, s.opened = conn, [2]error{err, err}, false, time.Now()
	close(s.changed)
	s.changed = make(chan struct{})
}

// close ends the connection. What was written is on the switch when the server closes it, too.
func (s *stream) close() {
	s.mu.Lock()
	conn, again := s.conn, s.closed
	s.closed = true
	s.mu.Unlock()
	if conn != nil && !again {
		conn.SetDeadline(time.Now().Add(closeFor))
		if half, ok := conn.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			io.Copy(io.Discard, conn)
		}
		conn.Close()
	}
	s.making.Wait()
}
