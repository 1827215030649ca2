// Package curl is what xcurl does: it brings a host up on a device, fetches a page through it
// and says, step by step, what happened and how long it took.
//
//	device ── Tee (annotated lines) ── stack.Host: DHCP, ARP, NTP, DNS, TCP ── http1
//
// Read run.go (the steps in their order), fetch.go (one HTTP exchange), target.go (URLs),
// exit.go (curl's exit codes), show.go (what is printed), comments.go (what captures
// are told).
//
// The body goes to Stdout or the output file, everything else to Stderr.
package curl
