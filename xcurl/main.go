// Command xcurl fetches a page with a host of its own: DHCP, ARP, DNS, NTP, TCP and HTTP run in
// this process, over the frames that httptap relays or over a device.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/port"
	"httptap/httptap/privilege"
	"httptap/stack/link"
	"httptap/tapclient"
	"httptap/xcurl/internal/curl"
)

const usage = `xcurl fetches a URL with a network stack of its own and shows every frame of it.

Usage:
  xcurl -ihttp [flags] URL         over httptap, without privilege
  sudo xcurl -i tap0 [flags] URL   directly on a TAP or a NIC

Flags:
`

const examples = `
Examples:
  xcurl -ihttp http://www.httptap.test/
  xcurl -ihttp -ntp -nopcap -o page.html www.httptap.test
  xcurl -ihttp -v -H 'Accept: text/html' -L http://www.httptap.test/redirect
  xcurl -ihttp -url unix:/tmp/httptap www.httptap.test
  xcurl -ihttp -host www.httptap.test          as -host NAME, the page at /

The body goes to stdout, everything else to stderr.

Exit status, as curl's: 0 done, 1 protocol not supported, 2 wrong usage, 3 malformed URL, 6 name
not found, 7 can't connect (no httptap, no device, refused), 18 body cut short, 22 status 400 or
above with -f, 23 can't write, 28 out of time (also: no DHCP answer), 35 and 60 TLS, 47 too many
redirects, 52 empty reply, 55 sending failed, 56 receiving failed, 130 interrupted.
`

var version = "devel"

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// options are the flags that are not the run's own.
type options struct {
	curl.Config
	device  string
	ihttp   bool
	url     string
	client  string
	token   string
	maxTime time.Duration
	impair  link.ImpairConfig

	comments bool
}

var errDone = errors.New("done")

func main() {
	port.Helper()
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) || errors.Is(err, errDone) {
		return
	}
	if err != nil {
		exit(&curl.Error{Code: curl.ExitUsage, Err: err})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.maxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.maxTime)
		defer cancel()
	}
	if o.Device, err = o.open(ctx); err != nil {
		exit(curl.DeviceError(ctx, err))
	}
	err = curl.Run(ctx, o.Config)
	o.account()
	if err != nil {
		exit(err)
	}
}

// account says how frames have travelled, when it was asked for, and always what that cost.
func (o *options) account() {
	c, ok := o.Device.(*tapclient.Client)
	if !ok {
		return
	}
	if o.Verbose {
		fmt.Fprintf(os.Stderr, "* frames came and went by %s\n", c.Transport())
	}
	if o.comments && !c.Comments() {
		fmt.Fprintln(os.Stderr, "xcurl: this httptap takes no comments")
	}
	if lost, dropped := c.Lost(), c.Dropped(); lost+dropped > 0 {
		fmt.Fprintf(os.Stderr, "xcurl: %d frames were lost when the stream to httptap broke, %d were too long\n", lost, dropped)
	}
}

func exit(err error) {
	code := 1
	var e *curl.Error
	if errors.As(err, &e) {
		code = e.Code
	}
	fmt.Fprintf(os.Stderr, "xcurl: (%d) %v\n", code, err)
	os.Exit(code)
}

