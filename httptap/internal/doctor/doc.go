// Package doctor names what stands in the way of running httptap, with the cause and the command
// that mends it. It changes nothing, and looks at what its user may look at.
//
// Read doctor.go (the questions, in their order, and the answers), system.go (what is looked at:
// files, and a function for each thing that only the kernel can tell), report.go (text and JSON). The
// checks: listen.go (the address, who has it), process.go (who has it, from /proc), device.go (/dev/net/tun,
// privileges, the name of a TAP), network.go (addresses and routes that overlap, a DHCP server on
// this machine), nat.go (what keeps the kernel from forwarding), nic.go (all that a real interface may do to frames), host.go (limits, proxies).
//
// The checks are the same on every system and are tested on every one of them, because they see a
// [System] only. local.go, with local_linux.go or local_other.go, makes that of the machine which we run on; ethtool_linux.go
// and dhcp_linux.go ask the kernel for offloads and the link for DHCP servers.
package doctor
