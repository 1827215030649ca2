// Command tapdump explains captures: from a file, a pipe, or a running httptap.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"httptap/pcap"
	"httptap/pcap/filter"
	"httptap/pcap/gopackets"
	"httptap/pcap/tapdump/internal/dump"
)

const usage = `tapdump explains every bit of the frames of a capture.

Usage:
  tapdump [flags] FILE [filter]     a pcap or pcapng file, also one of gzip or zstd; - is standard input
  tapdump [flags] -ihttp [filter]   what crosses the switch of a running httptap

A filter is one of Wireshark's display filters. -- ends the flags, for a filter that begins with a minus.

Flags:
`

const examples = `
Examples:
  tapdump capture.pcapng                                 a line a frame
  tapdump -T summary capture.pcap.gz tcp.port == 80      columns, as tshark has them
  tapdump -V -c 1 capture.pcapng dns                     a tree of all fields
  tapdump -x capture.pcapng 'frame.number == 7'          which byte is what
  tapdump -T json capture.pcapng | jq '.[].layers[].name'
  tapdump -T fields -e frame.number -e ip.src -e tcp.srcport -E header=y capture.pcapng tcp
  tapdump -z conv,tcp -z expert capture.pcapng           who speaks with whom, and what is wrong
  tapdump -w dns.pcapng capture.pcapng dns               only some frames, all else kept
  tapdump -f growing.pcapng                              a file that somebody is writing
  tapdump -ihttp -since 10s arp or dhcp
  sudo tcpdump -i eth0 -w - | tapdump -

Exit status: 0 done, 1 reading or writing failed, 2 wrong usage or filter, 3 no such file, no capture, no
httptap, 4 the capture is cut or damaged (all before that place was treated), 130 interrupted before a file's end.
`

var version = "devel"

var errDone = errors.New("done")

func main() {
	gopackets.Each(pcap.UseFallback)
	c, err := parse(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) || errors.Is(err, errDone) {
		return
	}
	if err != nil {
		exit(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	// The first interrupt ends the run with its tables; a second one does not wait for it.
	context.AfterFunc(ctx, stop)
	if err := dump.Run(ctx, c); err != nil {
		exit(err)
	}
}

func exit(err error) {
	code := dump.ExitFailed
	var e *dump.Error
	if errors.As(err, &e) {
		code = e.Code
	}
	fmt.Fprintf(os.Stderr, "tapdump: %v\n", err)
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		fmt.Fprintln(os.Stderr, wrong.Caret())
	}
	os.Exit(code)
}

// listFields prints every field that filters and -e take.
func listFields(w io.Writer) error {
	for _, f := range filter.Fields() {
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, f.Type, f.Label); err != nil {
			return &dump.Error{Code: dump.ExitFailed, Err: err}
		}
	}
	return errDone
}
