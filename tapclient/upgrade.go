package tapclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"httptap/httptap/api"
)

// errNoUpgrade says that a server answered the request for a stream with something else.
var errNoUpgrade = errors.New("tapclient: no stream")

// A wire is a connection that was upgraded, and what came behind the answer.
type wire struct {
	net.Conn
	early []byte
}

// upgrade asks the server for a stream. It is not net/http's, because that hides the
// connection, whose deadlines we need.
func (c *Client) upgrade(ctx context.Context) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
	// Close ends this, too.
	defer context.AfterFunc(c.ctx, cancel)()
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, c.unreachable(err)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	w, err := c.switchProtocol(ctx, conn)
	if !stop() {
		err = c.unreachable(context.Cause(ctx)) // the deadline may have been set behind the answer, too
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return w, nil
}

// connect opens a connection to the server.
func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	host, port := c.url.Hostname(), c.url.Port()
	if port == "" {
		port = c.url.Scheme // a name for it as good as the number
	}
	conn, err := c.open(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil || c.url.Scheme == "http" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: host, NextProtos: []string{"http/1.1"}})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// switchProtocol makes the request and reads the answer.
func (c *Client) switchProtocol(ctx context.Context, conn net.Conn) (*wire, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.root+api.PathStream, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", api.StreamProtocol)
	c.sign(req)
	if err := req.Write(conn); err != nil {
		return nil, c.unreachable(err)
	}
	r := bufio.NewReader(io.LimitReader(conn, maxAnswer))
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols && strings.EqualFold(resp.Header.Get("Upgrade"), api.StreamProtocol) {
		early, _ := r.Peek(r.Buffered())
		return &wire{conn, early}, nil
	}
	answer, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, c.unreachable(err)
	}
	err = statusError(c.at(api.PathStream), resp.StatusCode, answer)
	if transient(err) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", errNoUpgrade, err)
}
