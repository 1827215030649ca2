package pcap

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httptap/pcap/file"
	"httptap/pcap/pcapng"
	"httptap/stack/link"
)

// go test ./pcap -run TestGolden -update writes the goldens of all cases. A case is a capture in
// testdata/captures/PROTOCOL/CASE.pcapng, whose section comment says how it was made; to add one is to put it
// there and to run this.
var update = flag.Bool("update", false, "write the goldens of testdata/captures")

const captures = "../testdata/captures"

// goldenFrames is how many frames of a case are printed in every style; the others have a line.
const goldenFrames = 4

// goldenUs is us in the goldens: the client of the lab, and the first host of the made frames.
var goldenUs = &Us{
	HW:  []link.Addr{{0x02, 0x7b, 0x05, 0x19, 0xd2, 0xda}, {2, 0, 0, 0, 0, 1}},
	IP:  [][4]byte{{192, 168, 10, 2}, {192, 0, 2, 1}},
	IP6: [][16]byte{{0x20, 0x01, 0x0d, 0xb8, 15: 1}},
}

// style prints a frame in one way. What it appends ends with a line's end.
type style struct {
	name   string
	append func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte
}

var styles = []style{
	{"line", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		return append(AppendLine(dst, frame, d.c.Spans, LineOptions{Us: goldenUs}), '\n')
	}},
	{"line, all classes", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		return append(AppendLine(dst, frame, d.c.Spans, LineOptions{Classes: ^Classes(0)}), '\n')
	}},
	{"summary", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		return append((&Summary{Us: goldenUs}).Append(dst, m, frame, d.c.Spans), '\n')
	}},
	{"tree", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		return AppendTree(dst, m, frame, d.c.Spans, TreeOptions{Us: goldenUs})
	}},
	{"hex", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		return AppendHex(dst, frame, d.c.Spans, TreeOptions{})
	}},
	{"json", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		return append(AppendJSON(dst, m, frame, d.c.Spans), '\n')
	}},
	{"colours", func(dst []byte, d *Decoder, m *Meta, frame []byte) []byte {
		dst = append(AppendLine(dst, frame, d.c.Spans, LineOptions{Us: goldenUs, Colours: DefaultPalette}), '\n')
		return bytes.ReplaceAll(dst, []byte("\x1b"), []byte("␛"))
	}},
}

// shot is a frame of a case and what is known of it.
type shot struct {
	meta  Meta
	frame []byte
}

// readCase returns where a capture is from, and its frames.
func readCase(t testing.TB, name string) (provenance string, shots []shot) {
	t.Helper()
	r, err := file.Open(name, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var first time.Time
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return provenance, shots
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Section != nil && provenance == "" {
			provenance = rec.Section.Comment
		}
		if rec.Kind != file.KindPacket {
			continue
		}
		p := &rec.Packet
		if first.IsZero() {
			first = p.Time
		}
		m := Meta{Number: p.Number, Time: p.Time, Digits: rec.Interface.Digits(), Relative: p.Time.Sub(first), Wire: p.Wire, Interface: rec.Interface.Name}
		switch p.Direction {
		case pcapng.Inbound:
			m.Direction = "IN"
		case pcapng.Outbound:
			m.Direction = "OUT"
		}
		for _, c := range p.Comments {
			m.Comments = append(m.Comments, bytes.Clone(c))
		}
		shots = append(shots, shot{m, bytes.Clone(p.Data)})
	}
}

// cases returns the captures, by PROTOCOL/CASE.
func cases(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(captures, "*", "*.pcapng"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s: %v", captures, err)
	}
	all := map[string]string{}
	for _, f := range files {
		name, _ := filepath.Rel(captures, f)
		all[strings.TrimSuffix(filepath.ToSlash(name), ".pcapng")] = f
	}
	return all
}

func TestGolden(t *testing.T) {
	if *update {
		writeMade(t)
	}
	for name, path := range cases(t) {
		t.Run(name, func(t *testing.T) {
			provenance, shots := readCase(t, path)
			if provenance == "" {
				t.Fatal("nothing says how it was made: editcap --capture-comment TEXT IN OUT")
			}
			var d Decoder
			out := fmt.Appendf(nil, "%s\n", provenance)
			for i, s := range shots {
				out = fmt.Appendf(out, "\n== frame %d\n", s.meta.Number)
				d.Decode(s.frame, s.meta.Wire)
				for k, style := range styles {
					if k > 0 && i >= goldenFrames {
						break
					}
					out = fmt.Appendf(out, "-- %s\n", style.name)
					out = style.append(out, &d, &s.meta, s.frame)
				}
			}
			golden := strings.TrimSuffix(path, ".pcapng") + ".golden"
			if *update {
				if err := os.WriteFile(golden, out, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v: -update writes it", err)
			}
			if line := firstDifference(out, want); line != "" {
				t.Errorf("%s\nwith -update git shows all of it", line)
			}
		})
	}
}

// firstDifference returns the first line that differs, "" when none does.
func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is\n  %s\nwant\n  %s", i+1, a, b)
		}
	}
	return ""
}

// TestStylesAllocateNothing: whatever the frame is.
func TestStylesAllocateNothing(t *testing.T) {
	for name, path := range cases(t) {
		_, shots := readCase(t, path)
		for _, s := range shots[:min(len(shots), goldenFrames)] {
			var d Decoder
			d.Decode(s.frame, s.meta.Wire)
			summary := Summary{Us: goldenUs}
			buf := make([]byte, 0, 1<<20)
			for style, f := range map[string]func(){
				"line": func() {
					buf = AppendLine(buf[:0], s.frame, d.c.Spans, LineOptions{Us: goldenUs, Colours: DefaultPalette})
				},
				"summary": func() { buf = summary.Append(buf[:0], &s.meta, s.frame, d.c.Spans) },
				"tree":    func() { buf = AppendTree(buf[:0], &s.meta, s.frame, d.c.Spans, TreeOptions{}) },
				"hex":     func() { buf = AppendHex(buf[:0], s.frame, d.c.Spans, TreeOptions{}) },
				"json":    func() { buf = AppendJSON(buf[:0], &s.meta, s.frame, d.c.Spans) },
			} {
				if n := testing.AllocsPerRun(20, f); n != 0 {
					t.Errorf("%s frame %d: %v allocations for a %s", name, s.meta.Number, n, style)
				}
			}
		}
	}
}
