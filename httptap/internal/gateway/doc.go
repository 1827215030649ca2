// Package gateway takes the clients of httptap to the real network without any privilege: it is
// what a router with NAT does, with the sockets of this process in the place of packets.
//
//	client ══ relay ── switch ── stack.Host ── stack.Forwarder ── Gateway ── net.Dial ── the network
//	                             the router      flows, pings       │
//	                                                                ├─ policy.go  where none may go
//	                                                                ├─ limit.go   how many may be
//	                                                                ├─ tcp.go     splices connections
//	                                                                ├─ udp.go     splices datagrams
//	                                                                └─ echo.go    passes pings on
//
// Read gateway.go, then these; answer.go says how what befell a socket of ours is told to the
// client. It hears what it would hear from the network:
//
//   - refused is refused: a RST, or ICMP port unreachable for a datagram
//   - unreachable is unreachable: ICMP with the code that fits
//   - a timeout is a timeout: silence
//   - a SYN,ACK comes when the target has sent one, a ping's answer when the target has answered
//   - a half close is a half close, a reset a reset, both ways; a slow side slows the other
//   - what is denied or beyond a limit is "administratively prohibited", and counted
//
// # Implemented
//
//   - RFC 5382, REQ-5: an idle connection is kept for 2 hours 4 minutes
//   - RFC 4787, REQ-5: an idle flow of datagrams is kept for 5 minutes, of DNS for 30 seconds; each
//     direction refreshes it
//   - RFC 5508, REQ-1 and REQ-2: an idle flow of pings is kept for a minute; ICMP errors about
//     flows are passed on
//
// # Not implemented
//
//   - RFC 4787, REQ-1 and REQ-8: a flow has a socket of its own that is connected, so each target
//     sees another port, and nobody else reaches the client through it: address and port-dependent
//     mapping and filtering
//   - connections from outside
//   - TTL, DS field, DF and IP options of what a client sends: it goes on as this machine's own
package gateway
