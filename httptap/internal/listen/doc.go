// Package listen opens the places where httptap is called: TCP addresses and Unix sockets.
//
// Read address.go (what -listen may say), tcp.go and unix.go (how each is opened), stale.go (what a
// Unix socket that is there already means), inherit.go (sockets of systemd).
package listen
