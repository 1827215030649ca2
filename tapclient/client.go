package tapclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"httptap/httptap/api"
	"httptap/stack/link"
)

// Errors of Dial and of a Client.
var (
	ErrUnreachable = errors.New("no httptap answers")
	ErrServer      = errors.New("not an httptap")
	ErrRefused     = errors.New("httptap refused the call")
)

// Options say how to call. The zero Options are those of a client of version 0.
type Options struct {
	// Name is the client's own: it has a queue and a hardware address of its own. Without a
	// name it is the client "default", which receives everything and uses the device's address.
	Name string
	// Version0 uses nothing beyond version 0 of the contract.
	Version0 bool
}

// Times of a Client.
const (
	pollWait = 30 * time.Second // of one long poll
	callFor  = 35 * time.Second // after which a call that is not over has failed
	retryMin = 10 * time.Millisecond
	retryMax = time.Second
	retryFor = 5 * time.Second // after which a server that does not answer is an error
	pollMin  = 500 * time.Microsecond
	pollMax  = 20 * time.Millisecond
)

// Limits of a call.
const (
	maxBatch  = 256     // frames that are sent
	maxBody   = 1 << 20 // bytes that are sent, when it is more than one frame
	maxAnswer = 8 << 20 // bytes of an answer
)

// A Client is the far end of a device that httptap relays. It implements link.Device.
type Client struct {
	base    string
	name    string
	info    api.Info
	device  link.Info
	batch   bool
	http    *http.Client
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	dropped atomic.Uint64

	read struct { // one reader at a time
		sync.Mutex
		body []byte
		idle time.Duration // how long to wait before the next call, when the server does not
	}
	write struct { // one writer at a time: frames must not overtake each other
		sync.Mutex
		body []byte
	}
}

var _ link.Device = (*Client)(nil)

