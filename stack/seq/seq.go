// Package seq is the arithmetic of TCP sequence numbers, modulo 2^32.
//
// RFC 9293, 3.4: "all arithmetic dealing with sequence numbers must be performed modulo
// 2^32. This unsigned arithmetic preserves the relationship of sequence numbers as they
// cycle from 2^32 - 1 to 0 again."
package seq

// A Value is a sequence number.
type Value uint32

// Add returns v + n.
func (v Value) Add(n int) Value { return v + Value(n) }

// Diff returns v - w as a signed distance: positive when v is later than w.
func (v Value) Diff(w Value) int { return int(int32(v - w)) }

// Less tells whether v is before w.
func (v Value) Less(w Value) bool { return int32(v-w) < 0 }

// LessEq tells whether v is before w or w itself.
func (v Value) LessEq(w Value) bool { return int32(v-w) <= 0 }

// In tells whether start <= v < start+n.
func (v Value) In(start Value, n int) bool { return uint32(v-start) < uint32(n) }

// Max returns the later of v and w.
func Max(v, w Value) Value {
	if v.Less(w) {
		return w
	}
	return v
}

// Min returns the earlier of v and w.
func Min(v, w Value) Value {
	if v.Less(w) {
		return v
	}
	return w
}
