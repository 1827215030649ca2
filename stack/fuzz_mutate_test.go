package stack

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/sum"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

// The changes that a fuzzer makes to an exchange: a script of five bytes each, which frame, what
// and how.
const (
	mutDrop      = iota
	mutDouble    // it comes twice
	mutSwap      // with the next
	mutCut       // to a length
	mutExtend    // by some bytes
	mutSet       // a byte, and no checksum is right any more
	mutSetFix    // a byte, and the checksums with it
	mutSetTwoFix // two bytes, and the checksums with them
	mutFlipFix   // a bit, and the checksums with it
	mutLater     // by hundredths of a second
	mutReplay    // it comes again, seconds later
	mutInsert    // a frame that the fuzzer made comes before it, with checksums that are right
	mutations
)

// mutate returns what the script makes of frames.
func mutate(frames []recorded, script, extra []byte) []recorded {
	out := slices.Clone(frames)
	for ; len(script) >= 5 && len(out) > 0 && len(out) < 300; script = script[5:] {
		i, op := int(script[0])%len(out), script[1]%mutations
		a, b, c := script[2], script[3], script[4]
		r := recorded{out[i].at, slices.Clone(out[i].frame)}
		at := (int(a)<<8 | int(b)) % max(1, len(r.frame))
		switch op {
		case mutDrop:
			out = slices.Delete(out, i, i+1)
			continue
		case mutDouble:
			out = slices.Insert(out, i, r)
			continue
		case mutSwap:
			if i+1 < len(out) {
				out[i].frame, out[i+1].frame = out[i+1].frame, out[i].frame
			}
			continue
		case mutReplay:
			r.at += time.Duration(a)*time.Second + time.Duration(b)*time.Millisecond
			out = append(out, r)
			continue
		case mutInsert:
			r.frame = slices.Clone(extra[:min(len(extra), 1514)])
			fixSums(r.frame)
			out = slices.Insert(out, i, r)
			continue
		case mutCut:
			r.frame = r.frame[:at]
		case mutExtend:
			r.frame = append(r.frame, slices.Repeat([]byte{c}, int(a))...)
			r.frame = r.frame[:min(len(r.frame), 1514)]
		case mutLater:
			r.at += time.Duration(int(a)<<8|int(b)) * 10 * time.Millisecond
		default:
			if len(r.frame) == 0 {
				continue
			}
			switch op {
			case mutSetTwoFix:
				at = int(a) % len(r.frame) // headers are near the beginning
				r.frame[at] = b
				r.frame[min(at+1, len(r.frame)-1)] = c
			case mutFlipFix:
				r.frame[at] ^= 1 << (c & 7)
			default:
				r.frame[at] = c
			}
			if op != mutSet {
				fixSums(r.frame)
			}
		}
		out[i] = r
	}
	slices.SortStableFunc(out, func(a, b recorded) int { return int(a.at - b.at) })
	return out
}

// fixSums writes the checksums that make what else is in the frame right, as far as they are
// where they have to be.
func fixSums(f []byte) {
	if len(f) < payloadStart || binary.BigEndian.Uint16(f[12:]) != ethernet.TypeIPv4 {
		return
	}
	ip := f[ipStart:]
	head, total := int(ip[0]&15)*4, min(int(binary.BigEndian.Uint16(ip[2:])), len(ip))
	if head < ipv4.HeaderLen || head > total {
		return
	}
	put := func(b []byte, at int, start sum.Partial) {
		if at+2 <= len(b) {
			b[at], b[at+1] = 0, 0
			binary.BigEndian.PutUint16(b[at:], start.Add(b).Checksum())
		}
	}
	put(ip[:head], 10, 0)
	b := ip[head:total]
	if binary.BigEndian.Uint16(ip[6:])&0x3fff != 0 {
		return // a fragment's is that of the whole
	}
	pseudo := sum.Pseudo4([4]byte(ip[12:]), [4]byte(ip[16:]), ip[9], len(b))
	switch ip[9] {
	case ipv4.ProtoICMP:
		put(b, 2, 0)
	case ipv4.ProtoTCP:
		put(b, 16, pseudo)
	case ipv4.ProtoUDP:
		put(b, 6, pseudo)
	}
}

// inputDrops sums the counters of frames that came and were not delivered; those of fragments
// apart, because one that comes can push others out.
func inputDrops(s Stats) (frames, fragments uint64) {
	frames = s.DropShort + s.DropNotForUs + s.DropType + s.DropARP + s.DropIP + s.DropAddress +
		s.DropProtocol + s.DropICMP + s.DropUDP + s.DropUDPPort + s.DropUDPFull + s.DropTCP + s.DropTCPRefused +
		s.DropTCPState + s.DropBacklog + s.DropDHCP + s.DropTTL + s.DropForward
	fragments = s.DropFragment + s.DropDuplicate + s.DropOverlap + s.DropTiny + s.DropMarks + s.DropIncomplete + s.DropEvicted
	return frames, fragments
}

