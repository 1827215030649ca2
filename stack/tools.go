package stack

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"time"

	"httptap/stack/arp"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/ntp"
)

// Resolve asks by ARP for the hardware address of addr, a neighbour on the host's own network.
// The error has EHOSTUNREACH inside when nobody answers.
func (h *Host) Resolve(ctx context.Context, addr netip.Addr) (link.Addr, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fail := func(err error) (link.Addr, error) {
		return link.Addr{}, &net.OpError{Op: "resolve", Net: "arp", Addr: &net.IPAddr{IP: addr.AsSlice()}, Err: err}
	}
	if !addr.Is4() {
		return fail(ErrAddress)
	}
	defer h.wakeOn(ctx)()
	for {
		if err := h.ready(); err != nil {
			return fail(err)
		}
		ip := addr.As4()
		if ip == h.e.net.addr {
			return h.cfg.HardwareAddr, nil
		}
		if !h.e.net.onLink(ip) {
			return fail(errNetUnreachable)
		}
		switch hw, state := h.e.arp.Lookup(time.Now(), ip); {
		case state == arp.Reachable:
			return hw, nil
		case state == arp.Failed:
			return fail(errHostUnreachable)
		case ctx.Err() != nil:
			return fail(contextError(ctx))
		}
		h.kick()
		h.news.Wait()
	}
}

// A ping is an ICMP echo request that waits for its reply.
type ping struct {
	to       [4]byte
	answered bool
	at       time.Time
	err      error
}

func pingKey(id, seq uint16) uint32 { return uint32(id)<<16 | uint32(seq) }

// failPing ends the ping that p is the request of.
func (e *engine) failPing(p *packet, err error) {
	if p.proto == ipv4.ProtoICMP && len(p.buf) >= 8 && p.buf[0] == icmpv4.TypeEcho {
		if pg := e.pings[binary.BigEndian.Uint32(p.buf[4:])]; pg != nil {
			pg.err = err
			e.event()
		}
	}
}

// Ping sends one ICMP echo request of 56 bytes of data and returns how long the reply took.
// The error has EHOSTUNREACH, ENETUNREACH or os.ErrDeadlineExceeded inside.
func (h *Host) Ping(ctx context.Context, addr netip.Addr) (time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fail := func(err error) (time.Duration, error) {
		return 0, &net.OpError{Op: "ping", Net: "icmp", Addr: &net.IPAddr{IP: addr.AsSlice()}, Err: err}
	}
	if !addr.Is4() || addr.IsMulticast() || addr.As4() == broadcast {
		return fail(ErrAddress)
	}
	if err := h.ready(); err != nil {
		return fail(err)
	}
	e := &h.e
	e.nextPing++
	key := e.nextPing
	pg := &ping{to: addr.As4()}
	e.pings[key] = pg
	defer delete(e.pings, key)

	var data [56]byte
	for i := range data {
		data[i] = byte(i)
	}
	p := e.newPacket()
	p.src, p.dst, p.proto, p.tos = e.net.addr, pg.to, ipv4.ProtoICMP, e.tos
	p.whole = e.net.oneHost(p.dst)
	p.buf = icmpv4.AppendEcho(p.buf, icmpv4.TypeEcho, uint16(key>>16), uint16(key), data[:])
	start := time.Now()
	e.enqueue(p, nil)
	h.kick()

	defer h.wakeOn(ctx)()
	for {
		switch {
		case pg.answered:
			return pg.at.Sub(start), nil
		case pg.err != nil:
			return fail(pg.err)
		case h.err != nil:
			return fail(h.err)
		case ctx.Err() != nil:
			return fail(contextError(ctx))
		}
		h.news.Wait()
	}
}

// Offset asks the NTP server for the time and returns how far this machine's clock is off.
// The error wraps one of package ntp's: no answer, a kiss-o'-death, an unsynchronised server.
func (h *Host) Offset(ctx context.Context, server netip.Addr) (ntp.Sample, error) {
	fail := func(err error) (ntp.Sample, error) {
		return ntp.Sample{}, fmt.Errorf("ntp %s: %w", server, err)
	}
	conn, err := h.dialUDP(0, netip.AddrPortFrom(server, ntp.Port))
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	var client ntp.Client
	client.Start(time.Now(), ntp.ClientConfig{Server: server, Seed: h.random()})
	var buf [1024]byte
	for {
		for n := client.Transmit(time.Now(), buf[:]); n > 0; n = client.Transmit(time.Now(), buf[:]) {
			if _, err := conn.Write(buf[:n]); err != nil {
				return fail(err)
			}
		}
		if client.Done() {
			break
		}
		n, _, err := h.await(ctx, conn, buf[:], client.Deadline())
		switch {
		case ctx.Err() != nil:
			return fail(contextError(ctx))
		case isTimeout(err):
		case err != nil:
			return fail(err)
		default:
			// A message that is refused, bogus or late is no reason to stop listening.
			_ = client.Receive(time.Now(), buf[:n])
		}
	}
	sample, err := client.Result()
	if err != nil {
		return fail(err)
	}
	return sample, nil
}

// random returns 64 bits from the host's generator.
func (h *Host) random() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.e.rand.Uint64()
}

// await reads one datagram until deadline or until ctx ends.
func (h *Host) await(ctx context.Context, c *UDPConn, b []byte, deadline time.Time) (int, netip.AddrPort, error) {
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, netip.AddrPort{}, err
	}
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return c.ReadFromAddrPort(b)
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error)
	return ok && t.Timeout()
}