// open opens what the flags name.
func (o *options) open(ctx context.Context) (link.Device, error) {
	if o.ihttp {
		options := tapclient.Options{Name: o.client, Token: o.token}
		if o.comments {
			o.Comments = new(curl.Comments)
			options.Comment = o.Comments.Of
		}
		c, err := tapclient.Dial(ctx, o.url, options)
		if err != nil || o.impair.IsZero() {
			return c, err
		}
		if err := c.Impair(ctx, o.impair); err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}
	var with port.Options
	if _, err := net.InterfaceByName(o.device); err != nil {
		// A TAP that we make needs an address for the kernel; one that was there is somebody's.
		with.Prefix = netip.MustParsePrefix("192.168.10.1/24")
	}
	d, err := port.Open(o.device, with)
	if err != nil {
		return nil, fmt.Errorf("%w; or use -ihttp, which needs no privilege, only a running httptap", err)
	}
	// What root is needed for is done, but for a file that only root may write.
	if o.Output != "" && o.Output != "-" {
		f, err := os.Create(o.Output)
		if err != nil {
			d.Close()
			return nil, &curl.Error{Code: curl.ExitWrite, Err: err}
		}
		o.Stdout, o.Output = f, ""
	}
	if err := privilege.Drop(); err != nil {
		d.Close()
		return nil, err
	}
	own := &ownAddress{d, link.LocalAddr("xcurl " + o.device)}
	if o.impair.IsZero() {
		return own, nil
	}
	return link.ImpairBoth(own, o.impair), nil
}

// ownAddress is a device on which we are a station of our own beside the kernel's.
type ownAddress struct {
	link.Device
	hw link.Addr
}

func (d *ownAddress) Info() link.Info {
	i := d.Device.Info()
	i.HardwareAddr = d.hw
	return i
}

