package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"httptap/httptap/api"
)

var errWebSocket = fmt.Errorf("%s is a WebSocket: ask with 'Connection: Upgrade' and 'Upgrade: websocket', as RFC 6455 says; for a plain byte stream there is %s", api.PathWS, api.PathStream)

// webSocket serves a stream in binary messages. Where they begin and end means nothing: a message
// may hold many frames, and a part of one.
func (r *Relay) webSocket(w http.ResponseWriter, q *http.Request) {
	if !upgrades(q, "websocket") {
		r.upgradeRequired(w, "websocket", errWebSocket)
		return
	}
	r.open(w, q, func(c *client) error {
		a := &accepting{ResponseWriter: w}
		conn, err := websocket.Accept(a, q, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
		if err != nil {
			if a.conn == nil {
				r.fail(w, a.status, errors.New(strings.TrimSpace(a.text.String())))
			}
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		conn.SetReadLimit(-1) // no message is held in memory
		return r.carry(&messages{ws: conn, Conn: a.conn}, c, lengths4, nil, "")
	})
}

// accepting is the ResponseWriter of a handshake: it keeps the connection, whose deadlines we need,
// and an error, which is to be JSON.
type accepting struct {
	http.ResponseWriter
	conn   net.Conn
	status int
	text   bytes.Buffer
}

func (a *accepting) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		a.ResponseWriter.WriteHeader(status)
	}
	a.status = status
}

func (a *accepting) Write(b []byte) (int, error) { return a.text.Write(b) }

// Hijack implements http.Hijacker.
func (a *accepting) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		prepare(conn)
		a.conn = conn
	}
	return conn, rw, err
}

// closeFor is how long a client may take to answer the close of a WebSocket.
const closeFor = time.Second

// messages is the carrier of a WebSocket.
type messages struct {
	net.Conn // for its deadlines
	ws       *websocket.Conn
	message  io.Reader // that is being read; nil: none
	once     sync.Once
}

// Read reads what the messages hold, as one stream. The client's close is io.EOF.
func (m *messages) Read(b []byte) (int, error) {
	for {
		if m.message == nil {
			kind, message, err := m.ws.Reader(context.Background())
			switch websocket.CloseStatus(err) {
			case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
				return 0, io.EOF
			}
			if err != nil {
				return 0, err
			}
			if kind != websocket.MessageBinary {
				return 0, errText
			}
			m.message = message
		}
		n, err := m.message.Read(b)
		if err == io.EOF {
			m.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Write sends one message.
func (m *messages) Write(b []byte) (int, error) {
	if err := m.ws.Write(context.Background(), websocket.MessageBinary, b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// end closes the WebSocket and says why, for as long as the client may take to answer.
func (m *messages) end(why error) {
	m.once.Do(func() {
		status := websocket.StatusNormalClosure
		switch {
		case errors.Is(why, errShort), errors.Is(why, errLong), errors.Is(why, errCut):
			status = websocket.StatusInvalidFramePayloadData
		case errors.Is(why, errText):
			status = websocket.StatusUnsupportedData
		case errors.Is(why, errStalled):
			status = websocket.StatusPolicyViolation
		case errors.Is(why, errShutdown):
			status = websocket.StatusGoingAway
		}
		m.Conn.SetDeadline(time.Now().Add(closeFor))
		reason := why.Error()
		m.ws.Close(status, reason[:min(len(reason), 123)]) // RFC 6455, 5.5: 125 bytes with the status
		m.ws.CloseNow()
	})
}
