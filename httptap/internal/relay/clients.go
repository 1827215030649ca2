package relay

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// A client is whoever calls under one name: it has a port of the switch.
type client struct {
	name   string
	port   *hub.Port
	hw     link.Addr
	active int         // calls in progress
	idle   *time.Timer // detaches the client when no call came for long
}

var (
	errName    = errors.New("a client's name has 1 to 64 letters, digits, '.', '_' or '-'")
	errClients = errors.New("too many clients; those that do not call are forgotten in time")
)

// givenName returns what q says that its client's name is.
func givenName(q *http.Request) string {
	if name := q.Header.Get(api.ClientHeader); name != "" || q.URL.RawQuery == "" {
		return name
	}
	return q.URL.Query().Get(api.ClientParam)
}

// clientName returns the name under which q calls.
func clientName(q *http.Request) (string, error) {
	name := givenName(q)
	if name == "" {
		return api.DefaultClient, nil
	}
	if !isName(name) {
		return "", errName
	}
	return name, nil
}

// isName tells whether a client may have this name.
func isName(name string) bool {
	if name == "" || len(name) > api.MaxClientName {
		return false
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// portName is the name of a client's port.
func portName(client string) string { return "client " + client }

// enter returns the client that q is from, which is attached when it calls for the first time.
// The caller must leave it when the call is over. On an error the answer has been given.
func (r *Relay) enter(w http.ResponseWriter, q *http.Request) (*client, bool) {
	name, err := clientName(q)
	if err != nil {
		r.fail(w, http.StatusBadRequest, err)
		return nil, false
	}
	c, err := r.client(name)
	if err != nil {
		r.cfg.Log.Warn("client refused", "client", name, "from", q.RemoteAddr, "reason", err)
		r.fail(w, http.StatusServiceUnavailable, err)
		return nil, false
	}
	return c, true
}

// client returns the client of this name, with one more call in progress.
func (r *Relay) client(name string) (c *client, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, net.ErrClosed
	}
	if c = r.clients[name]; c == nil {
		if c, err = r.attach(name); err != nil {
			return nil, err
		}
	}
	c.active++
	c.idle.Stop()
	return c, nil
}

func (r *Relay) attach(name string) (*client, error) {
	if len(r.clients) >= MaxClients {
		return nil, fmt.Errorf("%w (%d)", errClients, len(r.clients))
	}
	c := &client{name: name, hw: link.LocalAddr("client " + name)}
	bad := r.impair.of(name)
	cfg := hub.PortConfig{Name: portName(name), Kind: hub.Client, Up: bad.up, Down: bad.down}
	if name == api.DefaultClient {
		// Version 0 has the client use the device's own address, so what is for it can't be
		// told from what is for the device: it gets everything, as from the device itself.
		cfg.Promiscuous = true
		if hw, err := link.ParseAddr(r.cfg.Info.HardwareAddr); err == nil {
			c.hw = hw
		}
	}
	port, err := r.cfg.Hub.Attach(cfg)
	if err != nil {
		return nil, err
	}
	c.port = port
	c.idle = time.AfterFunc(r.cfg.Idle, func() { r.forget(c) })
	r.clients[name] = c
	r.cfg.Log.Info("client came", "client", name, "address", c.hw)
	return c, nil
}

// leave ends a call; the last one to leave starts the clock.
func (r *Relay) leave(c *client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.active--; c.active == 0 && !r.closed {
		c.idle.Reset(r.cfg.Idle)
	}
}

// forget detaches a client that was idle for too long.
func (r *Relay) forget(c *client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.active > 0 || r.clients[c.name] != c {
		return
	}
	delete(r.clients, c.name)
	delete(r.impair.some, c.name)
	s := c.port.Stats()
	c.port.Close() // before the name can be attached again
	r.cfg.Log.Info("client went", "client", c.name, "idle", r.cfg.Idle, "framesIn", s.FramesIn, "framesOut", s.FramesOut, "unread", s.Queued, "lost", s.DroppedFull)
}
