package stack

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"httptap/stack/dns"
)

// LookupHost returns the IPv4 addresses of name, which may be one already. The error is a
// *net.DNSError that wraps package dns's reason.
func (h *Host) LookupHost(ctx context.Context, name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	records, err := h.Lookup(ctx, name, dns.TypeA)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, r := range records {
		if r.Type == dns.TypeA {
			addrs = append(addrs, r.Addr)
		}
	}
	if len(addrs) == 0 {
		return nil, dnsError(name, "", dns.ErrNoData)
	}
	return addrs, nil
}

// Lookup asks the host's DNS servers for the records of name and returns the whole answer,
// aliases included. typ is one of package dns's types. The error is a *net.DNSError.
func (h *Host) Lookup(ctx context.Context, name string, typ uint16) ([]dns.Record, error) {
	servers := h.DNS()
	if len(servers) == 0 {
		return nil, dnsError(name, "", ErrNoServer)
	}
	targets := make([]netip.AddrPort, len(servers))
	for i, s := range servers {
		targets[i] = netip.AddrPortFrom(s, dns.Port)
	}
	var client dns.Client
	if err := client.Start(time.Now(), dns.ClientConfig{Servers: targets, Seed: h.random()}, name, typ); err != nil {
		return nil, dnsError(name, targets[0].String(), err)
	}
	// RFC 5452, 9.2: an unpredictable source port for each query.
	conn, err := h.listenUDP(0)
	if err != nil {
		return nil, dnsError(name, targets[0].String(), err)
	}
	defer conn.Close()
	h.mu.Lock()
	conn.wantsErrors = true // a server where nothing listens is passed over at once
	h.mu.Unlock()
	if err := h.drive(ctx, &client, conn); err != nil {
		return nil, dnsError(name, targets[0].String(), err)
	}
	records, err := client.Result()
	if err != nil {
		return nil, dnsError(name, targets[0].String(), err)
	}
	return records, nil
}

// drive runs a query to its end: datagrams through conn, TCP where the client asks for it.
func (h *Host) drive(ctx context.Context, client *dns.Client, conn *UDPConn) error {
	buf := make([]byte, 65535)
	var asked netip.AddrPort
	for {
		for {
			n, to, stream := client.Transmit(time.Now(), buf)
			if n == 0 {
				break
			}
			if stream {
				h.exchange(ctx, client, to, buf, n)
				continue
			}
			asked = to
			if _, err := conn.WriteToAddrPort(buf[:n], to); err != nil {
				client.ServerFailed(time.Now(), to, err)
			}
		}
		if client.Done() {
			return nil
		}
		n, from, err := h.await(ctx, conn, buf, client.Deadline())
		switch {
		case ctx.Err() != nil:
			return contextError(ctx)
		case errors.Is(err, net.ErrClosed):
			return err
		case isTimeout(err):
		case err != nil:
			client.ServerFailed(time.Now(), asked, err)
		default:
			// What is not the answer is ignored: RFC 5452, 9.1.
			_ = client.Receive(time.Now(), from, buf[:n], false)
		}
	}
}

// exchange asks over TCP. RFC 7766, 8: each message follows its length in two bytes.
func (h *Host) exchange(ctx context.Context, client *dns.Client, to netip.AddrPort, buf []byte, n int) {
	if d := client.Deadline(); !d.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d)
		defer cancel()
	}
	err := func() error {
		c, err := h.dialTCP(ctx, 0, to)
		if err != nil {
			return err
		}
		defer c.Close()
		stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		if _, err := c.Write(buf[:n]); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, buf[:2]); err != nil {
			return err
		}
		msg := buf[:binary.BigEndian.Uint16(buf)]
		if _, err := io.ReadFull(c, msg); err != nil {
			return err
		}
		return client.Receive(time.Now(), to, msg, true)
	}()
	if err != nil {
		client.StreamFailed(time.Now(), err)
	}
}

func dnsError(name, server string, err error) error {
	return &net.DNSError{
		Err: err.Error(), UnwrapErr: err, Name: name, Server: server,
		IsTimeout:   isTimeout(err) || errors.Is(err, dns.ErrTimeout),
		IsTemporary: errors.Is(err, dns.ErrTimeout) || errors.Is(err, dns.ErrServFail),
		IsNotFound:  errors.Is(err, dns.ErrNoName) || errors.Is(err, dns.ErrNoData),
	}
}
