package tapclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// A Transport is a way for frames to travel.
type Transport string

// The transports, the best first.
const (
	Stream   Transport = "stream"    // one connection, frames as they are
	Batches  Transport = "batches"   // calls with many frames in JSON, which wait
	Version0 Transport = "version 0" // calls with one frame in JSON
)

// Options say how to call. The zero Options are a usable client, without a name.
type Options struct {
	// Name is the client's own: it has a queue and a hardware address of its own. Without a
	// name it is the client "default", which receives everything and uses the device's address.
	Name string
	// Transport is the one to use; "" is the best that the server has.
	Transport Transport
	// Comment says something of a frame that is to be written, which captures of the server show: up to
	// api.MaxComment bytes, or "". Where the server takes comments all frames are then written by calls, in
	// their order, also when they are read from a stream: its framing is that of other programs, which has no
	// place for them. nil: frames have no comments.
	Comment func(frame []byte) string
}

// Times of a Client.
const (
	dialFor  = 5 * time.Second  // that a connection may take
	callFor  = 35 * time.Second // after which a call that is not over has failed
	retryMin = 10 * time.Millisecond
	retryMax = time.Second
	retryFor = 5 * time.Second // after which a server that does not answer is an error
)

// A Client is the far end of a device that httptap relays. It implements link.Device.
type Client struct {
	base      string
	url       *url.URL // the same
	name      string
	info      api.Info
	device    link.Info
	transport Transport
	comment   func(frame []byte) string // nil: none, or the server does not take them
	dialer    func(ctx context.Context, network, address string) (net.Conn, error)
	http      *http.Client
	stream    *stream         // nil: frames travel by calls
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc
	dropped   atomic.Uint64
	lost      atomic.Uint64

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
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	c := newClient(u, o)
	if err := c.dial(ctx, o); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not the URL of an httptap, such as %s", base, api.DefaultURL)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

func newClient(base *url.URL, o Options) *Client {
	c := &Client{base: base.String(), url: base, name: o.Name, dialer: (&net.Dialer{Timeout: dialFor}).DialContext}
	// The relay is near: no proxy, no compression, a connection for each direction kept open.
	c.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.dialer(ctx, network, address)
		},
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

func (c *Client) dial(ctx context.Context, o Options) (err error) {
	if c.info, c.device, err = c.ask(ctx); err != nil {
		return err
	}
	if slices.Contains(c.info.Features, api.FeatureComments) {
		c.comment = o.Comment
	}
	offers := []Transport{Version0}
	if slices.Contains(c.info.Features, api.FeatureBatch) {
		offers = append(offers, Batches)
	}
	if slices.Contains(c.info.Features, api.FeatureStream) {
		offers = append(offers, Stream)
	}
	c.transport = offers[len(offers)-1]
	if o.Transport != "" {
		if c.transport = o.Transport; !slices.Contains(offers, c.transport) {
			return fmt.Errorf("%w with the transport %q: %s has %q", ErrServer, o.Transport, c.base, offers)
		}
	}
	if c.transport != Stream {
		return nil
	}
	conn, err := c.upgrade(ctx)
	if err == nil {
		c.stream = newStream(c, conn)
		return nil
	}
	if o.Transport == "" && errors.Is(err, errNoUpgrade) {
		// Something on the way to the server, a proxy, does not know upgrades.
		c.transport = offers[len(offers)-2]
		return nil
	}
	return err
}

// ask asks the server what it is.
func (c *Client) ask(ctx context.Context) (info api.Info, dev link.Info, err error) {
	body, err := c.call(ctx, http.MethodGet, api.PathInfo, nil, nil)
	if err != nil {
		return info, dev, err
	}
	if err := json.Unmarshal(body, &info); err != nil {
		return info, dev, fmt.Errorf("%w: %s answers /info with something else: %w", ErrServer, c.base, err)
	}
	dev.Name, dev.MTU = c.base, info.MTU
	if dev.MTU < 68 || dev.MTU > 65535 {
		return info, dev, fmt.Errorf("%w: %s says that its MTU is %d", ErrServer, c.base, dev.MTU)
	}
	hw := info.HardwareAddr
	if c.name != "" && info.ClientHardwareAddr != "" {
		hw = info.ClientHardwareAddr
	}
	if dev.HardwareAddr, err = link.ParseAddr(hw); err != nil {
		return info, dev, fmt.Errorf("%w: %s says that its hardware address is %w", ErrServer, c.base, err)
	}
	return info, dev, nil
}

// Info implements link.Device.
func (c *Client) Info() link.Info { return c.device }

// Transport returns how the frames travel.
func (c *Client) Transport() Transport { return c.transport }

// Comments tells whether frames have comments: they were asked for, and the server takes them.
func (c *Client) Comments() bool { return c.comment != nil }

// Dropped returns how many frames were longer than the reader's buffer.
func (c *Client) Dropped() uint64 { return c.dropped.Load() }

// Lost returns how many frames a broken stream has taken along: those that were written while
// there was no connection, and those that were cut by its end, in both directions.
func (c *Client) Lost() uint64 { return c.lost.Load() }

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
	switch {
	case len(bufs) == 0:
		return 0, nil
	case c.stream != nil:
		return c.stream.readFrames(bufs, sizes)
	}
	return c.pollRead(bufs, sizes)
}

// WriteFrames implements link.Device. While a broken stream is made anew, frames are lost, as
// on a link without a carrier, and counted.
func (c *Client) WriteFrames(frames [][]byte) (done int, err error) {
	c.write.Lock()
	defer c.write.Unlock()
	if c.ctx.Err() != nil {
		return 0, net.ErrClosed
	}
	fit, bad := c.device.Fit(frames)
	if c.stream != nil && c.comment == nil {
		done, err = c.stream.writeFrames(frames[:fit])
	} else {
		done, err = c.pollWrite(frames[:fit])
	}
	if err != nil {
		return done, err
	}
	return done, bad
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

// Close implements link.Device: calls in progress end with net.ErrClosed.
func (c *Client) Close() error {
	c.cancel()
	if c.stream != nil {
		c.stream.close()
	}
	c.http.CloseIdleConnections()
	return nil
}
