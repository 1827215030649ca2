package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"httptap/httptap/api"
)

// Wireshark runs every program in its extcap folders, with one of these: what interfaces it has, what
// link type one has, what can be set for it, whether a capture filter is right, and to capture. See
// extcap(4), which Wireshark brings along.
//
//	httptap --extcap-interfaces --extcap-version=4.0
//	httptap --extcap-dlts --extcap-interface httptap
//	httptap --extcap-config --extcap-interface httptap
//	httptap --extcap-interface httptap --extcap-capture-filter FILTER
//	httptap --capture --extcap-interface httptap --fifo PATH [--url URL] [...]

// The interfaces that Wireshark lists.
const (
	extcapRelay    = "httptap"
	extcapRootless = "httptap-user"
)

var extcapNames = []string{extcapRelay, extcapRootless}

// isExtcap tells whether it is Wireshark that calls.
func isExtcap(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		a = strings.TrimLeft(a, "-")
		return strings.HasPrefix(a, "extcap-") || a == "capture"
	})
}

// extcapOptions are the arguments of a call.
type extcapOptions struct {
	interfaces, dlts, config, capture bool

	version, iface, fifo, filter string
	url, listen, since, port     string
}

func parseExtcap(args []string) (o extcapOptions, err error) {
	f := flag.NewFlagSet("httptap", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.interfaces, "extcap-interfaces", false, "")
	f.BoolVar(&o.dlts, "extcap-dlts", false, "")
	f.BoolVar(&o.config, "extcap-config", false, "")
	f.BoolVar(&o.capture, "capture", false, "")
	f.StringVar(&o.version, "extcap-version", "", "")
	f.StringVar(&o.iface, "extcap-interface", "", "")
	f.StringVar(&o.fifo, "fifo", "", "")
	f.StringVar(&o.filter, "extcap-capture-filter", "", "")
	f.StringVar(&o.url, "url", api.DefaultURL, "")
	f.StringVar(&o.listen, "listen", api.DefaultListen, "")
	f.StringVar(&o.since, "since", "", "")
	f.StringVar(&o.port, "port", "", "")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("what is %q?", f.Arg(0))
	}
	if !o.interfaces && !slices.Contains(extcapNames, o.iface) {
		return o, fmt.Errorf("--extcap-interface %q: there are %s", o.iface, strings.Join(extcapNames, " and "))
	}
	return o, nil
}

// extcap does what Wireshark asks for.
func extcap(args []string, stdout io.Writer) error {
	o, err := parseExtcap(args)
	if err != nil {
		return err
	}
	switch {
	case o.interfaces:
		fmt.Fprintf(stdout, "extcap {version=%s}{display=httptap}\n", version)
		fmt.Fprintf(stdout, "interface {value=%s}{display=httptap: relay at %s}\n", extcapRelay, api.DefaultURL)
		fmt.Fprintf(stdout, "interface {value=%s}{display=httptap: rootless, a network of its own}\n", extcapRootless)
	case o.dlts:
		fmt.Fprintln(stdout, "dlt {number=1}{name=EN10MB}{display=Ethernet}")
	case o.config:
		io.WriteString(stdout, extcapConfig(o.iface))
	case o.capture:
		return o.run()
	case o.filter != "":
		// Whatever is printed is why the filter is wrong. Whether it is, the relay knows.
		if err := o.tryFilter(); err != nil {
			fmt.Fprintln(stdout, err)
		}
	}
	return nil
}

// extcapConfig is the dialog of an interface.
func extcapConfig(iface string) string {
	first := "arg {number=0}{call=--url}{display=Relay}{tooltip=The URL of a running httptap}{type=string}{default=" + api.DefaultURL + "}\n"
	if iface == extcapRootless {
		first = "arg {number=0}{call=--listen}{display=Listen on}{tooltip=The address and port of the httptap that is started}{type=string}{default=" + api.DefaultListen + "}\n"
	}
	return first +
		"arg {number=1}{call=--since}{display=Since}{tooltip=How long back to start, such as 10s, or all}{type=string}\n" +
		"arg {number=2}{call=--port}{display=Only port}{tooltip=Only what this port sends and what is for it, such as lab or client NAME}{type=string}\n"
}

// captureURL is the call of a relay that an extcap makes.
func (o *extcapOptions) captureURL(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("--url %s: not the URL of an httptap, such as %s", base, api.DefaultURL)
	}
	v := url.Values{}
	for name, value := range map[string]string{api.SinceParam: o.since, api.PortParam: o.port, api.FilterParam: o.filter} {
		if value != "" {
			v.Set(name, value)
		}
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + api.PathCapture
	u.RawQuery = v.Encode()
	return u.String(), nil
}

// openCapture calls a relay; the body is the capture.
func openCapture(ctx context.Context, call string) (io.ReadCloser, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, call, nil)
	if err != nil {
		return nil, err
	}
	// The relay is near: no proxy.
	resp, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}).Do(q)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("no httptap answers: start one with 'sudo httptap', or 'httptap -i user' without root: %w", err)
	case err != nil:
		return nil, fmt.Errorf("no httptap answers: %w", err)
	case resp.StatusCode == http.StatusOK:
		return resp.Body, nil
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var says api.Error
	if json.Unmarshal(b, &says) != nil || says.Error == "" {
		says.Error = "it has no captures: is it an httptap?"
	}
	return nil, fmt.Errorf("%s: %s: %s", call, resp.Status, says.Error)
}

// tryFilter has the relay compile the filter. When none runs there is nobody to ask, and capturing
// will say so.
func (o *extcapOptions) tryFilter() error {
	call, err := o.captureURL(o.url)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	body, err := openCapture(ctx, call)
	if err == nil {
		return body.Close()
	}
	if _, isNet := errors.AsType[net.Error](err); isNet {
		return nil
	}
	return err
}

// run captures into the fifo until Wireshark ends it or the relay does.
func (o *extcapOptions) run() error {
	if o.fifo == "" {
		return errors.New("--capture needs --fifo PATH")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fifo, err := os.OpenFile(o.fifo, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer fifo.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		if readerGone(fifo) {
			cancel()
		}
	}()
	base := o.url
	if o.iface == extcapRootless {
		base = "http://" + o.listen
		if err := startRootless(ctx, o.listen); err != nil {
			return err
		}
	}
	call, err := o.captureURL(base)
	if err != nil {
		return err
	}
	body, err := openCapture(ctx, call)
	if err == nil {
		defer body.Close()
		_, err = io.Copy(fifo, body)
	}
	if ctx.Err() != nil || errors.Is(err, syscall.EPIPE) {
		return nil // Wireshark has stopped
	}
	if err == nil {
		err = errors.New("the httptap has ended")
	}
	return err
}

// startRootless runs httptap -i user in this process, and returns when it listens. It ends with the
// process.
func startRootless(ctx context.Context, listen string) error {
	o, err := parse([]string{"-i", userDevice, "-q", "-listen", listen}, io.Discard)
	if err != nil {
		return err
	}
	ready := make(chan struct{})
	failed := make(chan error, 1)
	go func() { failed <- run(o, firstWrite(ready), io.Discard) }()
	select {
	case <-ready:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// firstWrite is closed by the first line that is written to it.
type firstWrite chan struct{}

func (w firstWrite) Write(b []byte) (int, error) {
	select {
	case <-w:
	default:
		close(w)
	}
	return len(b), nil
}