// receiveCounted hands a frame to the host and holds its counters against what the frame is: one
// that can't be delivered raises one drop, any other at most one. So FramesIn is the sum of what
// was delivered and of the drops.
func receiveCounted(t testing.TB, h *Host, now time.Time, f []byte) {
	t.Helper()
	flaw, before := frameFlaw(h, f), h.e.snapshot()
	h.e.receive(now, f)
	after := h.e.snapshot()
	if n := after.FramesIn - before.FramesIn; n != 1 {
		t.Fatalf("a frame was counted %d times", n)
	}
	frames, fragments := inputDrops(before)
	now1, now2 := inputDrops(after)
	frames, fragments = now1-frames, now2-fragments
	switch {
	case flaw == noFragment && frames == 1 && fragments == 0 && after.DropAddress+after.DropTTL > before.DropAddress+before.DropTTL:
		// It isn't ours, or ends here: nobody looked at how it is cut.
	case flaw == noFragment && (frames != 0 || fragments == 0), flaw != "" && flaw != noFragment && frames != 1, frames > 1:
		t.Fatalf("%q: counted as %d drops and %d fragments': %x: %+v", flaw, frames, fragments, f, after)
	case fragments > 0 && after.Fragments == before.Fragments:
		t.Fatalf("no fragment, but counted as one: %x: %+v", f, after)
	}
}

const noFragment = "no fragment"

// frameFlaw returns why no host can deliver the frame, or why this one can't as it is now.
func frameFlaw(h *Host, b []byte) string {
	f, err := ethernet.Parse(b)
	if err != nil {
		return "no header"
	}
	if f.Dst() != h.e.hw && !f.Dst().IsMulticast() {
		return "another station's"
	}
	if f.Type() == ethernet.TypeARP {
		if p, err := arp.Parse(f.Payload()); err != nil || p.SenderHW().IsMulticast() || p.SenderHW().IsZero() {
			return "no ARP packet"
		}
		return ""
	}
	if f.Type() != ethernet.TypeIPv4 {
		return "a type that is not spoken"
	}
	p, err := ipv4.Parse(f.Payload())
	if err != nil {
		return "no IPv4 packet"
	}
	if p.Src() == broadcast || isMulticast(p.Src()) || p.Src()[0] == 127 || p.Dst()[0] == 127 {
		return "an address that is never on a link"
	}
	if p.IsFragment() {
		if len(p.Payload()) == 0 || p.MoreFragments() && len(p.Payload())%8 != 0 {
			return noFragment
		}
		return ""
	}
	pseudo := sum.Pseudo4(p.Src(), p.Dst(), p.Protocol(), len(p.Payload()))
	switch p.Protocol() {
	case ipv4.ProtoTCP:
		if s, err := tcp.Parse(p.Payload()); err != nil || s.Verify(pseudo) != nil {
			return "no segment"
		}
	case ipv4.ProtoUDP:
		d, err := udp.Parse(p.Payload())
		if err != nil || d.Verify(sum.Pseudo4(p.Src(), p.Dst(), ipv4.ProtoUDP, d.Length())) != nil {
			return "no datagram"
		}
	case ipv4.ProtoICMP:
		m, err := icmpv4.Parse(p.Payload())
		if err != nil {
			return "no ICMP message"
		}
		if m.Type() == icmpv4.TypeEchoReply && h.e.pings[pingKey(m.ID(), m.Seq())] == nil {
			return "an answer to nothing"
		}
	default:
		return "a protocol that is not spoken"
	}
	return ""
}

// strangersOddFragment returns a fragment to somebody else that isn't the last and no multiple of
// eight bytes long: it was once held to be counted as a fragment's drop.
func strangersOddFragment() []byte {
	frame, err := hex.DecodeString("024f5ecd3a4b024f5ecd3ef8080045000067" +
		"6d3130004011c7ef0a0000020b000064" + strings.Repeat("a5", 83))
	if err != nil {
		panic(err)
	}
	return frame
}

// FuzzHost feeds a whole host what another one really sent it, mutated, reordered and cut: DHCP,
// ARP, DNS, ICMP, UDP, fragments and TCP. It never panics, comes to rest, counts each frame, and
// answers a ping afterwards.
func FuzzHost(f *testing.F) {
	n := len(exchange())
	f.Add([]byte(nil), []byte(nil))
	for op := range byte(mutations) {
		for i := range n {
			f.Add([]byte{byte(i), op, 0, 37 + 3*byte(i), 0xff}, []byte(nil))
		}
	}
	for i := range n {
		f.Add([]byte{0, mutInsert, 0, 0, 0, byte(n - 1), mutInsert, 0, 0, 0}, exchange()[i].frame)
	}
	f.Add([]byte{byte(n - 1), mutInsert, 0, 0, 0}, strangersOddFragment())
	f.Fuzz(func(t *testing.T, script, extra []byte) {
		replay(t, mutate(exchange(), script, extra))
	})
}
