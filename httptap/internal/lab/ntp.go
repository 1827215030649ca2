package lab

import (
	"net/netip"
	"time"

	"httptap/stack"
	"httptap/stack/ntp"
)

// startNTP serves the clock of this machine. How well that is set nobody knows here: stratum 10
// and the reference 127.127.1.1 are what an NTP server says of a clock that it takes as it is,
// and any other server is preferred to it.
func (l *Lab) startNTP() error {
	return l.serveUDP(ntp.Port, func(c *stack.UDPConn, msg []byte, from netip.AddrPort) {
		received := time.Now()
		cfg := ntp.ServerConfig{
			Stratum: 10, Precision: -20, RefID: ntp.RefID{127, 127, 1, 1},
			RootDispersion: 10 * time.Millisecond, Reference: received,
		}
		reply, err := ntp.AppendReply(nil, msg, cfg, received, time.Now())
		if err != nil {
			l.log.Debug("NTP", "from", from, "refused", err)
			return
		}
		l.log.Debug("NTP", "from", from)
		l.reply(c, reply, from)
	})
}
