package pcap

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"httptap/stack/field"
)

// jsonField is a field as AppendJSON's documentation has it.
type jsonField struct {
	Name, Label, Meaning, Unit string
	Bit, Bits                  int
	Value                      any
	Fault                      *struct {
		Name, Label, Severity string
		Want                  *uint32
	}
	Fields []jsonField
}

type jsonFrame struct {
	Number         uint64
	Time           string
	Relative       *float64
	Wire, Captured int
	Interface      string
	Direction      string
	Comments       []string
	Bytes          string
	Layers         []jsonField
}

func decodeJSON(t testing.TB, b []byte) (f jsonFrame) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return f
}

func TestJSONValues(t *testing.T) {
	custom := func(dst, msg []byte, off, n int) []byte { return field.AppendQuoted(dst, msg[off:off+n]) }
	two := func(dst, msg []byte, off, n int) []byte { return append(dst, `"a", "b"`...) }
	for _, c := range []struct {
		spec  field.Spec
		bytes []byte
		want  string
	}{
		{field.Spec{Kind: field.Uint, Bits: 4, Scale: 4, Unit: "bytes"}, []byte{0x50}, `"value":20,"unit":"bytes"`},
		{field.Spec{Kind: field.Uint, Bits: 8, Values: field.Values{6: "TCP"}}, []byte{6}, `"value":6,"meaning":"TCP"`},
		{field.Spec{Kind: field.Uint, Bits: 64}, []byte{0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, `"value":9007199254740991`},
		{field.Spec{Kind: field.Uint, Bits: 64}, []byte{0, 0x20, 0, 0, 0, 0, 0, 0}, `"value":"9007199254740992"`},
		{field.Spec{Kind: field.Int, Bits: 8}, []byte{0xfa}, `"value":-6`},
		{field.Spec{Kind: field.Int, Bits: 64}, []byte{0x80, 0, 0, 0, 0, 0, 0, 0}, `"value":"-9223372036854775808"`},
		{field.Spec{Kind: field.Hex, Bits: 12}, []byte{0x01, 0x20}, `"value":18`},
		{field.Spec{Kind: field.Flag, Bits: 1}, []byte{0x80}, `"value":true`},
		{field.Spec{Kind: field.MAC, Bits: 48}, []byte{2, 0, 0x5e, 0x10, 0, 1}, `"value":"02:00:5e:10:00:01"`},
		{field.Spec{Kind: field.Seconds, Bits: 32}, []byte{0, 0, 0x0e, 0x10}, `"value":3600`},
		{field.Spec{Kind: field.Text}, []byte("a\"b\n\x1b\xff\u202e\U000e0001é"), `"value":"a\"b\u000a\u001b` + "\ufffd" + `\u202e\udb40\udc01é"`},
		{field.Spec{Kind: field.Custom, Format: custom}, []byte("a\"\\b\n\u202e\x1b"), `"value":"a\"\\b\u000a\u202e\u001b"`},
		{field.Spec{Kind: field.Custom, Format: two}, []byte("x"), `"value":"\"a\", \"b\""`},
		{field.Spec{Kind: field.NTPShort, Bits: 32}, []byte{0, 1, 0x80, 0}, `"value":1.500000`},
		{field.Spec{Kind: field.Bytes}, []byte{0xca, 0xfe}, `"value":"cafe"`},
		{field.Spec{Kind: field.IPv4, Bits: 32}, []byte{192, 0}, `"bits":16}`}, // cut short
	} {
		n := c.spec.Bits
		if n == 0 || n > 8*len(c.bytes) {
			n = 8 * len(c.bytes)
		}
		got := string(AppendJSON(nil, &Meta{}, c.bytes, []field.Span{{Spec: &c.spec, Len: int32(n)}}))
		if !strings.Contains(got, c.want) || !json.Valid([]byte(got)) {
			t.Errorf("kind %d of % x: %s\nwant %s", c.spec.Kind, c.bytes, got, c.want)
		}
	}
}

func TestAppendSeconds(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		digits int
		want   string
	}{
		{0, 6, "0.000000"}, {1, 9, "0.000000001"}, {-1, 9, "-0.000000001"}, {time.Hour, 0, "3600"},
		{1999999999, 6, "1.999999"}, {-1 << 63, 9, "-9223372036.854775808"}, {1, 12, "0.000000001000"},
	} {
		if got := string(AppendSeconds(nil, c.d, c.digits)); got != c.want {
			t.Errorf("%d ns with %d digits is %s, want %s", c.d, c.digits, got, c.want)
		}
	}
}

