package tcp

import (
	"fmt"
	"testing"
	"time"
)

// TestUserTimeoutOption writes times and reads them back. RFC 5482, 3.3
func TestUserTimeoutOption(t *testing.T) {
	for _, c := range []struct {
		in   time.Duration
		wire uint16
		out  time.Duration
	}{
		{time.Nanosecond, 1, time.Second}, // zero MUST NOT be sent
		{time.Second, 1, time.Second},
		{1500 * time.Millisecond, 2, 2 * time.Second},
		{0x7fff * time.Second, 0x7fff, 0x7fff * time.Second},
		{0x8000 * time.Second, 0x8000 | 547, 547 * time.Minute}, // 546.13 minutes
		{24 * time.Hour, 0x8000 | 1440, 24 * time.Hour},
		{0x7fff * time.Minute, 0xffff, 0x7fff * time.Minute},
		{0x8000 * time.Minute, 0xffff, 0x7fff * time.Minute}, // the most that there is
	} {
		var b [userTimeoutLen]byte
		if n := putUserTimeout(b[:], c.in); n != userTimeoutLen || [2]byte(b[:2]) != [2]byte{28, 4} {
			t.Errorf("%v: %d bytes, % x", c.in, n, b)
		}
		wire := uint16(b[2])<<8 | uint16(b[3])
		o := optionsOf(b[:])
		if wire != c.wire || o.userTimeout != c.out {
			t.Errorf("%v: %#x on the wire and %v back, want %#x and %v", c.in, wire, o.userTimeout, c.wire, c.out)
		}
	}
	for v := range 1 << 16 { // every value there is
		d := userTimeoutOf(uint16(v))
		if v&0x7fff == 0 && d != 0 {
			t.Fatalf("%#x is reserved and is read as %v", v, d)
		}
		if d > 0 {
			var b [userTimeoutLen]byte
			putUserTimeout(b[:], d)
			if back := optionsOf(b[:]).userTimeout; back != d {
				t.Fatalf("%#x is %v and comes back as %v", v, d, back)
			}
		}
	}
}

