package dns

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseName(t *testing.T) {
	l63 := strings.Repeat("x", 63)
	n253 := l63 + "." + l63 + "." + l63 + "." + strings.Repeat("x", 61)
	for _, c := range []struct {
		name, text, wire, back string
		want                   error
	}{
		{"a name", "www.example.com", "\x03www\x07example\x03com\x00", "www.example.com", nil},
		{"with the root's dot", "www.example.com.", "\x03www\x07example\x03com\x00", "www.example.com", nil},
		{"the root", ".", "\x00", ".", nil},
		{"one label", "localhost", "\x09localhost\x00", "localhost", nil},
		{"underscores and case stay", "_Http._tcp.X", "\x05_Http\x04_tcp\x01X\x00", "_Http._tcp.X", nil},
		{"a dot inside a label", `a\.b.c`, "\x03a.b\x01c\x00", `a\.b.c`, nil},
		{"a backslash", `a\\b`, "\x03a\\b\x00", `a\\b`, nil},
		{"any octet by number", `\000\255\032`, "\x03\x00\xff \x00", `\000\255\032`, nil},
		{"an escaped letter", `\a`, "\x01a\x00", "a", nil},
		{"UTF-8 passes as octets", "é", "\x02\xc3\xa9\x00", `\195\169`, nil},
		{"a label of 63", l63, "\x3f" + l63 + "\x00", l63, nil},
		{"a name of 255 octets", n253, "", n253, nil},
		{"the same with the root's dot", n253 + ".", "", n253, nil},
		{"nothing", "", "", "", ErrName},
		{"a label of 64", l63 + "x", "", "", ErrLabel},
		{"a name of 256 octets", n253 + "x", "", "", ErrName},
		{"one more label", n253 + ".x", "", "", ErrName},
		{"an empty label", "a..b", "", "", ErrLabel},
		{"a leading dot", ".a", "", "", ErrLabel},
		{"two dots", "..", "", "", ErrLabel},
		{"a lone backslash", `a\`, "", "", ErrEscape},
		{"two digits", `a\01`, "", "", ErrEscape},
		{"a digit and a letter", `a\0x1`, "", "", ErrEscape},
		{"a number over 255", `a\256`, "", "", ErrEscape},
	} {
		n, err := ParseName(c.text)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil {
			if b, _ := AppendName([]byte("dst"), c.text); string(b) != "dst" {
				t.Errorf("%s: dst is %q", c.name, b)
			}
			continue
		}
		if c.wire != "" && string(n.msg) != c.wire {
			t.Errorf("%s: %q, want %q", c.name, n.msg, c.wire)
		}
		if n.String() != c.back {
			t.Errorf("%s: back is %s, want %s", c.name, n, c.back)
		}
	}
}

func TestNameRelations(t *testing.T) {
	for _, c := range []struct {
		a, b          string
		equal, within bool
	}{
		{"a.B.c", "A.b.C", true, true},
		{"a.b.c", "b.c", false, true},
		{"b.c", "a.b.c", false, false},
		{"xb.c", "b.c", false, false},
		{`a\.b.c`, "b.c", false, false},
		{"a", ".", false, true},
		{".", ".", true, true},
		{`\192`, `\224`, false, false}, // only ASCII letters have a case
		{"[", "{", false, false},
	} {
		a, b := mustName(t, c.a), mustName(t, c.b)
		if a.Equal(b) != c.equal || b.Equal(a) != c.equal {
			t.Errorf("%s equals %s: %v", c.a, c.b, a.Equal(b))
		}
		if a.Within(b) != c.within {
			t.Errorf("%s is within %s: %v", c.a, c.b, a.Within(b))
		}
	}
	var root Name
	if !root.IsRoot() || root.String() != "." || !root.Parent().IsRoot() || !root.Equal(mustName(t, ".")) || !bytes.Equal(root.AppendWire(nil), []byte{0}) {
		t.Error("the zero Name is not the root")
	}
	if p := mustName(t, "a.b.c").Parent(); p.String() != "b.c" {
		t.Errorf("the parent of a.b.c is %s", p)
	}
}

// Any labels survive the way to text and back.
func TestNameTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wire []byte
		for _, l := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 62), 0, 4).Draw(t, "labels") {
			wire = append(append(wire, byte(len(l))), l...)
		}
		wire = append(wire, 0)
		n, err := ParseName(Name{msg: wire}.String())
		if err != nil || !bytes.Equal(n.msg, wire) {
			t.Fatalf("%q comes back as %q, %v", wire, n.msg, err)
		}
	})
}

// compressed puts b behind a header, so that pointers have somewhere to point.
func compressed(b string) []byte { return append(make([]byte, HeaderLen), b...) }

func TestCheckName(t *testing.T) {
	long := strings.Repeat("\x3f"+strings.Repeat("x", 63), 3) // 192 octets
	for _, c := range []struct {
		name string
		b    string
		off  int
		want error
		end  int
		text string
	}{
		{"a plain name", "\x01a\x01b\x00rest", 0, nil, 5, "a.b"},
		{"a pointer", "\x01a\x00\xc0\x0crest", 3, nil, 5, "a"},
		{"a label and a pointer", "\x01a\x00\x01b\xc0\x0c", 3, nil, 7, "b.a"},
		{"a pointer into the middle of a name", "\x01a\x01b\x00\xc0\x0e", 5, nil, 7, "b"},
		{"a pointer to a pointer", "\x01a\x00\xc0\x0c\xc0\x0f", 5, nil, 7, "a"},
		{"a pointer to itself", "\xc0\x0c", 0, ErrPointer, 0, ""},
		{"a pointer to the labels before it", "\x01a\xc0\x0c", 0, ErrPointer, 0, ""},
		{"two pointers in a circle", "\xc0\x0e\xc0\x0c", 2, ErrPointer, 0, ""},
		{"a pointer forward", "\xc0\x0e\x01a\x00", 0, ErrPointer, 0, ""},
		{"a pointer into the header", "\xc0\x00", 0, ErrPointer, 0, ""},
		{"a pointer to the header's last byte", "\xc0\x0b", 0, ErrPointer, 0, ""},
		{"a pointer past the end", "\xff\xff", 0, ErrPointer, 0, ""},
		{"nothing", "", 0, ErrTruncated, 0, ""},
		{"a label without end", "\x05ab", 0, ErrTruncated, 0, ""},
		{"no root", "\x01a", 0, ErrTruncated, 0, ""},
		{"half a pointer", "\x01a\xc0", 0, ErrTruncated, 0, ""},
		{"a label of type 01", "\x41a\x00", 0, ErrLabel, 0, ""},
		{"a label of type 10", "\x80a\x00", 0, ErrLabel, 0, ""},
		{"255 octets", long + "\x3d" + strings.Repeat("x", 61) + "\x00", 0, nil, 255, ""},
		{"256 octets", long + "\x3e" + strings.Repeat("x", 62) + "\x00", 0, ErrName, 0, ""},
		{"256 octets by a pointer", long + "\x3d" + strings.Repeat("x", 61) + "\x00\x01a\xc0\x0c", 255, ErrName, 0, ""},
	} {
		b, steps := compressed(c.b), 1000
		end, err := checkName(b, c.off+HeaderLen, &steps)
		if err != c.want || err == nil && end != c.end+HeaderLen {
			t.Errorf("%s: end %d, %v; want %d, %v", c.name, end-HeaderLen, err, c.end, c.want)
		}
		if err == nil && c.text != "" {
			n := Name{b, c.off + HeaderLen}
			if n.String() != c.text {
				t.Errorf("%s: %s, want %s", c.name, n, c.text)
			}
		}
	}
	steps := 2
	if _, err := checkName(compressed("\x01a\x01b\x00"), HeaderLen, &steps); err != ErrCost {
		t.Errorf("two steps for three labels: %v", err)
	}
}
