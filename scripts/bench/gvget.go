package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/tun"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
)

// gvget is the peer's xcurl: it fetches a path with gVisor's stack on a TAP, throws the body
// away, and says what xcurl says when the connection is there and when the body is.
func gvget(device, own, server, path string) error {
	from, err := netip.ParseAddr(own)
	if err != nil {
		return err
	}
	to, err := netip.ParseAddr(server)
	if err != nil {
		return err
	}
	fd, err := tun.OpenTAP(device)
	if err != nil {
		return fmt.Errorf("open %s: %w", device, err)
	}
	l, err := fdbased.New(&fdbased.Options{
		FDs: []int{fd}, MTU: mtu, EthernetHeader: true, Address: "\x02\x00\x00\x00\x00\x0c",
		PacketDispatchMode: fdbased.Readv, // what a TAP can do
	})
	if err != nil {
		return err
	}
	s, err := newPeer(l, tcpip.AddrFrom4(from.As4()), 0)
	if err != nil {
		return err
	}
	c, err := gonet.DialContextTCP(context.Background(), s, tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(to.As4()), Port: 80}, ipv4.ProtocolNumber)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintln(os.Stderr, connected)
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: gvget\r\nAccept: */*\r\nConnection: close\r\n\r\n", path, server); err != nil {
		return err
	}
	r := bufio.NewReaderSize(c, chunk)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || answer.ContentLength < 0 {
		return errors.New(answer.Status)
	}
	// The body is read straight from the connection: no copy that the stack does not make.
	n := int64(r.Buffered())
	buf := make([]byte, chunk)
	for n < answer.ContentLength {
		read, err := c.Read(buf)
		if n += int64(read); err != nil {
			return fmt.Errorf("%d bytes of %d: %w", n, answer.ContentLength, err)
		}
	}
	fmt.Fprintf(os.Stderr, "%s, %d bytes\n", complete, n)
	return nil
}
