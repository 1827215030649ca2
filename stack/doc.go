// Package stack is a whole IPv4 host on a [link.Device]: ARP, DHCP, ICMP, UDP, TCP, DNS and
// NTP, without the operating system's network. A [Host] dials, listens and resolves with the
// standard library's types, so net/http, crypto/tls and everything else run on it unchanged.
//
//	 DialContext  Listen  ListenPacket  LookupHost  Ping  DHCP  Offset      blocking shell:
//	      │          │         │            │         │     │      │        net.Conn, deadlines,
//	┌─────┴──────────┴─────────┴────────────┴─────────┴─────┴──────┴───┐    the clock, one mutex
//	│ Host    conn.go listener.go packetconn.go resolver.go ...        │
//	├──────────────────────────────────────────────────────────────────┤    the machine: takes
//	│ engine  receive(now, frame)  transmit(now, frame)  deadline()    │    now, never blocks,
//	│                                                                  │    never reads a clock
//	│   tcp.TCB ─┐                                                     │
//	│   udp      ├─ ipv4 ─┬─ reassembly                                │
//	│   icmpv4 ──┘        └─ route ── arp.Cache ── ethernet            │
//	│   dhcpv4.Client                                                  │
//	└───────────────┬──────────────────────────────────────▲───────────┘
//	          tx goroutine                            rx goroutine          loop.go
//	                └──────────── link.Device ─────────────┘
//
// Read host.go (configuration and the address), loop.go (the two goroutines), engine.go
// (what happens to a frame), output.go (how a packet finds its way out), input.go, icmp.go,
// pathmtu.go, address.go (DHCP and duplicate address detection), then the blocking shell: conn.go,
// listener.go, packetconn.go, resolver.go, tools.go. A router's part of the host is forward.go, with
// forward_echo.go and splice.go.
//
// One mutex guards a Host and everything in it. It is never held while the device is read or
// written, so a slow device never blocks a caller that does not wait for it. The engine owns
// all buffers; a caller's bytes are copied before a call returns.
//
// The protocols live in rooms of their own below this package; only this package joins them.
//
// # Implemented
//
//   - TCP as stack/tcp/doc.go lists it, with a bounded backlog, SYN cookies beyond 256 open
//     handshakes, TIME-WAIT that is reused (RFC 6191), and buffers that grow with the path: an idle
//     connection has none and costs 2 KiB
//   - RFC 1191: what a router says of a path holds ten minutes, for TCP, UDP and ping
//   - as a router whose flows end in it ([Forwarder]): RFC 1812, 5.3.1 (TTL) and 5.2.7.1 (unreachable
//     destinations); it does not pass packets on
//   - RFC 1122 as far as an end host needs it, RFC 5227 (address conflict detection), RFC 6528
//     (initial sequence numbers), RFC 6056, 3.3.1 (random local ports), RFC 3442 (routes)
//
// # Not implemented
//
//   - IPv6, IGMP
package stack
