// Command httptap opens a TAP device or a NIC and relays its Ethernet frames over HTTP, so that
// everything else can run without privilege.
//
// Read main.go (flags), run.go (what is joined with what), front.go (where it is called), nat.go (-nat), show.go (the
// annotated lines), extcap.go and install.go (httptap as an interface of Wireshark).
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"httptap/httptap/api"
	"httptap/httptap/internal/doctor"
	"httptap/httptap/internal/listen"
	"httptap/httptap/internal/logs"
	"httptap/httptap/internal/nat"
	"httptap/httptap/port"
	"httptap/pcap"
	"httptap/pcap/gopackets"
	"httptap/stack/link"
)

const usage = `httptap opens a TAP device or a NIC and relays its Ethernet frames over HTTP.

Usage:
  sudo httptap [flags]        a TAP, tap0, with a small network of its own behind it
  sudo httptap -nat           and with the networks of this machine, through its kernel
  httptap -i user [flags]     without root and without a device: the lab, and through this
                              machine's own sockets the real network
  sudo httptap -i eth0        a real NIC, promiscuous
  httptap doctor [flags]      what stands in the way, and what mends it
  httptap install-extcap      puts httptap into Wireshark's list of interfaces

Flags:
`

const examples = `
Examples:
  sudo httptap                                then: go run ./xcurl -ihttp http://www.httptap.test/
  httptap -i user                             then: go run ./xcurl -ihttp http://example.com/
  httptap -i user -listen 127.0.0.1:7071 -q   a second one, silent
  httptap -i user -gateway=false              nothing but the lab
  sudo httptap -net 10.1.2.1/24 -mtu 9000
  httptap -i user -impair loss=5%,delay=20ms,seed=7    every client has a bad link
  httptap -i user -listen unix:/tmp/httptap   for programs of this user alone
  httptap -qemu unix:/tmp/vm                  then: qemu-system-x86_64 -nic none -device virtio-net-pci,netdev=n
                                              -netdev stream,id=n,server=off,addr.type=unix,addr.path=/tmp/vm ...
  sudo httptap -nat                           then: go run ./xcurl -ihttp http://a.host.of.your.network/
  sudo tcpdump -i tap0                        or Wireshark: every frame, the lab's answers too
  curl -sN 127.0.0.1:7070/capture?since=10s | wireshark -k -i -    the same without root, and why

Exit status: 0 after Ctrl-C, 1 when it can't start or the device fails, 2 for wrong usage.
`

// version is set by the linker for releases.
var version = "devel"

// options are the flags.
type options struct {
	device    string
	net       netip.Prefix
	mtu       int
	listen    listen.List
	qemu      listen.List
	tokenFile string
	lab       bool
	quiet     bool
	impair    link.ImpairConfig
	log       logs.Config
	ring      ringSize
	// gateway says that clients may reach the real network. With -i user only.
	gateway bool
	// nat says that clients of a TAP may, through this machine's kernel.
	nat bool
}

// isNIC tells whether the device is an interface that is there already.
func (o options) isNIC() bool { return o.device != userDevice && !strings.HasPrefix(o.device, "tap") }

func main() {
	port.Helper()
	nat.Helper()
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "doctor" {
		os.Exit(diagnose(args[1:], doctor.Local(), os.Stdout, os.Stderr))
	}
	if done, err := subcommand(args, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "httptap: %v\n", err)
		os.Exit(1)
	} else if done {
		return
	}
	o, err := parse(args, os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errDone):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "httptap: %v\n", err)
		os.Exit(2)
	}
	gopackets.Each(pcap.UseFallback)
	if err := run(o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "httptap: %v\n", err)
		var start startError
		if errors.As(err, &start) {
			fmt.Fprintf(os.Stderr, "httptap: what else stands in the way says: %s\n", consult(args))
		}
		os.Exit(1)
	}
}

// errDone says that a flag's work is done and nothing has to be run.
var errDone = errors.New("done")

