package lab

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"httptap/stack"
	"httptap/stack/dns"
)

// What clients can make the name server do at once.
const (
	maxForwards    = 64
	maxStreams     = 32
	forwardTimeout = 5 * time.Second
	streamIdle     = 10 * time.Second // RFC 7766, 6.2.3: "on the order of seconds"
)

func (l *Lab) startDNS() error {
	forwards := make(chan struct{}, maxForwards)
	err := l.serveUDP(dns.Port, func(c *stack.UDPConn, msg []byte, from netip.AddrPort) {
		reply, mine := l.answerDNS(msg, dns.EDNSSize, false)
		if mine {
			if len(reply) > 0 {
				l.reply(c, reply, from)
			}
			return
		}
		select {
		case forwards <- struct{}{}:
		default:
			l.replyFailure(c, msg, from, "too many queries are on their way")
			return
		}
		query := append([]byte(nil), msg...)
		l.running.Go(func() {
			defer func() { <-forwards }()
			reply, err := l.forward(query, false)
			if err != nil {
				l.replyFailure(c, query, from, err.Error())
				return
			}
			l.reply(c, reply, from)
		})
	})
	if err != nil {
		return err
	}
	listener, err := l.host.Listen("tcp4", ":"+strconv.Itoa(dns.Port))
	if err != nil {
		return err
	}
	listener = limit(listener, maxStreams)
	l.onClose(func() { listener.Close() })
	l.running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.streamDNS(c) })
		}
	})
	return nil
}

// replyFailure answers that nobody answered.
func (l *Lab) replyFailure(c *stack.UDPConn, query []byte, to netip.AddrPort, why string) {
	l.log.Info("DNS query not forwarded", "from", to, "why", why)
	if reply, err := dns.AppendError(nil, query, dns.ServFail); err == nil {
		l.reply(c, reply, to)
	}
}

// answerDNS answers what the lab has authority over; mine is false when it has none. The reply
// is empty when there is nothing to answer to.
func (l *Lab) answerDNS(query []byte, limit int, stream bool) (reply []byte, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names.refresh(time.Now(), &l.dhcp)
	zone := l.names.forward
	if m, err := dns.Parse(query); err == nil {
		if q, ok := m.Question(); ok {
			l.log.Debug("DNS", "name", q.Name.String(), "type", dns.TypeName(q.Type))
			if z := l.names.authority(q.Name); z != nil {
				zone = z
			}
		}
	}
	reply, mine, err := zone.Answer(nil, query, limit, stream)
	if err != nil {
		l.log.Debug("DNS", "refused", err)
		return nil, true
	}
	return reply, mine
}

// streamDNS answers the queries of one connection. RFC 7766
func (l *Lab) streamDNS(c net.Conn) {
	defer c.Close()
	stop := make(chan struct{})
	defer close(stop)
	l.running.Go(func() {
		select {
		case <-l.ctx.Done():
			c.Close()
		case <-stop:
		}
	})
	buf := make([]byte, 0xffff)
	for {
		// The whole of a query has to come in time, and its answer has to go.
		if c.SetDeadline(time.Now().Add(streamIdle)) != nil {
			return
		}
		if _, err := io.ReadFull(c, buf[:2]); err != nil {
			return
		}
		query := buf[:binary.BigEndian.Uint16(buf)]
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		reply, mine := l.answerDNS(query, 0xffff, true)
		if !mine {
			var err error
			if reply, err = l.forward(query, true); err != nil {
				l.log.Info("DNS query not forwarded", "from", c.RemoteAddr(), "why", err)
				if reply, err = dns.AppendError(nil, query, dns.ServFail); err != nil {
					return
				}
			}
		}
		if len(reply) == 0 {
			return // what it sent is no query: there is nothing to say to it
		}
		if c.SetDeadline(time.Now().Add(streamIdle)) != nil {
			return
		}
		// RFC 7766, 8: length and message in one write, so that they are not torn apart.
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// limit lets at most n connections of a listener be open at once; others wait.
func limit(l net.Listener, n int) net.Listener {
	return &limitedListener{Listener: l, room: make(chan struct{}, n), done: make(chan struct{})}
}
