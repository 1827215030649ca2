package stack

import (
	"context"
	"io"
	"net"
	"time"
)

// maxPiece is how many bytes WriteTo hands over at once: the window opens behind each piece.
const maxPiece = 256 << 10

// WriteTo writes what arrives to w, straight from the receive buffer, until the peer's last byte,
// for which it returns nil, or until w or the connection fails; the error is then w's, or as Read's.
// The peer may send as fast as w takes it. While it runs nobody else may read.
func (c *Conn) WriteTo(w io.Writer) (int64, error) {
	h := c.host
	var done int64
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if err := c.usable(&c.rd); err != nil {
			return done, c.opError("read", err)
		}
		b, err := c.tcb.Peek(maxPiece)
		switch {
		case len(b) > 0:
			h.mu.Unlock()
			n, err := w.Write(b)
			h.mu.Lock()
			c.tcb.Take(n)
			done += int64(n)
			h.e.settle(time.Now(), c) // the window may have opened
			h.kick()
			if err != nil {
				return done, err
			}
		case err == io.EOF:
			return done, nil
		case err != nil:
			return done, c.opError("read", tcpError(err))
		default:
			c.rd.cond.Wait()
		}
	}
}

// Flush waits until the peer has acknowledged everything that was written. It fails with ctx's error,
// or as Write does when that can't happen any more.
func (c *Conn) Flush(ctx context.Context) error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		c.wr.cond.Broadcast()
		h.mu.Unlock()
	})
	defer stop()
	for c.tcb.Queued() > 0 {
		switch {
		case c.closed:
			return c.opError("flush", net.ErrClosed)
		case c.tcb.Err() != nil:
			return c.opError("flush", tcpError(c.tcb.Err()))
		case ctx.Err() != nil:
			return c.opError("flush", contextError(ctx))
		}
		c.flushing = true
		c.wr.cond.Wait()
	}
	return nil
}

// Broken returns a channel that is closed once the connection has ended without both sides having
// closed it: it was reset, or the peer does not answer. Who forwards a connection learns of it
// there while no call of Read or Write would say so.
func (c *Conn) Broken() <-chan struct{} {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.broken == nil {
		c.broken = make(chan struct{})
		c.breaks()
	}
	return c.broken
}

// breaks closes the channel of Broken when its time has come.
func (c *Conn) breaks() {
	if c.broken != nil && !c.wasBroken && c.tcb.Err() != nil {
		c.wasBroken = true
		close(c.broken)
	}
}
