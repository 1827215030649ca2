// Package nat gives the hosts behind a TAP the networks of this machine, through the kernel: it forwards what
// comes in at the TAP and masquerades it.
//
//	clients ══ tap0 ── prerouting ── forward ── postrouting ── eth0, wg0, ...
//	                   not twice     whose?     masquerade
//
// What it changes is little, and is put back however the process ends:
//
//   - One nftables table, "ip httptap", whose owner is a socket of this process: the kernel removes it when the last
//     process that has the socket ends, by kill -9, too. The table is the lock as well: one in a network namespace.
//   - net.ipv4.conf.NAME.forwarding of the TAP and of each interface that answers may come in at, where it was off. The
//     kernel does not undo that, so a process of the same program keeps root and does (package undo). It has the
//     table's socket, too: the filter is there for as long as the forwarding.
//
// With forwarding the kernel also switches large receive offload (LRO) off, where an interface has it, for good.
//
// The forwarding that was switched on is for the TAP only: what else would be forwarded now and was not before is
// dropped. From outside nobody can begin to talk to a client, a client can't speak as a host of another network, and
// every rule that drops has a counter: 'nft list table ip httptap'.
//
// Read nat.go (what can be asked and its errors), open_linux.go (the order in which things are done), table_linux.go
// (the rules), expr_linux.go and nft_linux.go (how they are told to the kernel), forwarding_linux.go,
// look_linux.go (what stands in the way: other tables, firewalls).
//
// It needs root, once: after [Open] it may be given up. Messages are built with github.com/vishvananda/netlink/nl,
// because google/nftables can't set a table's flags. IPv4 only. Other systems than Linux have nothing of it.
package nat