// RFC 5482 and RFC 9293, 3.8.3
func TestUserTimeoutByScript(t *testing.T) {
	runScripts(t, []scriptCase{
		{"asked for before the SYN it goes with it, and with the first segment without SYN", `
			open
			usertimeout 30s
			> SYN 0 <mss 1460, sackok, ts 0 0, wscale 0, uto 30>
			< SYN,ACK 0 ack 1 win 65535 <mss 1460>
			> ACK 1 ack 1 <uto 30>
			write 10
			> ACK 1+10 <>`},
		{"asked for later it goes with the next segment, once", `
			in ESTABLISHED
			usertimeout 30s
			none                           | an advisory option is worth no segment
			write 10
			> ACK 1+10 <uto 30>
			write 10
			> ACK 11+10 <>
			< ACK 1 ack 21 win 65535`},
		{"with an ACK as well", `
			in ESTABLISHED
			usertimeout 90s
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 <uto 90>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21 <>`},
		{"changed, it is told again", `
			in ESTABLISHED
			usertimeout 30s
			write 1
			> ACK 1+1 <uto 30>
			usertimeout 40s
			write 1
			> ACK 2+1 <uto 40>
			< ACK 1 ack 3 win 65535`},
		{"long times are told in minutes", `
			in ESTABLISHED
			usertimeout 10h
			write 1
			> ACK 1+1 <uto 33368>
			< ACK 1 ack 2 win 65535`},
		{"taken back it is not told: zero MUST NOT be sent", `
			in ESTABLISHED
			usertimeout 30s
			usertimeout 0s
			write 1
			> ACK 1+1 <>
			< ACK 1 ack 2 win 65535`},
		{"a full segment is shorter for it", `
			establish win 65535 <mss 100>
			usertimeout 30s
			write 200
			> ACK 1+96 <uto 30>
			> ACK 97+100 <>
			> ACK 197+4 <>
			< ACK 1 ack 201 win 65535`},
		{"data that is not acknowledged ends the connection after it, to the moment", `
			in ESTABLISHED
			usertimeout 5s
			write 10
			> ACK 1+10
			ends 5s
			err ErrTimeout`},
		{"longer than the usual it holds, too", `
			in ESTABLISHED
			usertimeout 1000s
			write 10
			> ACK 1+10
			ends 1000s
			err ErrTimeout`},
		{"it counts from what was acknowledged last", `
			establish win 65535 <mss 100>
			usertimeout 5s
			write 196
			> ACK 1+96
			> ACK 97+100
			wait 100ms
			< ACK 1 ack 97 win 65535
			ends 5s
			err ErrTimeout`},
		{"set while data is in flight it counts from when that was sent", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			wait 150ms
			usertimeout 1s
			wait 50ms
			> ACK 1+10
			ends 800ms
			err ErrTimeout`},
		{"a SYN ends after it", `
			open
			usertimeout 10s
			> SYN 0
			ends 10s
			err ErrTimeout`},
		{"a closed window whose peer is silent ends after it", `
			establish win 0
			usertimeout 10s
			write 10
			none
			wait 200ms
			> ACK 1+1 ack 1 <uto 10>
			ends 10s
			err ErrTimeout`},
		{"a closed window whose peer answers does not", `
			establish win 0
			usertimeout 10s
			write 10
			none
			answered 100
			state ESTABLISHED`},
		{"nothing in flight: nothing ends", `
			in ESTABLISHED
			usertimeout 1s
			wait 1h
			none
			state ESTABLISHED`},
		{"a peer that says nothing: the usual rule", `
			establish win 65535 <mss 1460>
			info PeerUserTimeout 0s
			write 10
			> ACK 1+10
			ends 8m42.2s
			err ErrTimeout`},
		{"a peer that asks for an hour does not get it: ENABLED is false", `
			establish win 65535 <mss 1460, uto 3600>
			info PeerUserTimeout 1h0m0s
			write 10
			> ACK 1+10
			ends 8m42.2s
			err ErrTimeout`},
		{"nor does one that asks for two minutes", `
			establish win 65535 <mss 1460, uto 120>
			write 10
			> ACK 1+10
			ends 8m42.2s
			err ErrTimeout`},
		{"nor does a listener's connection", `
			accept SYN 0 win 65535 <mss 1460, uto 3600>
			> SYN,ACK 0
			< ACK 1 ack 1 win 65535
			info PeerUserTimeout 1h0m0s
			write 10
			> ACK 1+10
			ends 8m42.2s
			err ErrTimeout`},
		{"the application's is not made longer: CHANGEABLE is false", `
			establish win 65535 <mss 1460, uto 300>
			usertimeout 5s
			write 10
			> ACK 1+10 <uto 5>
			ends 5s
			err ErrTimeout`},
		{"nor is it made shorter", `
			establish win 65535 <mss 1460, uto 300>
			usertimeout 600s
			write 10
			> ACK 1+10 <uto 600>
			ends 600s
			err ErrTimeout`},
		{"zero is ignored, and what was said before stays", `
			establish win 65535 <mss 1460, uto 300>
			< ACK 1 ack 1 win 65535 <uto 0>
			< ACK 1 ack 1 win 65535 <uto 32768>
			info PeerUserTimeout 5m0s`},
		{"a peer changes its mind in any segment", `
			establish win 65535 <mss 1460, uto 300>
			< ACK 1 ack 1 win 65535 <uto 32770>
			info PeerUserTimeout 2m0s`},
		{"what is refused changes nothing", `
			establish win 65535 <mss 1460, uto 300>
			< ACK 40000+1 ack 1 win 65535 <uto 120> = ErrOutOfWindow
			> ACK 1 ack 1
			info PeerUserTimeout 5m0s`},
	})
}

func TestUserTimeoutAllocatesNothing(t *testing.T) {
	var u userTimeout
	var b [userTimeoutLen]byte
	if n := testing.AllocsPerRun(100, func() {
		putUserTimeout(b[:], time.Minute)
		u.peer = optionsOf(b[:]).userTimeout
	}); n != 0 || u.peer != time.Minute {
		t.Error(fmt.Sprint(n, " allocations, ", u.peer))
	}
}
