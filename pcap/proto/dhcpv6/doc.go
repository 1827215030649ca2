// Package dhcpv6 describes messages of DHCP for IPv6.
//
//	client and server: RFC 8415, 8                relay agents: RFC 8415, 9
//	┌──────────┬────────────────────────┐         ┌──────────┬──────────┬───────────────────────┐
//	│ msg-type │ transaction-id, 24 bits│         │ msg-type │ hop-count│ link-address, 128 bits│
//	├──────────┴────────────────────────┤         ├──────────┴──────────┴───────────────────────┤
//	│ options                           │         │ peer-address, 128 bits                      │
//	└───────────────────────────────────┘         ├─────────────────────────────────────────────┤
//	┌────────────────┬──────────────────┐         │ options, one of them the message relayed    │
//	│ option-code, 16│ option-len, 16   │ data    └─────────────────────────────────────────────┘
//	└────────────────┴──────────────────┘
//
// Options lie in options: an address in its association, its status in it. Read fields.go (messages), options.go (what each
// option has), data.go (how that is added), format.go (how values print).
//
// # Implemented
//
// RFC 8415, 8 and 9 (messages), 11 (DUIDs), 21 (options). Of other documents: RFC 3319, 3646, 3898, 4075, 4076, 4280, 4580, 4649, 4704,
// 4833, 4994, 5007, 5192, 5417, 5460, 5908, 5970, 6334, 6603, 6939, 7083, 7598 (containers, border relays), 8156 (numbers), 8357, 8910.
//
// # Not implemented
//
// What other options hold is shown as bytes. DHCPv6 over TCP (RFC 5460, 5.1).
package dhcpv6
