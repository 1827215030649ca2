// Package e2e tests the commands as a user runs them: a real TAP, real daemons behind a veth,
// the kernel as the peer, a client that knows only version 0 of the contract. Its tests need
// root and say so when they skip.
package e2e
