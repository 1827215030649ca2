// Package link says what moves Ethernet frames: a [Device]. A TAP, a network card, an HTTP
// relay and a test's [Pipe] all are one, and everything above asks for nothing else.
//
// Read device.go (the contract), addr.go (hardware addresses), pipe.go (two ends in memory),
// tee.go (a Device that shows its traffic), impair.go (a Device that loses, delays, doubles
// and spoils frames, from a seed). Below that, impair_config.go and impair_text.go say how a
// link is bad, verdict.go judges frames and line.go is the bad link as a machine. linktest holds
// the one suite that every Device passes.
//
// The caller owns every buffer. A Device keeps no frame it was given after WriteFrames returned.
package link
