package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"httptap/stack/dns"
)

// Why a query was not answered by anybody.
var (
	errNoServer = errors.New("this machine has no name server (/etc/resolv.conf)")
	errNotReply = errors.New("a reply that is none to the query")
)

// forward asks the resolver and makes its reply one to the client's query. Nothing in it is
// changed but the number.
func (l *Lab) forward(query []byte, stream bool) ([]byte, error) {
	m, err := dns.Parse(query)
	if err != nil {
		return nil, err
	}
	asked, ok := m.Question()
	if !ok {
		return nil, errNotReply
	}
	ctx, cancel := context.WithTimeout(l.ctx, forwardTimeout)
	defer cancel()
	// A number of its own: RFC 5452, 4.5: "Use an unpredictable query ID for outgoing queries".
	ours := bytes.Clone(query)
	binary.BigEndian.PutUint16(ours, uint16(rand.Uint32()))
	reply, err := l.cfg.Resolver(ctx, ours, stream)
	if err != nil {
		return nil, err
	}
	r, err := dns.Parse(reply)
	if err != nil {
		return nil, err
	}
	if q, ok := r.Question(); !r.Response() || r.ID() != binary.BigEndian.Uint16(ours) || ok && (!q.Name.Equal(asked.Name) || q.Type != asked.Type) {
		return nil, errNotReply
	}
	binary.BigEndian.PutUint16(reply, m.ID())
	room := dns.MaxUDP
	if opt, ok := m.OPT(); ok {
		room = max(room, opt.UDPSize())
	}
	if !stream && len(reply) > room {
		return truncate(query, reply), nil
	}
	return reply, nil
}

// truncate makes a reply that is too long for UDP one that says so, with the question only.
func truncate(query, reply []byte) []byte {
	short, err := dns.AppendError(nil, query, dns.NoError)
	if err != nil {
		return nil
	}
	copy(short[2:4], reply[2:4])
	short[2] |= dns.FlagTruncated >> 8
	return short
}

// systemResolver asks the servers of /etc/resolv.conf one after the other, but never self: the
// machine may well use the lab as its server.
func systemResolver(self netip.Addr) func(context.Context, []byte, bool) ([]byte, error) {
	return func(ctx context.Context, query []byte, stream bool) ([]byte, error) {
		f, err := os.Open("/etc/resolv.conf")
		if err != nil {
			return nil, errNoServer
		}
		servers := readServers(f)
		f.Close()
		return ask(ctx, servers, self, query, stream)
	}
}

// readServers returns the servers of a resolv.conf, three at most: resolv.conf(5), MAXNS.
func readServers(r io.Reader) (servers []netip.Addr) {
	for lines := bufio.NewScanner(io.LimitReader(r, 1<<16)); lines.Scan() && len(servers) < 3; {
		if f := strings.Fields(lines.Text()); len(f) >= 2 && f[0] == "nameserver" {
			if a, err := netip.ParseAddr(f[1]); err == nil {
				servers = append(servers, a)
			}
		}
	}
	return servers
}

// ask sends the query to one server after the other and shares the time between them.
func ask(ctx context.Context, servers []netip.Addr, self netip.Addr, query []byte, stream bool) ([]byte, error) {
	err := errNoServer
	for i, s := range servers {
		if s.Unmap() == self {
			continue
		}
		share := ctx
		if end, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			share, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(len(servers)-i))
			defer cancel()
		}
		reply, e := exchange(share, netip.AddrPortFrom(s, dns.Port), query, stream)
		if e == nil {
			return reply, nil
		}
		err = fmt.Errorf("name server %s: %w", s, e)
	}
	return nil, err
}

// exchange sends one query and waits for its reply.
func exchange(ctx context.Context, server netip.AddrPort, query []byte, stream bool) ([]byte, error) {
	network := "udp"
	if stream {
		network = "tcp"
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, server.String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	buf := make([]byte, 0xffff)
	if stream {
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c, buf[:2]); err != nil {
			return nil, err
		}
		buf = buf[:binary.BigEndian.Uint16(buf)]
		_, err := io.ReadFull(c, buf)
		return buf, err
	}
	if _, err := c.Write(query); err != nil {
		return nil, err
	}
	for {
		n, err := c.Read(buf)
		if err != nil {
			return nil, err
		}
		// RFC 5452, 9.1: what has another number is somebody's guess, and the reply may still come.
		if n >= dns.HeaderLen && bytes.Equal(buf[:2], query[:2]) {
			return buf[:n], nil
		}
	}
}
