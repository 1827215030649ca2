package tapclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"

	"httptap/httptap/api"
)

// call makes one call and returns the answer, into memory from buf.
func (c *Client) call(ctx context.Context, method, path string, body, buf []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.root+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	c.sign(req)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer resp.Body.Close()
	answer, err := readAll(io.LimitReader(resp.Body, maxAnswer+1), buf)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("%w: %s answers over %d bytes", ErrServer, c.at(path), maxAnswer)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(c.at(path), resp.StatusCode, answer)
	}
	return answer, nil
}

// sign says in a request who we are.
func (c *Client) sign(req *http.Request) {
	if c.name != "" {
		req.Header.Set(api.ClientHeader, c.name)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
}

// unreachable says what to do when nothing answers.
func (c *Client) unreachable(err error) error {
	switch {
	case c.ctx.Err() != nil:
		return net.ErrClosed
	case c.socket != "" && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)):
		return fmt.Errorf("%w at %s: start one with 'httptap -listen %s': %w", ErrUnreachable, c.base, c.base, err)
	case c.socket != "" && errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w at %s: the socket is another user's: call it as he: %w", ErrUnreachable, c.base, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w at %s: start one with 'sudo httptap', or 'httptap -i user' without root: %w", ErrUnreachable, c.base, err)
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.base, err)
}

// status is an answer that is not a success.
type status struct {
	url  string
	code int
	text string
}

func (s *status) Error() string {
	says := fmt.Sprintf("%s: %d %s", s.url, s.code, http.StatusText(s.code))
	if s.text != "" {
		says += ": " + s.text
	}
	return says
}

func (s *status) Unwrap() error { return ErrRefused }

func statusError(url string, code int, answer []byte) error {
	var e api.Error
	if json.Unmarshal(answer, &e) != nil || e.Error == "" {
		e.Error = strings.TrimSpace(string(answer[:min(len(answer), 200)]))
	}
	return &status{url, code, e.Error}
}

// readAll reads r to its end into memory from buf.
func readAll(r io.Reader, buf []byte) ([]byte, error) {
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, max(512, len(buf)))...)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

// transient tells whether the same call may succeed later.
func transient(err error) bool {
	var s *status
	if errors.As(err, &s) {
		return s.code == http.StatusServiceUnavailable || s.code == http.StatusTooManyRequests
	}
	return errors.Is(err, ErrUnreachable)
}
