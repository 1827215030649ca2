package tcp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"httptap/stack/seq"
)

// showOptions writes options as scripts do; the numbers of SACK blocks count from the peer's SYN.
func (s *script) showOptions(b []byte) string {
	var out []string
	for len(b) > 0 && b[0] != kindEnd {
		if b[0] == kindNop {
			b = b[1:]
			continue
		}
		v := b[2:b[1]]
		switch b[0] {
		case kindMSS:
			out = append(out, fmt.Sprintf("mss %d", binary.BigEndian.Uint16(v)))
		case kindWindowScale:
			out = append(out, fmt.Sprintf("wscale %d", v[0]))
		case kindSACKPermitted:
			out = append(out, "sackok")
		case kindSACK:
			for ; len(v) > 0; v = v[8:] {
				out = append(out, fmt.Sprintf("sack %d:%d", seq.Value(binary.BigEndian.Uint32(v)).Diff(s.irs), seq.Value(binary.BigEndian.Uint32(v[4:])).Diff(s.irs)))
			}
		case kindTimestamps:
			out = append(out, fmt.Sprintf("ts %d %d", binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])))
		case kindUserTimeout:
			out = append(out, fmt.Sprintf("uto %d", binary.BigEndian.Uint16(v)))
		default:
			out = append(out, fmt.Sprintf("kind %d", b[0]))
		}
		b = b[b[1]:]
	}
	return "<" + strings.Join(out, ", ") + ">"
}

// buildOptions makes options from "<mss 1460, wscale 7, sackok, ts 7 0, uto 90, sack 1:9 20:30, hex 0204>",
// padded to words. The numbers of SACK blocks count from iss.
func buildOptions(t testing.TB, text string, iss seq.Value) (b []byte) {
	t.Helper()
	for _, o := range strings.Split(strings.Trim(text, "<>"), ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(o), " ")
		switch name {
		case "":
		case "mss":
			b = binary.BigEndian.AppendUint16(append(b, kindMSS, 4), uint16(number(t, v)))
		case "wscale":
			b = append(b, kindWindowScale, 3, byte(number(t, v)))
		case "sackok":
			b = append(b, kindSACKPermitted, 2)
		case "ts":
			val, ecr, _ := strings.Cut(v, " ")
			b = binary.BigEndian.AppendUint32(append(b, kindTimestamps, 10), uint32(number(t, val)))
			b = binary.BigEndian.AppendUint32(b, uint32(number(t, ecr)))
		case "uto":
			b = binary.BigEndian.AppendUint16(append(b, kindUserTimeout, 4), uint16(number(t, v)))
		case "sack":
			words := strings.Fields(v)
			b = append(b, kindSACK, byte(2+8*len(words)))
			for _, k := range words {
				from, to, _ := strings.Cut(k, ":")
				b = binary.BigEndian.AppendUint32(b, uint32(iss.Add(number(t, from))))
				b = binary.BigEndian.AppendUint32(b, uint32(iss.Add(number(t, to))))
			}
		case "nop":
			b = append(b, kindNop)
		case "end":
			b = append(b, kindEnd)
		case "hex":
			for ; len(v) > 1; v = v[2:] {
				n, err := strconv.ParseUint(v[:2], 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				b = append(b, byte(n))
			}
		default:
			t.Fatalf("no option %q", o)
		}
	}
	for len(b)%4 != 0 {
		b = append(b, kindEnd)
	}
	return b
}

// optionsOf reads a segment's options.
func optionsOf(b []byte) (o options) {
	o.parse(b)
	return o
}
