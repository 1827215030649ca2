package curl

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"time"

	"httptap/stack"
	"httptap/stack/link"
	"httptap/stack/ntp"
)

// Config says what to fetch and how. Device and URL are needed.
type Config struct {
	Device    link.Device // is closed at the end
	URL       string
	Requested netip.Addr // to ask DHCP for; the run fails when another one is given
	LocalPort uint16     // TCP source port; 0: random
	NTP       bool       // ask a server for the time, too
	NoPcap    bool       // no annotated lines
	Silent    bool       // no steps either
	Verbose   bool       // header lines

	Method       string // "": GET, or POST with Data
	Headers      []string
	Data         []byte // body of the request
	HasData      bool
	UserAgent    string
	Include      bool // response head goes to the output, too
	FailStatus   bool // status 400 and above fail with ExitHTTP
	Follow       bool
	MaxRedirects int
	Insecure     bool // do not verify certificates
	Output       string
	Hostname     string    // told to the DHCP server
	Seed         uint64    // of the host; 0: random
	Comments     *Comments // are told of each segment that is sent; nil: nobody is

	Stdout, Stderr io.Writer
}

// Times of a run that nothing else bounds.
const (
	dhcpTime    = 15 * time.Second // three tries, RFC 2131, 4.1
	resolveTime = 5 * time.Second
	ntpTime     = 8 * time.Second
	releaseTime = 2 * time.Second
)

// ntpFallback is asked when the DHCP server names no NTP server.
const ntpFallback = "pool.ntp.org"

// Run brings a host up on cfg.Device, fetches cfg.URL through it and gives the lease back. The
// error is an *Error.
func Run(ctx context.Context, cfg Config) (err error) {
	t, err := parseTarget(cfg.URL)
	if err != nil {
		cfg.Device.Close()
		return err
	}
	s := newShow(cfg.Stderr, !cfg.Silent)
	device := cfg.Device
	s.isUs(device.Info().HardwareAddr, netip.Addr{})
	if !cfg.NoPcap {
		device = link.Tee(device, s.frame)
	}
	config := stack.Config{Device: device, Hostname: cfg.Hostname, Seed: cfg.Seed}
	if cfg.Comments != nil {
		config.OnSegment = cfg.Comments.OnSegment
	}
	host, err := stack.New(config)
	if err != nil {
		cfg.Device.Close()
		return fail(ctx, ExitConnect, err)
	}
	defer host.Close()
	defer func() {
		// Whatever happened, and also after Ctrl-C, the address is given back.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
		defer cancel()
		if e := host.Release(ctx); e != nil && err == nil {
			err = fail(ctx, ExitSend, e)
		}
	}()
	if err := configure(ctx, host, s, cfg); err != nil {
		return err
	}
	if cfg.NTP {
		if err := askTime(ctx, host, s); err != nil {
			return err
		}
	}
	out := &output{w: cfg.Stdout, name: cfg.Output}
	err = fetchAll(ctx, host, s, cfg, t, out)
	if e := out.close(); e != nil && err == nil {
		err = failf(ExitWrite, "%w", e)
	}
	return err
}

// configure obtains the lease and finds the router.
func configure(ctx context.Context, host *stack.Host, s *show, cfg Config) error {
	limit, cancel := context.WithTimeout(ctx, dhcpTime)
	defer cancel()
	lease, err := host.DHCP(limit, cfg.Requested)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
			return failf(ExitTimeout, "no DHCP lease within %v: %w. Is a DHCP server on this network? httptap has one for tap* and user, but not for a NIC unless started with -lab", dhcpTime, err)
		}
		return fail(ctx, ExitConnect, err)
	}
	s.isUs(link.Addr{}, lease.Addr.Addr())
	s.done("DHCP lease %s from %s", lease.Addr.Addr(), lease.Server)
	if cfg.Requested.IsValid() && lease.Addr.Addr() != cfg.Requested {
		return failf(ExitConnect, "the DHCP server gave %s, not %s as requested: it may be in use, or not the server's to give", lease.Addr.Addr(), cfg.Requested)
	}
	if len(lease.Routers) == 0 {
		return nil
	}
	limit, cancel2 := context.WithTimeout(ctx, resolveTime)
	defer cancel2()
	router := lease.Routers[0]
	hw, err := host.Resolve(limit, router)
	if err != nil {
		return fail(ctx, ExitConnect, err)
	}
	s.done("router %s is at %s", router, hw)
	return nil
}

// askTime measures the clock against the network's NTP server.
func askTime(ctx context.Context, host *stack.Host, s *show) error {
	limit, cancel := context.WithTimeout(ctx, ntpTime)
	defer cancel()
	lease, _ := host.Lease()
	servers := lease.NTP
	if len(servers) == 0 {
		var err error
		if servers, err = host.LookupHost(limit, ntpFallback); err != nil {
			return fail(ctx, ExitResolve, err)
		}
		s.done("%s is %s", ntpFallback, servers[0])
	}
	var sample ntp.Sample
	var err error
	for _, server := range servers {
		if sample, err = host.Offset(limit, server); err == nil {
			break
		}
	}
	if err != nil {
		return fail(ctx, ExitConnect, err)
	}
	relative := "behind"
	if sample.Offset < 0 {
		relative = "ahead of"
	}
	s.done("NTP %s: this clock is %s %s the server's, stratum %d, delay %s", sample.Server,
		pretty(sample.Offset.Abs()), relative, sample.Stratum, pretty(sample.Delay))
	return nil
}

// output is where the body goes: stdout, or a file that is made when the first byte comes.
type output struct {
	w    io.Writer
	name string
	file *os.File
}

func (o *output) Write(b []byte) (int, error) {
	if o.name != "" && o.name != "-" && o.file == nil {
		f, err := os.Create(o.name)
		if err != nil {
			return 0, err
		}
		o.file, o.w = f, f
	}
	return o.w.Write(b)
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}
