package session

import (
	"bytes"
	"testing"
	"time"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
)

// A harness feeds a Session, holds each result against what has to be true of all, and keeps the
// frames so that parts can be held against them.
type harness struct {
	t      testing.TB
	s      *Session
	d      pcap.Decoder
	frames [][]byte // the first has number 1
	ms     float64  // between two frames; 0: one
	at     time.Time
}

func newHarness(t testing.TB, c Config) *harness {
	return &harness{t: t, s: New(c), at: start}
}

func (h *harness) add(frame []byte, wire int) *Result {
	h.t.Helper()
	h.frames = append(h.frames, bytes.Clone(frame))
	h.at = h.at.Add(time.Duration(max(h.ms, 1) * 1e6))
	spans := h.d.Decode(frame, wire)
	r := h.s.Add(&Frame{Number: uint64(len(h.frames)), Time: h.at, Data: frame, Wire: wire, Spans: spans})
	h.check(r, spans)
	if held, limit := h.s.Stats().Held, h.s.cfg.Bytes; held > limit || held < 0 {
		h.t.Fatalf("%d bytes are held, %d are allowed", held, limit)
	}
	return r
}

// close ends the capture.
func (h *harness) close() *Result {
	h.t.Helper()
	r := h.s.Close()
	h.check(r, nil)
	if held := h.s.Stats().Held; held != 0 {
		h.t.Fatalf("%d bytes are held behind the end", held)
	}
	return r
}

// check holds what a result points at against what is there.
func (h *harness) check(r *Result, spans []field.Span) {
	h.t.Helper()
	for i := range r.Facts {
		f := &r.Facts[i]
		list := spans
		if f.Message >= 0 {
			list = r.Messages[f.Message].Spans
		} else if f.Message != -1 {
			h.t.Fatalf("%s is of message %d", f.Spec.Name, f.Message)
		}
		if f.Layer < -1 || int(f.Layer) >= len(list) {
			h.t.Fatalf("%s is of layer %d of %d", f.Spec.Name, f.Layer, len(list))
		}
		if f.Layer >= 0 && list[f.Layer].Depth != 0 {
			h.t.Fatalf("%s: %s is no layer", f.Spec.Name, list[f.Layer].Spec.Name)
		}
	}
	for _, e := range r.Earlier {
		if e.Frame == 0 || e.Frame > uint64(len(h.frames)) {
			h.t.Fatalf("%s of frame %d of %d", e.Spec.Name, e.Frame, len(h.frames))
		}
	}
	for _, m := range r.Messages {
		h.checkMessage(m)
	}
}

func (h *harness) checkMessage(m Message) {
	h.t.Helper()
	if m.Layout != nil {
		bit := 0
		for i, sp := range m.Spans {
			if field.IsLeaf(m.Spans, i) {
				if int(sp.Bit) != bit {
					h.t.Fatalf("a span of a message begins at bit %d, want %d", sp.Bit, bit)
				}
				bit = sp.End()
			}
		}
		if bit != 8*len(m.Data) {
			h.t.Fatalf("the spans of a message end at bit %d of %d", bit, 8*len(m.Data))
		}
	}
	pos := -1
	for _, p := range m.Parts {
		if pos < 0 {
			pos = p.From // behind the header of a datagram
		}
		if p.From != pos || p.Len < 0 || p.From+p.Len > len(m.Data) {
			h.t.Fatalf("a part lies at %d+%d of %d, want it at %d", p.From, p.Len, len(m.Data), pos)
		}
		pos += p.Len
		if p.Len == 0 {
			continue
		}
		frame := h.frames[p.Frame-1]
		if p.At < 0 || p.At+p.Len > len(frame) || !bytes.Equal(frame[p.At:p.At+p.Len], m.Data[p.From:p.From+p.Len]) {
			h.t.Fatalf("frame %d does not have the %d bytes at %d that it is said to have brought", p.Frame, p.Len, p.At)
		}
	}
	if pos != len(m.Data) {
		h.t.Fatalf("the parts end at %d of %d", pos, len(m.Data))
	}
}

// has returns the values of a fact.
func has(r *Result, s *fact.Spec) (list []uint64) {
	for i := range r.Facts {
		if r.Facts[i].Spec == s {
			list = append(list, r.Facts[i].N)
		}
	}
	return list
}

// say feeds the segments of a conversation, each a line.
func (h *harness) say(c *conversation, lines ...string) (last *Result) {
	h.t.Helper()
	for _, l := range lines {
		c.line(l)
		f := c.frames[len(c.frames)-1]
		last = h.add(f.data, len(f.data))
	}
	return last
}

// hello is a handshake: the client's data begins at 1.
func (h *harness) hello(c *conversation) {
	h.t.Helper()
	h.say(c, "0 > S 0 0 60000", "0 < SA 0 1 60000", "0 > A 1 1 60000")
}