// parse reads the command line.
func parse(args []string, stdout io.Writer) (options, error) {
	o := options{ring: defaultRing}
	var showVersion bool
	var completion, impair string
	f := flag.NewFlagSet("httptap", flag.ContinueOnError)
	f.SetOutput(io.Discard) // what is wrong is said once, by who called
	f.StringVar(&o.device, "i", "tap0", "`device`: tap* makes a TAP, any other name is a NIC, user needs neither root nor device")
	network := f.String("net", "192.168.10.1/24", "the kernel's `address/length` on the TAP; with -i user the lab's")
	f.IntVar(&o.mtu, "mtu", 1500, "largest payload of a frame in `bytes`, 576 to 65521")
	o.listen.All = []listen.Address{{Network: "tcp", Text: api.DefaultListen}}
	f.Var(&o.listen, "listen", "`address:port` or unix:PATH where the HTTP server listens; several with commas, or by giving it again; one that other machines reach demands a token")
	f.Var(&o.qemu, "qemu", "unix:PATH or loopback `address:port` for streams of frames without HTTP, as QEMU's -netdev stream makes them; may be given again")
	f.StringVar(&o.tokenFile, "token-file", "", "`file` with the token that TCP demands then, also on loopback; else it is $"+api.TokenEnv+", or made and printed, and demanded of other machines only")
	f.BoolVar(&o.lab, "lab", true, "built-in DHCP, DNS, NTP and HTTP servers; off by default for a NIC")
	f.BoolVar(&o.nat, "nat", false, "give a TAP's clients the IPv4 networks of this machine: its kernel forwards for them, and masquerades")
	f.Var(&o.ring, "ring", "`size` of the memory that keeps the last frames for captures that start in the past, such as 64MB; 0 keeps none")
	f.BoolVar(&o.gateway, "gateway", true, "with -i user: clients reach the real network through this machine's sockets, but not its loopback")
	f.BoolVar(&o.quiet, "q", false, "do not print a line for each frame")
	f.StringVar(&impair, "impair", "", "make the clients' link bad, both ways: `faults` such as loss=5%,delay=20ms,jitter=5ms,dup=1%,rate=10mbit,seed=7; PUT /impair changes it")
	level := f.String("log", "warn", "`level` of what is logged to stderr, and worse: debug, info (clients that come and go), warn, error")
	format := f.String("log-format", logs.Text, "`format` of the log: text or json")
	f.BoolVar(&showVersion, "version", false, "print the version")
	f.StringVar(&completion, "completion", "", "print the completion script of a `shell`: bash, zsh or fish")
	f.Usage = func() {}
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		fmt.Fprint(stdout, examples)
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w; see httptap -h", err)
	}
	switch {
	case showVersion:
		fmt.Fprintln(stdout, "httptap", version)
		return o, errDone
	case completion != "":
		return o, complete(stdout, f, completion)
	case f.NArg() > 0:
		return o, fmt.Errorf("what is %q? httptap takes flags only; see httptap -h", f.Arg(0))
	}
	given := false
	f.Visit(func(f *flag.Flag) { given = given || f.Name == "lab" })
	if o.isNIC() && !given {
		o.lab = false // the real network serves
	}
	var err error
	if o.net, err = netip.ParsePrefix(*network); err != nil || !o.net.Addr().Is4() || o.net.Bits() > 30 {
		return o, fmt.Errorf("-net %s: not an IPv4 address and length of 30 or less, such as 192.168.10.1/24", *network)
	}
	if o.impair, err = link.ParseImpair(impair); err != nil {
		return o, fmt.Errorf("-impair %w", err)
	}
	if o.mtu < 576 || o.mtu > 65521 {
		return o, fmt.Errorf("-mtu %d: from 576 (the least that IPv4 hosts take, RFC 1122) to 65521", o.mtu)
	}
	if o.log.Level, err = logs.ParseLevel(*level); err != nil {
		return o, fmt.Errorf("-log: %w", err)
	}
	if o.log.Format, err = logs.ParseFormat(*format); err != nil {
		return o, fmt.Errorf("-log-format: %w", err)
	}
	return o, o.checkNAT()
}

// complete prints a shell's completion script, made from the flags themselves.
func complete(w io.Writer, f *flag.FlagSet, shell string) error {
	var names []string
	f.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	switch shell {
	case "bash":
		fmt.Fprintf(w, "complete -W %q httptap\n", strings.Join(names, " "))
	case "zsh":
		fmt.Fprintf(w, "#compdef httptap\ncompadd -- %s\n", strings.Join(names, " "))
	case "fish":
		f.VisitAll(func(f *flag.Flag) {
			_, text := flag.UnquoteUsage(f)
			fmt.Fprintf(w, "complete -c httptap -o %s -d %q\n", f.Name, text)
		})
	default:
		return fmt.Errorf("-completion %s: one of bash, zsh, fish", shell)
	}
	return errDone
}
