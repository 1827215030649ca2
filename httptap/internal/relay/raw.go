package relay

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"httptap/httptap/internal/hub"
)

// The names of clients that give themselves none, before a number.
const (
	rawName     = "qemu"
	connectName = "gvforwarder"
)

// ServeRaw serves streams without HTTP: a connection carries frames from its first byte on, each
// after its length as 4 bytes, big-endian, as QEMU's -netdev stream does. Each connection is a client
// of its own, qemu-1, qemu-2 and so on, which ends with it. Nothing but the listener says who may
// connect, so it has to be private. A web page may connect as well, but what its browser sends first
// is text, whose first four bytes are no length of a frame.
//
// ServeRaw returns when l fails, which it does when it is closed, and its streams have ended; they end
// with the relay.
func (r *Relay) ServeRaw(l net.Listener) error {
	var all sync.WaitGroup
	defer all.Wait()
	for wait := retryMin; ; {
		conn, err := l.Accept()
		if passing(err) && r.streams.ctx.Err() == nil {
			r.cfg.Log.Warn("no connection was accepted", "reason", err)
			time.Sleep(wait)
			wait = min(2*wait, retryMax)
			continue
		}
		if err != nil {
			return err
		}
		wait = retryMin
		all.Go(func() {
			defer conn.Close()
			c, err := r.numbered(rawName)
			if err == nil {
				defer r.drop(c)
				err = r.streams.enter(c.name)
			}
			if err != nil {
				r.crowded.Add(1)
				r.cfg.Log.Warn("connection refused", "from", conn.RemoteAddr(), "reason", err)
				return
			}
			prepare(conn)
			err = r.carry(plain{conn}, c, lengths4, nil, "")
			r.streams.leave(c.name, err)
			r.cfg.Log.Debug("stream ended", "client", c.name, "reason", err)
		})
	}
}

// Times to wait when no connection can be accepted, as net/http does.
const (
	retryMin = 5 * time.Millisecond
	retryMax = time.Second
)

// passing tells whether Accept may succeed later: when there are descriptors again, say.
func passing(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// connect is /connect of gvisor-tap-vsock: the connection carries frames right behind the request,
// and there is no answer, not even a status, when it goes well.
func (r *Relay) connect(w http.ResponseWriter, q *http.Request) {
	if q.ContentLength != 0 {
		r.fail(w, http.StatusBadRequest, errBody)
		return
	}
	serve := func(c *client) error {
		conn, early, err := r.hijack(w)
		if err != nil {
			return err
		}
		return r.carry(plain{conn}, c, lengths2, early, "")
	}
	if givenName(q) != "" {
		r.open(w, q, serve)
		return
	}
	c, err := r.numbered(connectName)
	if err != nil {
		r.fail(w, http.StatusServiceUnavailable, err)
		return
	}
	defer r.drop(c)
	r.run(w, q, c, serve)
}

// numbered attaches a client under the first free name of a kind.
func (r *Relay) numbered(kind string) (*client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, net.ErrClosed
	}
	for i := 1; ; i++ {
		name := fmt.Sprint(kind, "-", i)
		if r.clients[name] != nil {
			continue
		}
		c, err := r.attach(name)
		if errors.Is(err, hub.ErrName) {
			continue // it is being detached
		}
		if err != nil {
			return nil, err
		}
		c.active++
		c.idle.Stop()
		return c, nil
	}
}

// drop ends a call of a client that won't come again: unless another one calls under its name, it is
// forgotten.
func (r *Relay) drop(c *client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.active--; c.active > 0 || r.closed {
		return
	}
	delete(r.clients, c.name)
	c.port.Close()
}
