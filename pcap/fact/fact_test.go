package fact

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"httptap/stack/field"
)

func TestValues(t *testing.T) {
	spec := func(typ Type, unit string, v field.Values) *Spec { return &Spec{Type: typ, Unit: unit, Values: v} }
	for _, c := range []struct {
		fact        Fact
		value, text string
	}{
		{Fact{Spec: spec(Present, "", nil)}, "1", ""},
		{Fact{Spec: spec(Uint, "bytes", nil), N: 7}, "7", "7 bytes"},
		{Fact{Spec: spec(Frame, "", nil), N: math.MaxUint64}, "18446744073709551615", "18446744073709551615"},
		{Fact{Spec: &TCPWindowScale, N: ^uint64(1)}, "-2", "no window scaling used (-2)"},
		{Fact{Spec: &TCPCompleteness, N: SynSent | SynAck}, "3", "Incomplete, CLIENT_ESTABLISHED (3)"},
		{Fact{Spec: &TCPCompleteness, N: 63}, "63", "Complete, WITH_DATA (63)"},
		{Fact{Spec: &TCPCompleteness, N: 23}, "23", "Complete, NO_DATA (23)"},
		{Fact{Spec: &TCPCompleteness, N: 9}, "9", "Incomplete (9)"},
		{Fact{Spec: spec(Duration, "seconds", nil), N: 1_000_000_001}, "1.000000001", "1.000000001 seconds"},
		{Fact{Spec: spec(Duration, "", nil), N: ^uint64(0)}, "-0.000000001", "-0.000000001"},
		{Fact{Spec: spec(Duration, "", nil), N: 1 << 63}, "-9223372036.854775808", "-9223372036.854775808"},
		{Fact{Spec: spec(Float, "ms", nil), N: math.Float64bits(0.25)}, "0.25", "0.25 ms"},
		{Fact{Spec: spec(Text, "", nil), B: []byte("/a\x1b")}, "/a\x1b", `"/a\x1b"`},
		{Fact{Spec: spec(Bytes, "", nil), B: []byte{0xca, 0xfe}}, "cafe", "cafe"},
	} {
		if got := string(c.fact.AppendValue(nil)); got != c.value {
			t.Errorf("value %q, want %q", got, c.value)
		}
		if got := string(c.fact.AppendText(nil)); got != c.text {
			t.Errorf("text %q, want %q", got, c.text)
		}
	}
}

func TestSpecs(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Specs() {
		if seen[s.Name] {
			t.Errorf("%s: there are two", s.Name)
		}
		seen[s.Name] = true
		if s.Label == "" || s.Layer != "" && !strings.HasPrefix(s.Name, s.Layer+".") {
			t.Errorf("%s: label %q, layer %q", s.Name, s.Label, s.Layer)
		}
	}
	if len(seen) < 80 {
		t.Errorf("only %d specs", len(seen))
	}
}

// TestWiresharkHasTheNames: a field that is not our own is one of Wireshark's, of the same type.
func TestWiresharkHasTheNames(t *testing.T) {
	path, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("NO_SKIP") != "" {
			t.Fatal("needs tshark: apt install tshark")
		}
		t.Skip("needs tshark")
	}
	out, err := exec.Command(path, "-G", "fields").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if col := strings.Split(lines.Text(), "\t"); len(col) > 3 && col[0] == "F" {
			theirs[col[2]] = col[3]
		}
	}
	types := map[Type]string{Present: "FT_NONE FT_BOOLEAN", Uint: "FT_UINT8 FT_UINT32", Int: "FT_INT32", Frame: "FT_FRAMENUM",
		Duration: "FT_RELATIVE_TIME", Float: "FT_DOUBLE", Text: "FT_STRING", Bytes: "FT_BYTES"}
	for _, s := range Specs() {
		switch typ := theirs[s.Name]; {
		case s.Own && typ != "":
			t.Errorf("%s is said to be our own, and Wireshark has it", s.Name)
		case !s.Own && typ == "":
			t.Errorf("Wireshark has no %s", s.Name)
		case !s.Own && !strings.Contains(types[s.Type], typ):
			t.Errorf("%s is %s in Wireshark, ours is one of %s", s.Name, typ, types[s.Type])
		}
	}
}