func TestAppendClean(t *testing.T) {
	const dirty = "a \x1b[2J \x7f é \u202e \u0085 \xff 日本"
	const want = `a \x1b[2J \x7f é \u{202e} \u{85} \xff 日本`
	if got := string(AppendClean(nil, dirty)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Whatever a frame is, each style prints it: without a control character but its own, the same with colours
// as without, and the JSON tiles the frame.
func FuzzStyles(f *testing.F) {
	for _, c := range madeCases(f) {
		f.Add(c.frames[0], c.wire, "tap0", []byte("lost \x1b[31m"))
	}
	f.Fuzz(func(t *testing.T, b []byte, wire int, iface string, comment []byte) {
		if len(b) > 2000 {
			return
		}
		var d Decoder
		spans := d.Decode(b, min(max(wire, 0), 1<<17))
		m := Meta{Number: 7, Time: time.Unix(int64(wire), 5), Relative: time.Duration(wire), Wire: wire, Interface: iface, Comments: [][]byte{comment}, Direction: "IN"}
		plain, coloured := Summary{Us: goldenUs}, Summary{Us: goldenUs, Colours: DefaultPalette}
		for name, out := range map[string][2][]byte{
			"line":    {AppendLine(nil, b, spans, LineOptions{Classes: ^Classes(0)}), AppendLine(nil, b, spans, LineOptions{Classes: ^Classes(0), Colours: DefaultPalette})},
			"tree":    {AppendTree(nil, &m, b, spans, TreeOptions{}), AppendTree(nil, &m, b, spans, TreeOptions{Colours: DefaultPalette})},
			"hex":     {AppendHex(nil, b, spans, TreeOptions{}), AppendHex(nil, b, spans, TreeOptions{Colours: DefaultPalette})},
			"summary": {plain.Append(nil, &m, b, spans), coloured.Append(nil, &m, b, spans)},
			"json":    {AppendJSON(nil, &m, b, spans), AppendJSON(nil, &m, b, spans)},
		} {
			for _, c := range out[0] {
				if c < ' ' && c != '\n' || c == 0x7f {
					t.Fatalf("a control character in the %s: %q", name, out[0])
				}
			}
			if got := escapes.ReplaceAll(out[1], nil); !bytes.Equal(got, out[0]) {
				t.Fatalf("the %s is\n%s\nand with colours\n%s", name, out[0], got)
			}
		}
		j := decodeJSON(t, AppendJSON(nil, &m, b, spans))
		if j.Bytes != hex.EncodeToString(b) || j.Captured != len(b) {
			t.Fatalf("%d bytes, %s", j.Captured, j.Bytes)
		}
		n, bit := 0, 0
		var walk func([]jsonField)
		walk = func(fields []jsonField) {
			for _, f := range fields {
				if s := spans[n]; s.Spec.Name != f.Name || int(s.Bit) != f.Bit || int(s.Len) != f.Bits || (s.Err != nil) != (f.Fault != nil) {
					t.Fatalf("field %d is %+v, the span %+v", n, f, s)
				}
				n++
				if len(f.Fields) > 0 {
					walk(f.Fields)
					continue
				}
				if f.Bit != bit {
					t.Fatalf("%s begins at bit %d, and what is before it ends at %d", f.Name, f.Bit, bit)
				}
				bit += f.Bits
			}
		}
		walk(j.Layers)
		if n != len(spans) || bit != 8*len(b) {
			t.Fatalf("%d fields of %d, %d bits of %d", n, len(spans), bit, 8*len(b))
		}
	})
}
