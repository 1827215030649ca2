// Command httptap opens a TAP device or a NIC and relays its Ethernet frames over HTTP, so that
// everything else can run without privilege.
//
// Read main.go (flags), run.go (what is joined with what), front.go (where it is called), show.go (the
// annotated lines).
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
	"httptap/httptap/internal/listen"
	"httptap/httptap/port"
)

const usage = `httptap opens a TAP device or a NIC and relays its Ethernet frames over HTTP.

Usage:
  sudo httptap [flags]        a TAP, tap0, with a small network of its own behind it
  httptap -i user [flags]     without root and without a device: the lab is the network
  sudo httptap -i eth0        a real NIC, promiscuous

Flags:
`

const examples = `
Examples:
  sudo httptap                                then: go run ./xcurl -ihttp http://www.httptap.test/
  httptap -i user -listen 127.0.0.1:7071 -q   a second one, silent
  sudo httptap -net 10.1.2.1/24 -mtu 9000
  httptap -i user -listen unix:/tmp/httptap   for programs of this user alone
  httptap -qemu unix:/tmp/vm                  then: qemu-system-x86_64 -nic none -device virtio-net-pci,netdev=n
                                              -netdev stream,id=n,server=off,addr.type=unix,addr.path=/tmp/vm ...
  sudo tcpdump -i tap0                        or Wireshark: every frame, the lab's answers too

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
}

func main() {
	port.Helper()
	o, err := parse(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errDone):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "httptap: %v\n", err)
		os.Exit(2)
	}
	if err := run(o, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "httptap: %v\n", err)
		os.Exit(1)
	}
}

// errDone says that a flag's work is done and nothing has to be run.
var errDone = errors.New("done")

// parse reads the command line.
func parse(args []string, stdout, stderr io.Writer) (options, error) {
	var o options
	var showVersion bool
	var completion string
	f := flag.NewFlagSet("httptap", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.device, "i", "tap0", "`device`: tap* makes a TAP, any other name is a NIC, user needs neither root nor device")
	network := f.String("net", "192.168.10.1/24", "the kernel's `address/length` on the TAP; with -i user the lab's")
	f.IntVar(&o.mtu, "mtu", 1500, "largest payload of a frame in `bytes`, 576 to 65521")
	o.listen.All = []listen.Address{{Network: "tcp", Text: api.DefaultListen}}
	f.Var(&o.listen, "listen", "`address:port` or unix:PATH where the HTTP server listens; several with commas, or by giving it again; one that other machines reach demands a token")
	f.Var(&o.qemu, "qemu", "unix:PATH or loopback `address:port` for streams of frames without HTTP, as QEMU's -netdev stream makes them; may be given again")
	f.StringVar(&o.tokenFile, "token-file", "", "`file` with the token that TCP demands then, also on loopback; else it is $"+api.TokenEnv+", or made and printed, and demanded of other machines only")
	f.BoolVar(&o.lab, "lab", true, "built-in DHCP, DNS, NTP and HTTP servers; off by default for a NIC")
	f.BoolVar(&o.quiet, "q", false, "do not print a line for each frame")
	f.BoolVar(&showVersion, "version", false, "print the version")
	f.StringVar(&completion, "completion", "", "print the completion script of a `shell`: bash, zsh or fish")
	f.Usage = func() {
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		f.SetOutput(stderr)
		fmt.Fprint(stdout, examples)
	}
	if err := f.Parse(args); err != nil {
		return o, err
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
	isNIC := o.device != userDevice && !strings.HasPrefix(o.device, "tap")
	given := false
	f.Visit(func(f *flag.Flag) { given = given || f.Name == "lab" })
	if isNIC && !given {
		o.lab = false // the real network serves
	}
	var err error
	if o.net, err = netip.ParsePrefix(*network); err != nil || !o.net.Addr().Is4() || o.net.Bits() > 30 {
		return o, fmt.Errorf("-net %s: not an IPv4 address and length of 30 or less, such as 192.168.10.1/24", *network)
	}
	if o.mtu < 576 || o.mtu > 65521 {
		return o, fmt.Errorf("-mtu %d: from 576 (the least that IPv4 hosts take, RFC 1122) to 65521", o.mtu)
	}
	return o, nil
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
