package ntp

import (
	"bytes"
	"testing"

	"httptap/stack/field/fieldtest"
)

// Any bytes: Parse refuses or every accessor works, the header survives a round trip, the
// extension fields and the authenticator make up the rest; the spans tile the message either
// way; a reply names the request and is never longer than it.
func FuzzMessage(f *testing.F) {
	f.Add(everything.Append(nil))
	f.Add(join(everything.Append(nil), ext(0x0104, 36), make([]byte, 20)))
	f.Add(join(everything.Append(nil), ext(0x0104, 0), make([]byte, 40)))
	f.Add([]byte{0x16, 0x82, 0, 1, 0x06, 0x18, 0, 0, 0, 0, 0, 5, 'a', '=', '1', '\r', '\n', 0, 0, 0})
	f.Add([]byte{0x97, 0x80, 3, 42, 0, 2, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(Header{Version: 4, Mode: ModeClient, Transmit: 7}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx := fieldtest.Decode(t, &Layout, b, nil)
		for _, s := range ctx.Spans {
			s.AppendText(nil, b, 0)
		}
		m, err := Parse(b)
		if err != nil {
			return
		}
		again := headerOf(m).Append(nil)
		size := HeaderLen
		for _, v := range m.Extensions() {
			size += 4 + len(v)
		}
		if !bytes.Equal(again, b[:HeaderLen]) || size+len(m.Authenticator()) != len(b) {
			t.Fatalf("round trip: % x, want % x; %d bytes of extension fields", again, b, size)
		}
		if r, err := AppendReply(nil, b, clock, epoch, epoch); err == nil {
			reply, err := Parse(r)
			if err != nil || reply.Origin() != m.Transmit() || len(r) > len(b) {
				t.Fatalf("reply % x to % x: %v", r, b, err)
			}
		}
	})
}

// Any bytes as an answer: the client never takes what does not carry its nonce, and what it
// takes ends the query.
func FuzzClient(f *testing.F) {
	f.Add(everything.Append(nil), true)
	f.Add(everything.Append(nil), false)
	f.Fuzz(func(t *testing.T, b []byte, ours bool) {
		var c Client
		c.Start(epoch, ClientConfig{Server: server, Seed: 1})
		q := make([]byte, HeaderLen)
		c.Transmit(epoch, q)
		b = bytes.Clone(b)
		if ours && len(b) >= HeaderLen {
			copy(b[24:32], q[40:48])
		}
		err := c.Receive(epoch, b)
		if c.Done() {
			if len(b) < HeaderLen || !bytes.Equal(b[24:32], q[40:48]) {
				t.Fatalf("% x is no answer to % x", b, q)
			}
			if s, got := c.Result(); got != err || err == nil && (s.Delay < 0 || s.Stratum < 1 || s.Stratum > 15) {
				t.Fatalf("%+v, %v, %v", s, got, err)
			}
			return
		}
		if err == nil || c.Ignored() != 1 || !c.Deadline().After(epoch) {
			t.Fatalf("ignored %d, %v, deadline %v", c.Ignored(), err, c.Deadline())
		}
	})
}