// Dial asks the httptap at base, such as "http://127.0.0.1:7070", what it is, and returns its
// device. The error wraps ErrUnreachable, ErrServer or ErrRefused, and says the way out.
func Dial(ctx context.Context, base string, o Options) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not the URL of an httptap, such as %s", base, api.DefaultURL)
	}
	c := newClient(strings.TrimSuffix(u.String(), "/"), o)
	if err := c.dial(ctx, o); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newClient(base string, o Options) *Client {
	c := &Client{base: base, name: o.Name}
	// The relay is near: no proxy, no compression, a connection for each direction kept open.
	c.http = &http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

func (c *Client) dial(ctx context.Context, o Options) error {
	body, err := c.call(ctx, http.MethodGet, api.PathInfo, nil, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &c.info); err != nil {
		return fmt.Errorf("%w: %s answers /info with something else: %w", ErrServer, c.base, err)
	}
	c.device.Name = c.base
	c.device.MTU = c.info.MTU
	if c.device.MTU < 68 || c.device.MTU > 65535 {
		return fmt.Errorf("%w: %s says that its MTU is %d", ErrServer, c.base, c.device.MTU)
	}
	hw := c.info.HardwareAddr
	if o.Name != "" && c.info.ClientHardwareAddr != "" {
		hw = c.info.ClientHardwareAddr
	}
	if c.device.HardwareAddr, err = link.ParseAddr(hw); err != nil {
		return fmt.Errorf("%w: %s says that its hardware address is %w", ErrServer, c.base, err)
	}
	for _, f := range c.info.Features {
		c.batch = c.batch || f == api.FeatureBatch && !o.Version0
	}
	return nil
}

// call makes one call and returns the answer, into memory from buf.
func (c *Client) call(ctx context.Context, method, path string, body, buf []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.name != "" {
		req.Header.Set(api.ClientHeader, c.name)
	}
	if body != nil {
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
		return nil, fmt.Errorf("%w: %s answers over %d bytes", ErrServer, c.base+path, maxAnswer)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(c.base+path, resp.StatusCode, answer)
	}
	return answer, nil
}

// unreachable says what to do when nothing answers.
func (c *Client) unreachable(err error) error {
	switch {
	case c.ctx.Err() != nil:
		return net.ErrClosed
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
	return fmt.Sprintf("%s: %d %s: %s", s.url, s.code, http.StatusText(s.code), s.text)
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

// Info implements link.Device.
func (c *Client) Info() link.Info { return c.device }

// Server returns what the server said of itself.
func (c *Client) Server() api.Info { return c.info }

// Dropped returns how many frames were longer than the reader's buffer.
func (c *Client) Dropped() uint64 { return c.dropped.Load() }

// Prefix returns the address and network of the relayed device; not valid when it has none.
func (c *Client) Prefix() netip.Prefix {
	p, _ := netip.ParsePrefix(c.info.IPPrefix)
	return p
}

// ReadFrames implements link.Device. A server that does not answer is asked again for some
// seconds, so that a restart goes by; then its error is returned.
func (c *Client) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	c.read.Lock()
	defer c.read.Unlock()
	if len(bufs) == 0 {
		return 0, nil
	}
	var failing time.Time
	delay := retryMin
	for {
		start := time.Now()
		n, tooLong, err := c.receive(bufs, sizes)
		if n > 0 {
			c.read.idle = 0
			return n, nil
		}
		if c.ctx.Err() != nil {
			return 0, net.ErrClosed
		}
		if err == nil {
			failing, delay = time.Time{}, retryMin
			if tooLong > 0 || time.Since(start) > pollMax {
				c.read.idle = 0
				continue // something came, or the server has waited
			}
			if err := c.pause(); err != nil {
				return 0, err
			}
			continue
		}
		if failing.IsZero() {
			failing = start
		}
		if !transient(err) || time.Since(failing) > retryFor {
			return 0, err
		}
		if err := c.sleep(delay); err != nil {
			return 0, err
		}
		delay = min(2*delay, retryMax)
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

// receive makes one call of /recv. It returns how many frames came, and how many more that did
// not fit their buffer.
func (c *Client) receive(bufs [][]byte, sizes []int) (n, tooLong int, err error) {
	path := api.PathRecv
	if c.batch {
		path += "?" + api.MaxParam + "=" + strconv.Itoa(len(bufs)) + "&" + api.WaitParam + "=" + pollWait.String()
	}
	body, err := c.call(c.ctx, http.MethodGet, path, nil, c.read.body)
	if err != nil {
		return 0, 0, err
	}
	c.read.body = body
	n, tooLong, err = decode(body, bufs, sizes)
	c.dropped.Add(uint64(tooLong))
	return n, tooLong, err
}

// pause waits before the next call, the longer the longer nothing came. It is for servers of
// version 0, which have no way to wait, and for those that do not do it.
func (c *Client) pause() error {
	c.read.idle = min(max(2*c.read.idle, pollMin), pollMax)
	return c.sleep(c.read.idle)
}

func (c *Client) sleep(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.ctx.Done():
		return net.ErrClosed
	}
}

// WriteFrames implements link.Device.
func (c *Client) WriteFrames(frames [][]byte) (int, error) {
	c.write.Lock()
	defer c.write.Unlock()
	if c.ctx.Err() != nil {
		return 0, net.ErrClosed
	}
	fit := 0
	var bad error
	for ; fit < len(frames); fit++ {
		if n := len(frames[fit]); n < link.HeaderLen || n > c.device.FrameLen() {
			bad = fmt.Errorf("%w: %d bytes", link.ErrFrameSize, n)
			break
		}
	}
	done := 0
	for done < fit {
		n := 1
		if c.batch {
			n = together(frames[done:fit])
		}
		c.write.body = encode(c.write.body[:0], frames[done:done+n], c.batch)
		if _, err := c.call(c.ctx, http.MethodPost, api.PathSend, c.write.body, nil); err != nil {
			return done, err
		}
		done += n
	}
	return done, bad
}

// together returns how many of the frames go into one call.
func together(frames [][]byte) int {
	size := len("[]")
	for i, f := range frames {
		size += base64.StdEncoding.EncodedLen(len(f)) + len(`"",`)
		if i > 0 && (i == maxBatch || size > maxBody) {
			return i
		}
	}
	return len(frames)
}

// Close implements link.Device: calls in progress end with net.ErrClosed.
func (c *Client) Close() error {
	c.cancel()
	c.http.CloseIdleConnections()
	return nil
}
