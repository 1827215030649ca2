package ipv4

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// mdl is the maximum datagram lifetime. RFC 6864, 1: it is "typically interpreted as two minutes".
const mdl = 2 * time.Minute

// Identifications gives datagrams that may be fragmented their numbers.
//
// RFC 6864, 4.3: "Sources emitting non-atomic datagrams MUST NOT repeat IPv4 ID values within one
// MDL for a given source address/destination address/protocol tuple."
//
// Each such tuple has a secret place to start from and shares a running number with others, so that
// what one destination sees tells nothing of the numbers that another one gets: the hash-based
// selection of RFC 7739, 5.3. Atomic datagrams (DF set, whole) need none of this.
//
// The zero value is ready but for its Secret.
type Identifications struct {
	Secret   [32]byte
	counters [64]*counter // made as they are needed
}

// A counter remembers when each of its blocks of numbers was last used.
type counter struct {
	next uint16
	used [blocks]time.Time
}

const (
	blocks    = 16
	blockSize = 1 << 16 / blocks
)

// Next returns a number, and false when all of them were used within the last two minutes.
func (ids *Identifications) Next(now time.Time, src, dst [4]byte, proto uint8) (uint16, bool) {
	var b [41]byte
	copy(b[:], ids.Secret[:])
	copy(b[32:], src[:])
	copy(b[36:], dst[:])
	b[40] = proto
	f := sha256.Sum256(b[:])
	c := ids.counters[f[0]%64]
	if c == nil {
		c = new(counter)
		ids.counters[f[0]%64] = c
	}
	used := &c.used[c.next/blockSize]
	if c.next%blockSize == 0 && !used.IsZero() && now.Sub(*used) < mdl {
		return 0, false
	}
	*used = now
	id := c.next + binary.BigEndian.Uint16(f[1:])
	c.next++
	return id, true
}
