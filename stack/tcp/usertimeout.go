package tcp

import (
	"encoding/binary"
	"time"
)

// userTimeout is how long data may stay unacknowledged before the connection ends. RFC 5482
type userTimeout struct {
	own  time.Duration // what the application asked for; 0: nothing
	peer time.Duration // what the peer advertised; 0: nothing. It is told and not obeyed
	// tell is whether the next segment without SYN has the option. A SYN always has it, and RFC 5482,
	// 3 wants both: such a connection "SHOULD include a UTO option in the first packet that does not
	// have the SYN flag set."
	tell bool
}

// SetUserTimeout ends the connection with ErrTimeout when what was sent is not acknowledged for
// d, and tells the peer so. 0 goes back to the usual: 100 seconds and 15 timeouts.
func (t *TCB) SetUserTimeout(now time.Time, d time.Duration) {
	t.ut.own = max(d, 0)
	t.ut.tell = d > 0
	if t.rtoAt != 0 {
		t.rtoAt = t.notBeyondLimit(t.since(now), t.rtoAt)
	}
}

// limit returns how long the peer may be silent, and 0 when the usual rule holds. What the peer
// advertises does not count. RFC 5482, 3: "This adaptation only happens if the other end of the
// connection has explicitly allowed it (both ENABLED and CHANGEABLE are true)." The first "Defaults
// to false", and SetUserTimeout, which uses the option, makes the second false: 3.1: "If the
// CHANGEABLE flag is false, USER_TIMEOUT MUST NOT be changed, regardless of the received UTO
// option." Then "TCP SHOULD, however, notify the application about the user timeout value received
// from the other end system": Info does.
func (u *userTimeout) limit() time.Duration { return u.own }

// notBeyondLimit returns the time at, or when the user timeout ends if that is earlier.
func (t *TCB) notBeyondLimit(now, at time.Duration) time.Duration {
	if l := t.ut.limit(); l > 0 {
		return min(at, max(t.silence+l, now+1))
	}
	return at
}

// userTimeoutOf reads the option's value. RFC 5482, 3.3: a granularity bit, minutes or seconds, and
// 15 bits of it. 3.4: zero "is reserved for future use. Current TCP implementations MUST NOT send it
// and MUST ignore it upon reception."
func userTimeoutOf(v uint16) time.Duration {
	if v>>15 != 0 {
		return time.Duration(v&0x7fff) * time.Minute
	}
	return time.Duration(v) * time.Second
}

// userTimeoutLen is the option's length.
const userTimeoutLen = 4

func putUserTimeout(b []byte, d time.Duration) int {
	v := uint16(min((d+time.Second-1)/time.Second, 0x7fff))
	if d > 0x7fff*time.Second {
		v = 1<<15 | uint16(min((d+time.Minute-1)/time.Minute, 0x7fff))
	}
	b[0], b[1] = kindUserTimeout, userTimeoutLen
	binary.BigEndian.PutUint16(b[2:], v)
	return userTimeoutLen
}
