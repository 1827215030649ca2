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
	// Token is what a server that other machines reach demands. Without one it is the password in the
	// URL, or its user when there is no password: http://TOKEN@192.0.2.1:7070.
	Token string
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
	base      string   // what was dialed, for errors
	url       *url.URL // of the calls
	root      string   // the same
	socket    string   // path of the Unix socket; "": TCP
	name      string
	token     string
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

// Dial asks the httptap at base, such as "http://127.0.0.1:7070" or "unix:/tmp/httptap", what it
// is, and returns its device. The error wraps ErrUnreachable, ErrServer or ErrRefused, and says the
// way out.
func Dial(ctx context.Context, base string, o Options) (*Client, error) {
	c, err := locate(base, o)
	if err != nil {
		return nil, err
	}
	if err := c.dial(ctx, o); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// locate returns a client of the server at base, which was not called yet.
func locate(base string, o Options) (*Client, error) {
	u, socket, err := parse(base)
	if err != nil {
		return nil, err
	}
	if u.User != nil {
		if password, ok := u.User.Password(); o.Token == "" && ok {
			o.Token = password
		} else if o.Token == "" {
			o.Token = u.User.Username()
		}
		u.User = nil // it is not to be in an error
	}
	return newClient(u, socket, o), nil
}

// parse returns the URL of a server's calls and, when it listens on a Unix socket, its path.
func parse(base string) (u *url.URL, socket string, err error) {
	if socket, ok := strings.CutPrefix(base, "unix:"); ok && socket != "" {
		if rest, ok := strings.CutPrefix(socket, "//"); ok {
			socket = rest // as in a URL: unix:///run/x is /run/x
		}
		return &url.URL{Scheme: "http", Host: "localhost"}, socket, nil
	}
	u, err = url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		base = base[strings.LastIndexByte(base, '@')+1:] // without the token
		return nil, "", fmt.Errorf("%q is not the URL of an httptap, such as %s or unix:/tmp/httptap", base, api.DefaultURL)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, "", nil
}

func newClient(u *url.URL, socket string, o Options) *Client {
	c := &Client{base: u.String(), url: u, root: u.String(), socket: socket, name: o.Name, token: o.Token, dialer: (&net.Dialer{Timeout: dialFor}).DialContext}
	if socket != "" {
		c.base = "unix:" + socket
	}
	// The relay is near: no proxy, no compression, a connection for each direction kept open.
	c.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.open(ctx, network, address)
		},
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// open opens a connection to the server.
func (c *Client) open(ctx context.Context, network, address string) (net.Conn, error) {
	if c.socket != "" {
		network, address = "unix", c.socket
	}
	return c.dialer(ctx, network, address)
}

// at names one of the server's calls.
func (c *Client) at(path string) string {
	if c.socket != "" {
		return c.base + " " + path
	}
	return c.base + path
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
