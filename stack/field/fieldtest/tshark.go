package fieldtest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"os/exec"
	"strings"
	"testing"

	"httptap/stack/field"
)

// Link types of a capture file, that say what its frames begin with. IANA, "PCAP Link Types"
const (
	LinkEthernet = 1
	LinkIPv4     = 228
)

// A TsharkField is a field that tshark found in a frame. Bit and Len are its place in bits;
// Loose says that tshark gave whole bytes only, though the field may have some bits of them.
type TsharkField struct {
	Name     string
	Bit, Len int
	Loose    bool
}

// Tshark returns what tshark finds in frames, a list for each of them. It skips the test when
// there is no tshark.
func Tshark(t *testing.T, linkType uint32, frames ...[]byte) [][]TsharkField {
	t.Helper()
	le := binary.LittleEndian
	file := le.AppendUint32(nil, 0xa1b2c3d4)
	file = le.AppendUint32(file, 4<<16|2)
	file = le.AppendUint32(append(file, make([]byte, 8)...), 65535)
	file = le.AppendUint32(file, linkType)
	for _, f := range frames {
		file = le.AppendUint32(append(file, make([]byte, 8)...), uint32(len(f)))
		file = append(le.AppendUint32(file, uint32(len(f))), f...)
	}
	out := runTshark(t, file, "-r", "-", "-n", "-T", "json", "-x", "-o", "ip.defragment:false", "-o", "ipv6.defragment:false", "-o", "ip.check_checksum:true")
	d := json.NewDecoder(bytes.NewReader(out))
	var packets [][]TsharkField
	if err := tsharkValue(d, "", 0, &packets); err != nil {
		t.Fatalf("tshark's JSON: %v", err)
	}
	if len(packets) != len(frames) {
		t.Fatalf("tshark saw %d frames of %d", len(packets), len(frames))
	}
	return packets
}

func runTshark(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("needs tshark")
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// tsharkValue reads one JSON value. tshark repeats keys, so that an object can't be read into
// a map; and the place of field "x" stands under the key "x_raw", as hexadecimal digits, first
// byte, bytes, mask and type, or as several such lists.
func tsharkValue(d *json.Decoder, key string, depth int, packets *[][]TsharkField) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	switch tok {
	case json.Delim('{'):
		if depth == 1 {
			*packets = append(*packets, nil)
		}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return err
			}
			if name, ok := strings.CutSuffix(k.(string), "_raw"); ok {
				var raw json.RawMessage
				if err := d.Decode(&raw); err != nil {
					return err
				}
				if raw[0] == '"' {
					continue // the value of a field whose name ends so: tcp.seq_raw
				}
				if err := tsharkPlaces(name, raw, &(*packets)[len(*packets)-1]); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			} else if err := tsharkValue(d, k.(string), depth+1, packets); err != nil {
				return err
			}
		}
		_, err = d.Token()
	case json.Delim('['):
		for d.More() {
			if err := tsharkValue(d, key, depth+1, packets); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func tsharkPlaces(name string, raw json.RawMessage, fields *[]TsharkField) error {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if len(list) > 0 && list[0][0] == '[' {
		for _, r := range list {
			if err := tsharkPlaces(name, r, fields); err != nil {
				return err
			}
		}
		return nil
	}
	var n [4]uint64 // place, size, mask, type
	if len(list) != 5 {
		return fmt.Errorf("%d values", len(list))
	}
	for i := range n {
		if err := json.Unmarshal(list[1+i], &n[i]); err != nil {
			return err
		}
	}
	f := TsharkField{Name: name, Bit: 8 * int(n[0]), Len: 8 * int(n[1]), Loose: n[2] == 0}
	if n[2] != 0 {
		// tshark says one byte of some fields that lie in two: the mask knows better.
		f.Bit += max(f.Len, (bits.Len64(n[2])+7)&^7) - bits.Len64(n[2])
		f.Len = bits.OnesCount64(n[2])
	}
	*fields = append(*fields, f)
	return nil
}

// MatchTshark fails the test where tshark found a field of the protocol prefix, "ip." say,
// that spans do not have at that place under that name. at is the byte of tshark's frame where
// the spans begin. What ignore names is not compared.
func MatchTshark(t *testing.T, what, prefix string, found []TsharkField, spans []field.Span, at int, ignore ...string) (compared int) {
	t.Helper()
next:
	for _, f := range found {
		if !strings.HasPrefix(f.Name, prefix) || f.Len == 0 {
			continue
		}
		for _, name := range ignore {
			if f.Name == name {
				continue next
			}
		}
		compared++
		for _, s := range spans {
			bit, end := int(s.Bit)+8*at, s.End()+8*at
			if s.Spec.Name == f.Name && (bit == f.Bit && end == f.Bit+f.Len ||
				f.Loose && bit&^7 == f.Bit && (end+7)&^7 == f.Bit+f.Len) {
				continue next
			}
		}
		t.Errorf("%s: tshark finds %s at bit %d, %d long; the spans do not", what, f.Name, f.Bit, f.Len)
	}
	return compared
}

// TsharkNames returns the label of every field that tshark knows, by name. It skips the test when
// there is no tshark.
func TsharkNames(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{}
	for line := range strings.Lines(string(runTshark(t, nil, "-G", "fields"))) {
		if col := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(col) > 2 && (col[0] == "F" || col[0] == "P") {
			names[col[2]] = col[1]
		}
	}
	return names
}

// CheckNames fails the test when a name in specs is not one of Wireshark's, other than those in
// own.
func CheckNames(t *testing.T, specs []*field.Spec, own ...string) {
	t.Helper()
	known := TsharkNames(t)
	for _, name := range own {
		known[name] = name
	}
	var check func(*field.Spec)
	check = func(s *field.Spec) {
		if known[s.Name] == "" {
			t.Errorf("%s is no field of Wireshark's", s.Name)
		}
		for i := range s.Sub {
			check(&s.Sub[i])
		}
	}
	for _, s := range specs {
		check(s)
	}
}
