package session

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"httptap/pcap"
	"httptap/stack/ipv4"
)

// corpus is a capture of everything that a Session looks at.
func corpus(t testing.TB) (list [][]byte) {
	frames, _ := analysed(t)
	for _, f := range append(frames, exchangeFrames()...) {
		list = append(list, f.data)
	}
	for _, port := range []uint16{80, 53} {
		k := newTalk(t, port, Config{})
		for i, q := range httpQuestions {
			if port == 53 {
				q = dnsQuestions[i%2]
			}
			k.say(false, 30, q)
			k.say(true, 90, httpAnswers[i])
		}
		list = append(list, k.h.frames...)
	}
	list = append(list, fragmented(ipv4.ProtoUDP, 1, udpPayload(), 48)...)
	quoted := list[20]
	return append(list, icmp4(true, append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, quoted[14:min(len(quoted), 62)]...)))
}

// FuzzSession feeds frames that are changed, cut, repeated and in any order. Nothing panics, what is
// held stays within its limit, and results point at what is there.
//
// The data are instructions of four bytes each: which frame, what to do with it, and with what.
func FuzzSession(f *testing.F) {
	frames := corpus(f)
	f.Add([]byte{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0})
	all := []byte{}
	for i := range frames {
		all = append(all, byte(i), byte(i>>8)<<4, 0, 0)
	}
	f.Add(all)
	for op := range byte(8) {
		changed := []byte{}
		for i := range frames {
			changed = append(changed, byte(i), byte(i>>8)<<4|op, byte(i*7), byte(i*13))
		}
		f.Add(changed)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) <= 4000 {
			execute(t, frames, program)
		}
	})
}

// TestRandomPrograms is FuzzSession for a while with what chance gives.
func TestRandomPrograms(t *testing.T) {
	frames := corpus(t)
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		program := make([]byte, 4*500)
		for i := range program {
			program[i] = byte(r.Uint32())
		}
		for i := 1; i < len(program); i += 4 {
			if r.IntN(3) > 0 {
				program[i] &= 0xf0 // as it is
			}
			program[i] &= 0x1f
		}
		execute(t, frames, program)
	}
}

// execute runs a program over frames.
func execute(t *testing.T, frames [][]byte, program []byte) {
	h := newHarness(t, Config{Streams: 8, StreamBytes: 32 << 10, Bytes: 1 << 20, Datagrams: 4, Requests: 8, Follow: func(c Chunk) {
		if (len(c.Data) == 0) != (c.Gap > 0) || c.Gap < 0 {
			t.Fatalf("a chunk of %d bytes and a gap of %d", len(c.Data), c.Gap)
		}
	}})
	for ; len(program) >= 4; program = program[4:] {
		n := int(program[0]) | int(program[1]&0xf0)<<4
		b := append([]byte(nil), frames[n%len(frames)]...)
		x, y := int(program[2]), program[3]
		wire := len(b)
		switch program[1] & 15 {
		case 1: // another byte
			b[14+x%(len(b)-14)] ^= y
		case 2: // cut by a snaplen
			b = b[:max(1, len(b)-x)]
		case 3: // cut on the wire
			b = b[:max(1, len(b)-x)]
			wire = len(b)
		case 4: // another sequence number
			if len(b) >= 42 {
				binary.BigEndian.PutUint32(b[38:], binary.BigEndian.Uint32(b[38:])+uint32(int32(int8(y)))<<(x%24))
			}
		case 5: // another acknowledgement
			if len(b) >= 46 {
				binary.BigEndian.PutUint32(b[42:], binary.BigEndian.Uint32(b[42:])+uint32(int32(int8(y)))<<(x%24))
			}
		case 6: // another fragment
			if len(b) >= 22 {
				b[20], b[21] = byte(x), y
			}
		case 7: // other flags
			if len(b) >= 48 {
				b[47] = y
			}
		case 8: // longer
			b = append(b, make([]byte, 16*x)...)
			if len(b) >= 18 {
				binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
			}
			wire = len(b)
		case 9:
			h.ms = float64(x) * float64(y)
		}
		h.add(b, wire)
	}
	h.close()
}

// TestSameFramesSameResults: nothing depends on the order of a map or on a clock.
func TestSameFramesSameResults(t *testing.T) {
	frames := corpus(t)
	run := func() (list []string) {
		s := New(Config{Streams: 5, Datagrams: 2, Requests: 4})
		var d pcap.Decoder
		for i, b := range frames {
			r := s.Add(&Frame{Number: uint64(i + 1), Time: start.Add(ms * 10), Data: b, Spans: d.Decode(b, len(b))})
			for k := range r.Facts {
				list = append(list, fmt.Sprintf("%d %s=%s", i, r.Facts[k].Spec.Name, r.Facts[k].AppendValue(nil)))
			}
			for _, m := range r.Messages {
				list = append(list, fmt.Sprintf("%d %q %v", i, m.Data, m.Parts))
			}
		}
		return append(list, fmt.Sprintf("%+v", s.Stats()))
	}
	first := run()
	for range 5 {
		if again := run(); !reflect.DeepEqual(first, again) {
			t.Fatal("two runs differ")
		}
	}
	if len(first) < 1000 {
		t.Errorf("only %d results", len(first))
	}
}
