// Package wireguard describes the messages of WireGuard. All but the first bytes is encrypted: what there is
// to be seen is which message it is, whose it is, and its counter.
//
//	Handshake Initiation (148 bytes)  type 3×0 sender ephemeral(32) static(48) timestamp(28) mac1(16) mac2(16)
//	Handshake Response    (92 bytes)  type 3×0 sender receiver ephemeral(32) nothing(16) mac1(16) mac2(16)
//	Cookie Reply          (64 bytes)  type 3×0 receiver nonce(24) cookie(32)
//	Transport Data      (32 and more) type 3×0 receiver counter(8) packet
//
// Numbers are little-endian. Source: Jason A. Donenfeld, WireGuard: Next Generation Kernel Network Tunnel, 5.4.
// Read fields.go.
//
// # Implemented
//
// 5.4.2 to 5.4.7, all messages, and 5.4.6: a packet of no bytes is a keepalive.
//
// # Not implemented
//
// Decryption.
package wireguard
