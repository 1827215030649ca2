package lab

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"httptap/stack"
	"httptap/stack/dhcpv4"
)

func (l *Lab) resetDHCP() error {
	self := []netip.Addr{l.cfg.Addr.Addr()}
	cfg := dhcpv4.ServerConfig{
		Addr: self[0].As4(), Prefix: l.cfg.Addr.Masked(), DNS: self, NTP: self, Domain: Domain,
		MTU: l.cfg.Device.Info().MTU, Lease: l.cfg.Lease,
	}
	if l.cfg.Router.IsValid() {
		cfg.Router = []netip.Addr{l.cfg.Router}
	}
	return l.dhcp.Reset(cfg)
}

func (l *Lab) startDHCP() error { return l.serveUDP(dhcpv4.ServerPort, l.serveDHCP) }

func (l *Lab) serveDHCP(c *stack.UDPConn, msg []byte, from netip.AddrPort) {
	var buf [1472]byte
	l.mu.Lock()
	now := time.Now()
	err := l.dhcp.Receive(now, msg)
	n, to := l.dhcp.Transmit(now, buf[:min(len(buf), l.cfg.Device.Info().MTU-28)])
	l.names.stale = true
	l.mu.Unlock()
	if err != nil {
		level := slog.LevelDebug
		if errors.Is(err, dhcpv4.ErrExhausted) || errors.Is(err, dhcpv4.ErrBusy) {
			level = slog.LevelWarn
		}
		l.log.Log(l.ctx, level, "DHCP refused", "from", from, "reason", err)
		return
	}
	l.log.Debug("DHCP", "from", from, "message", messageType(msg), "answer", messageType(buf[:n]), "to", netip.AddrFrom4(to.Addr))
	if m, err := dhcpv4.Parse(buf[:n]); err == nil && m.Type() == dhcpv4.ACK && m.YIAddr() != [4]byte{} {
		l.log.Info("lease", "address", netip.AddrFrom4(m.YIAddr()), "client", m.HardwareAddr())
	}
	if n == 0 {
		return
	}
	addr := to.Addr
	if !to.HardwareAddr.IsZero() {
		// The client has no address yet, so ARP would not find it. RFC 2131, 4.1: "If unicasting
		// is not possible, the message MAY be sent as an IP broadcast".
		addr = [4]byte{255, 255, 255, 255}
	}
	l.reply(c, buf[:n], netip.AddrPortFrom(netip.AddrFrom4(addr), to.Port))
}

func messageType(b []byte) string {
	m, err := dhcpv4.Parse(b)
	if err != nil {
		return "none"
	}
	return m.Type().String()
}
