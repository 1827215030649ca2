// Package dhcpv4 is the Dynamic Host Configuration Protocol of RFC 2131 with the options of
// RFC 2132, as client, as server and as field table.
//
//	 0        1        2        3
//	+--------+--------+--------+--------+
//	|   op   | htype  |  hlen  |  hops  |
//	+--------+--------+--------+--------+
//	|                xid                |
//	+-----------------+-----------------+
//	|      secs       |      flags      |
//	+-----------------+-----------------+
//	|  ciaddr: what the client has      |
//	|  yiaddr: what it is given         |
//	|  siaddr: where to boot from       |
//	|  giaddr: the relay                |
//	+-----------------------------------+
//	|  chaddr, 16 bytes                 |
//	|  sname, 64 bytes (or options)     |
//	|  file, 128 bytes (or options)     |
//	|  99.130.83.99, options, end, pad  |
//	+-----------------------------------+
//
// The client goes round RFC 2131's figure 5:
//
//	INIT ──DISCOVER──▶ SELECTING ──OFFER/REQUEST──▶ REQUESTING ──ACK──▶ BOUND
//	  ▲                                                 │               │  ▲
//	  ├──────────────────── NAK, 60 s ──────────────────┘            T1 ▼  │ ACK
//	  ├──────────────────────── NAK ──────────────────────────────── RENEWING
//	  │                                                              T2 ▼  │ ACK
//	  └───────────────────── NAK, expired ────────────────────────── REBINDING
//
// Read options.go (types and codes), wire.go (the checked view and the encoder), lease.go
// (what a client makes of an answer), client.go and client_send.go, then server.go,
// server_pool.go and server_send.go; fields.go (the field table), fields_options.go (an entry
// for each option), fields_forms.go (how values are made), fields_client_id.go, fields_suboptions.go
// and fields_special.go (options with a form of their own).
//
// After [Parse] no method of a [Message] can panic. A Message is a view: it lives as long as
// the caller's buffer. [Client] and [Server] keep no buffer of the caller's; they have no
// lock, no clock and no goroutine. A client allocates the [Lease] that an acknowledgement
// becomes, a server a record for each address that it gives.
//
// # Implemented
//
//   - RFC 2131, 2, 4.1: the message, 300 bytes at least; options in file and sname
//   - RFC 2131, 3.1, 4.4.1: DHCPDISCOVER, DHCPREQUEST with retransmission; the first acceptable
//     offer is taken at once
//   - RFC 2131, 4.4.5: renewing, rebinding, expiry; infinite leases (3.3)
//   - RFC 2131, 4.4.4, 4.4.6: DHCPDECLINE, DHCPRELEASE
//   - RFC 2131, 4.1, 4.3: the server: where answers go, all of table 4, DHCPNAK, DHCPDECLINE,
//     DHCPRELEASE, DHCPINFORM
//   - RFC 2132: options 1, 3, 6, 12, 15, 26, 42, 50 to 59, 61
//   - RFC 3396: long options, split and joined
//   - RFC 3442: classless static routes
//   - RFC 3046, 2.2: a relay's option is given back
//   - shown: every option of IANA's list, with the suboptions of relays, NetWare, PXE, CableLabs and
//     vendors; values that several options make up (RFC 3396)
//   - RFC 6842: the client identifier in a server's message
//
// # Not implemented
//
//   - RFC 2131, 3.2, 4.4.2: INIT-REBOOT. A client that keeps nothing over a restart has nothing
//     to verify.
//   - RFC 2131, 4.4.1: the random wait before the first message, see [Client.Start]
//   - RFC 2131, 4.4.5: random fuzz on T1 and T2: it spreads the load of thousands of clients
//   - RFC 4361's client identifier: it needs a store that outlives the process
//   - RFC 2131, 2.2, 3.1: a server that probes an address before it offers it: the clients do
//   - RFC 2131, 4: a server's store that outlives the process: clients that renew are known by
//     the address that they have
//   - the inside of option 43, but PXE's, is shown as bytes: each vendor has its own
//   - RFC 3118 authentication, RFC 3203 FORCERENEW, RFC 4039 rapid commit
package dhcpv4
