package pcap

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// shared returns a folder of public captures and of what tshark says of them, that lies beside
// the repository's top and is no part of it.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "captures", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs the public captures in shared/captures/%s beside the repository", name)
	}
	return dir
}

// readFrames reads the Ethernet frames of a capture, each with its length on the wire.
func readFrames(name string) (list []caught, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var r interface {
		ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	}
	if r, err = pcapgo.NewReader(bytes.NewReader(b)); err != nil {
		if r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{SkipUnknownVersion: true}); err != nil {
			return nil, err
		}
	}
	for {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		list = append(list, caught{file: filepath.Base(name), number: len(list) + 1, data: bytes.Clone(data), wire: info.Length})
	}
}

// readAnswers reads what tshark said of one file: a row a field, with frame, name, byte, bytes,
// bit mask, type, the first bytes, and the value as shown.
func readAnswers(name string) (map[int][]found, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	frames := map[int][]found{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		col := strings.SplitN(lines.Text(), "\t", 8)
		if len(col) < 7 {
			return nil, fmt.Errorf("%s: a row of %d columns: %.100q", name, len(col), lines.Text())
		}
		var n [5]uint64
		for i, c := range []string{col[0], col[2], col[3], col[4], col[5]} {
			base := 10
			if i == 3 {
				base = 16
			}
			if n[i], err = strconv.ParseUint(c, base, 64); err != nil {
				return nil, fmt.Errorf("%s: %w in %.100q", name, err, lines.Text())
			}
		}
		x := found{name: col[1], pos: int(n[1]), size: int(n[2]), mask: n[3], layer: n[4] == 1, hex: col[6]}
		if len(col) == 8 {
			x.show = col[7]
		}
		if x.name == "data.data" {
			continue // the layer has the same bytes
		}
		frames[int(n[0])] = append(frames[int(n[0])], x)
	}
	return frames, lines.Err()
}

// TestAgreesOverPublicCaptures holds each field that has Wireshark's name against what Wireshark
// says: its value and its place. Layers without a room are counted apart.
func TestAgreesOverPublicCaptures(t *testing.T) {
	dir, answers := shared(t, "pcapplusplus"), shared(t, "pcapplusplus-tshark")
	files, err := filepath.Glob(filepath.Join(answers, "*.pos.tsv.gz"))
	if err != nil || len(files) < 100 {
		t.Fatalf("only %d stored answers in %s, want 109: %v", len(files), answers, err)
	}
	names, all := map[string]bool{}, map[string]map[int][]found{}
	for _, name := range files {
		base := strings.TrimSuffix(filepath.Base(name), ".pos.tsv.gz")
		if all[base], err = readAnswers(name); err != nil {
			t.Fatal(err)
		}
		for _, fields := range all[base] {
			for _, f := range fields {
				names[f.name] = true
			}
		}
	}
	a := newAgreement(names)
	var d Decoder
	frames := 0
	for _, base := range slices.Sorted(maps.Keys(all)) {
		theirs := all[base]
		list, err := readFrames(filepath.Join(dir, base))
		if err != nil {
			t.Errorf("%s: %v", base, err)
		}
		for i := range list {
			c := &list[i]
			c.theirs = theirs[c.number]
			if c.theirs == nil {
				t.Errorf("%s: no answer to frame %d", base, c.number)
				continue
			}
			a.add(c, d.Decode(c.data, c.wire))
			frames++
		}
	}
	t.Logf("%d frames of %d files", frames, len(files))
	if frames < 1500 {
		t.Errorf("only %d frames were compared", frames)
	}
	a.report(t)
}