// parse reads the command line.
func parse(args []string) (o options, err error) {
	o.Stdout, o.Stderr = os.Stdout, os.Stderr
	var host, addr, data, completion, impair string
	var head, showVersion bool
	var maxTime float64
	var headers list
	var localPort uint
	f := flag.NewFlagSet("xcurl", flag.ContinueOnError)
	f.StringVar(&o.device, "i", "tap0", "`interface` to use directly: tap* or a NIC; needs privilege")
	f.BoolVar(&o.ihttp, "ihttp", false, "use the device that an httptap relays")
	f.StringVar(&o.url, "url", api.DefaultURL, "`URL` of the httptap, or unix:PATH of its socket")
	f.StringVar(&o.client, "client", fmt.Sprintf("xcurl-%d", os.Getpid()), "`name` of this client at the httptap: it decides the hardware address")
	f.StringVar(&o.token, "token", "", "`token` that the httptap demands, when it is on another machine; else $"+api.TokenEnv+", which 'ps' does not show")
	f.StringVar(&impair, "impair", "", "make the link bad, both ways: `faults` such as loss=5%,delay=20ms,jitter=5ms,dup=1%,rate=10mbit,seed=7")
	f.BoolVar(&o.comments, "comments", false, "with -ihttp: tell httptap's captures why each TCP segment is sent, and its connection's state")
	f.StringVar(&host, "host", "", "`name` of the host whose page / is fetched, instead of a URL")
	f.StringVar(&addr, "addr", "", "`IP` address to request by DHCP")
	f.UintVar(&localPort, "port", 0, "local TCP `port`; 0 picks one")
	f.BoolVar(&o.NTP, "ntp", false, "measure the clock against the network's NTP server, else pool.ntp.org")
	f.BoolVar(&o.NoPcap, "nopcap", false, "no annotated line for each frame")
	f.StringVar(&o.Output, "o", "", "write the body to a `file`")
	f.BoolVar(&o.Include, "include", false, "write the response's head, too")
	f.BoolVar(&o.Verbose, "v", false, "show the heads of request and response")
	f.BoolVar(&o.Silent, "s", false, "no steps and no frames, only errors")
	f.BoolVar(&o.FailStatus, "f", false, "a status of 400 or above is a failure, exit status 22")
	f.BoolVar(&o.Follow, "L", false, "follow redirects")
	f.BoolVar(&o.Follow, "location", false, "follow redirects")
	f.IntVar(&o.MaxRedirects, "max-redirs", 50, "follow at most `n` redirects")
	f.BoolVar(&o.Insecure, "k", false, "do not verify the server's certificate")
	f.StringVar(&o.Method, "X", "", "request `method`")
	f.Var(&headers, "H", "`header` 'Name: value' to send; 'Name:' sends none; may be repeated")
	f.StringVar(&data, "d", "", "`data` to POST; @file reads a file, @- stdin")
	f.BoolVar(&head, "I", false, "ask for the head only")
	f.BoolVar(&head, "head", false, "ask for the head only")
	f.StringVar(&o.UserAgent, "A", "", "user `agent`")
	f.Float64Var(&maxTime, "max-time", 0, "give up after so many `seconds`; 0: never")
	f.BoolVar(&showVersion, "version", false, "print the version")
	f.StringVar(&completion, "completion", "", "print the completion script of a `shell`: bash, zsh or fish")
	f.Usage = func() {} // what is wrong is said once, by main
	f.SetOutput(io.Discard)
	// As with curl, flags may stand behind the URL.
	var urls []string
	for rest := args; ; {
		if err := f.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				fmt.Fprint(os.Stdout, usage)
				f.SetOutput(os.Stdout)
				f.PrintDefaults()
				fmt.Fprint(os.Stdout, examples)
				return o, err
			}
			return o, fmt.Errorf("%w; see xcurl -h", err)
		}
		if rest = f.Args(); len(rest) == 0 {
			break
		}
		urls, rest = append(urls, rest[0]), rest[1:]
	}
	switch {
	case showVersion:
		fmt.Println("xcurl", version)
		return o, errDone
	case completion != "":
		return o, complete(os.Stdout, f, completion)
	}
	if host != "" {
		urls = append(urls, host)
	}
	if len(urls) != 1 {
		return o, fmt.Errorf("one URL is needed, as in: xcurl -ihttp http://www.httptap.test/  (%d given); see xcurl -h", len(urls))
	}
	if o.token == "" {
		o.token = os.Getenv(api.TokenEnv)
	}
	o.URL, o.Headers, o.Hostname = urls[0], headers, "xcurl"
	o.NoPcap = o.NoPcap || o.Silent
	if addr != "" {
		if o.Requested, err = netip.ParseAddr(addr); err != nil || !o.Requested.Is4() {
			return o, fmt.Errorf("-addr %s: not an IPv4 address", addr)
		}
	}
	if o.impair, err = link.ParseImpair(impair); err != nil {
		return o, fmt.Errorf("-impair %w", err)
	}
	if o.comments && !o.ihttp {
		return o, errors.New("-comments needs -ihttp: it is httptap that captures")
	}
	if localPort > 65535 {
		return o, fmt.Errorf("-port %d: a port is at most 65535", localPort)
	}
	if maxTime < 0 {
		return o, fmt.Errorf("-max-time %v: a time is not negative", maxTime)
	}
	o.LocalPort, o.maxTime = uint16(localPort), time.Duration(maxTime*float64(time.Second))
	if head {
		o.Method, o.Include = "HEAD", true
	}
	f.Visit(func(f *flag.Flag) { o.HasData = o.HasData || f.Name == "d" })
	if o.HasData {
		o.Data, err = readData(data)
	}
	return o, err
}

// readData is curl's -d: the text itself, @file, or @- for stdin.
func readData(s string) ([]byte, error) {
	name, isFile := strings.CutPrefix(s, "@")
	switch {
	case !isFile:
		return []byte(s), nil
	case name == "-":
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// complete prints a shell's completion script, made from the flags themselves.
func complete(w io.Writer, f *flag.FlagSet, shell string) error {
	var names []string
	f.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	switch shell {
	case "bash":
		fmt.Fprintf(w, "complete -W %q xcurl\n", strings.Join(names, " "))
	case "zsh":
		fmt.Fprintf(w, "#compdef xcurl\ncompadd -- %s\n", strings.Join(names, " "))
	case "fish":
		f.VisitAll(func(f *flag.Flag) {
			_, text := flag.UnquoteUsage(f)
			fmt.Fprintf(w, "complete -c xcurl -o %s -d %q\n", f.Name, text)
		})
	default:
		return fmt.Errorf("-completion %s: one of bash, zsh, fish", shell)
	}
	return errDone
}
