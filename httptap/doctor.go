package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"httptap/httptap/internal/doctor"
)

const doctorUsage = `httptap doctor names what stands in the way of running httptap, and what mends it.

Usage:
  httptap doctor [-json] [httptap's own flags]

It takes the flags that httptap is to be started with, looks at what matters for them, and changes
nothing. As root it sees more: who has a port, which DHCP servers are on a link. Each line is

  ok|warn|FAIL  what was looked at  - why it is so - what mends it

With FAIL httptap does not start, or not do what it is for. -json prints the same as an array of
{"level", "what", "why", "fix"}.

Examples:
  httptap doctor                     can I have a TAP?
  httptap doctor -i user             without root?
  sudo httptap doctor -nat           does a firewall stop what is forwarded?
  sudo httptap doctor -i eth0        a NIC; asks its link for DHCP servers

Exit status: 0 when nothing fails, 1 when something does, 2 for wrong usage.
`

// diagnose is the sub-command doctor. It returns the exit status.
func diagnose(args []string, s *doctor.System, stdout, stderr io.Writer) int {
	asJSON := false
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool {
		is := a == "-json" || a == "--json"
		asJSON = asJSON || is
		return is
	})
	if slices.ContainsFunc(args, func(a string) bool { return slices.Contains([]string{"-h", "-help", "--help"}, a) }) {
		fmt.Fprint(stdout, doctorUsage)
		return 0
	}
	o, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errDone):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "httptap: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := doctor.Request{Device: o.device, Net: o.net, Lab: o.lab, NAT: o.nat}
	for _, a := range append(slices.Clone(o.listen.All), o.qemu.All...) {
		r.Listen = append(r.Listen, a.String())
	}
	if !o.isNIC() || given(args, "mtu") {
		r.MTU = o.mtu // of a NIC only what was asked for is wrong
	}
	found := doctor.Examine(ctx, s, r)
	write := doctor.WriteText
	if asJSON {
		write = doctor.WriteJSON
	}
	if err := write(stdout, found); err != nil {
		fmt.Fprintf(stderr, "httptap: %v\n", err)
		return 1
	}
	if doctor.Failed(found) {
		return 1
	}
	return 0
}

// given tells whether a flag stands in the arguments.
func given(args []string, name string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		a, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-"), "=")
		return a == name
	})
}

// consult says how to find out more when httptap could not start with these arguments.
func consult(args []string) string {
	return strings.Join(append([]string{"httptap doctor"}, args...), " ")
}
