// Package port opens the devices that frames come from: a TAP, whose other end is this
// machine's kernel, and a NIC, through a packet socket. It is the one place that needs
// privilege, and only while it opens: a Device keeps working after root was dropped.
//
// Read port.go (the Device and its errors), remedy.go (the ways out that they name), open_linux.go (Open), handle_linux.go (waiting, writing,
// closing), tap_linux.go, ring_linux.go (many frames in one system call: a TAP has no other way),
// nic_linux.go and packets_linux.go (the packet socket), offload_linux.go (what the NIC must not do
// to frames meanwhile, and how that is undone), mend.go (what hardware would have done to the frames that we see: checksums, splitting,
// VLAN tags).
//
// A program that opens a NIC calls [Helper] first thing in main: the offloads are put back by
// a process of the same program that keeps root, waits for the end, and does nothing else (package undo).
//
// Other systems than Linux have no device here: Open says so.
package port
