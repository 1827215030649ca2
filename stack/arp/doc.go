// Package arp is the Address Resolution Protocol for IPv4 over Ethernet, RFC 826, with the
// address conflict detection of RFC 5227.
//
//	 0       2       4   5   6      8          14       18         24       28
//	+-------+-------+---+---+------+-----------+--------+-----------+--------+
//	| htype | ptype |hln|pln|  op  | sender hw | snd ip | target hw | tgt ip |
//	+-------+-------+---+---+------+-----------+--------+-----------+--------+
//
//	 entry:   Lookup           reply               60 s, used again
//	  none ──────────▶ Pending ─────▶ Reachable ───────────────────▶ asked by unicast
//	             3 requests, no reply │                                │ no reply
//	                     └──────▶ Failed for 1 s ◀─────────────────────┘
//
// Read wire.go (the checked view and the encoder), cache.go (the machine of one interface:
// entries and their life), receive.go (what a packet teaches), probe.go (is an address free,
// and whose is it), fields.go (the field table).
//
// After [Parse] no method of a [Packet] can panic. A [Cache] has no lock and no clock: its
// caller serialises the calls and says what time it is. Receive, Lookup and Transmit allocate
// nothing once the table has grown to its size.
//
// # Implemented
//
//   - RFC 826, "Packet Generation" and "Packet Reception"
//   - RFC 1122, 2.3.2.1: entries time out, requests are sent once a second at most
//   - RFC 5227, 2.1 (probing), 2.3 (announcing), 2.4 (b) and (c) (defending an address once in
//     ten seconds; giving it up is the caller's decision)
//
// The first probe leaves at once: the random delay of up to a second, PROBE_WAIT, is for
// stations that are switched on together, and would be the longest part of a run.
//
// # Not implemented
//
//   - RFC 5227, 2.1.1: MAX_CONFLICTS and RATE_LIMIT_INTERVAL, which are for hosts that choose
//     their address themselves; who chooses another one after a conflict paces that
//   - RARP, InARP, proxy ARP; hardware other than Ethernet: these are only decoded, with addresses
//     of any length, but for ATM, whose header is another one (RFC 2225)
package arp
