package stack

import (
	"testing"

	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
)

// What fuzzing found to disappear uncounted is counted now.
func TestNothingDisappearsUncounted(t *testing.T) {
	quote := func(proto uint8, payload []byte) []byte {
		b := make([]byte, ipv4.HeaderLen, 100)
		ipv4.Put(b, ipv4.Header{Src: ipUs, Dst: ipPeer, Protocol: proto, TTL: 64}, len(payload))
		return append(b, payload...)
	}
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"an answer to no ping", frame(1, icmpv4.AppendEcho(nil, icmpv4.TypeEchoReply, 1, 2, nil))},
		{"an error about no socket", frame(1, icmpv4.AppendError(nil, 3, 3, 0, quote(17, udpTo(1, 2, "x"))))},
		{"an error about no ping", frame(1, icmpv4.AppendError(nil, 3, 1, 0, quote(1, icmpv4.AppendEcho(nil, 8, 1, 2, nil))))},
		{"an error about a protocol that is not spoken", frame(1, icmpv4.AppendError(nil, 3, 2, 0, quote(99, make([]byte, 20))))},
	} {
		h := machine()
		h.e.receive(start, c.frame)
		if n, _ := inputDrops(h.e.stats); h.e.stats.DropICMP != 1 || n != 1 {
			t.Errorf("%s: %+v", c.name, h.e.stats)
		}
	}
}
