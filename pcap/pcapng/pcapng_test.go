package pcapng

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A rawBlock is a block as it lies in a file, with its options.
type rawBlock struct {
	typ     uint32
	body    []byte
	options []option
}

type option struct {
	code  uint16
	value string
}

// fixed is how many bytes of a body come before its options, without a packet's data.
var fixed = map[uint32]int{TypeSection: 16, TypeInterface: 8, TypePacket: 20, TypeStatistics: 12}

// blocks takes a file apart by the letter of section 3, and fails where anything is not as it says.
func blocks(b []byte) (out []rawBlock, err error) {
	for len(b) > 0 {
		if len(b) < 12 {
			return out, io.ErrUnexpectedEOF
		}
		n := binary.LittleEndian.Uint32(b[4:])
		if n < 12 || n%4 != 0 || int(n) > len(b) || binary.LittleEndian.Uint32(b[n-4:]) != n {
			return out, fmt.Errorf("a block of %d bytes of %d, or two different lengths", n, len(b))
		}
		k := rawBlock{typ: binary.LittleEndian.Uint32(b), body: b[8 : n-4]}
		b = b[n:]
		at, ok := fixed[k.typ]
		if !ok || at > len(k.body) {
			return out, fmt.Errorf("type %#x, body of %d bytes", k.typ, len(k.body))
		}
		if k.typ == TypePacket {
			at += (int(binary.LittleEndian.Uint32(k.body[12:])) + 3) / 4 * 4
		}
		if at > len(k.body) {
			return out, io.ErrUnexpectedEOF
		}
		if k.options, err = options(k.body[at:]); err != nil {
			return out, err
		}
		out = append(out, k)
	}
	return out, nil
}

func options(b []byte) (out []option, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	for {
		if len(b) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		code, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if code == optEnd {
			if len(b) != 4 || n != 0 {
				return nil, errors.New("the end of the options is not the end of the block")
			}
			return out, nil
		}
		padded := (n + 3) / 4 * 4
		if len(b) < 4+padded {
			return nil, io.ErrUnexpectedEOF
		}
		if bytes.Trim(b[4+n:4+padded], "\x00") != nil && len(bytes.Trim(b[4+n:4+padded], "\x00")) > 0 {
			return nil, errors.New("padding is not zero")
		}
		out = append(out, option{code, string(b[4 : 4+n])})
		b = b[4+padded:]
	}
}

func (k rawBlock) option(code uint16) (all []string) {
	for _, o := range k.options {
		if o.code == code {
			all = append(all, o.value)
		}
	}
	return all
}

// dirty is memory that was used before, in which a block starts at an odd place.
func dirty(odd int) []byte { return bytes.Repeat([]byte{0xa5}, 4096)[:odd] }

var when = time.Date(2026, 2, 3, 4, 5, 6, 123456789, time.UTC)

// capture is a file with everything in it.
func capture(dst []byte) []byte {
	dst = AppendSection(dst, &Section{OS: "linux", Application: "httptap", Comment: "all of it"})
	dst = AppendInterface(dst, &Interface{LinkType: LinkEthernet, Name: "tap0", Description: "the device", MAC: [6]byte{2, 0, 0, 0, 0, 1}, Speed: 1e9})
	dst = AppendPacket(dst, &Packet{Nanos: when.UnixNano(), Data: frame(60), Direction: Inbound,
		Comments: [][]byte{[]byte("first"), nil, []byte("zweitens: Verspätung")}})
	dst = AppendInterface(dst, &Interface{LinkType: LinkEthernet, SnapLen: 20, Name: "client a"})
	dst = AppendPacket(dst, &Packet{Interface: 1, Nanos: when.UnixNano() + 1, Data: frame(20), Length: 61, Direction: Outbound})
	dst = AppendPacket(dst, &Packet{Interface: 1, Nanos: when.UnixNano() + 2, Data: frame(17)})
	dst = AppendStatistics(dst, &Statistics{Interface: 1, Nanos: when.UnixNano() + 3, Start: when.UnixNano(), End: when.UnixNano() + 3,
		Received: 9, Dropped: 7, Accepted: 2, Delivered: 2, Comment: "too slow"})
	return dst
}

func frame(n int) []byte {
	f := append(bytes.Repeat([]byte{0xff}, 6), 2, 0, 0, 0, 0, 1, 0x88, 0xb5)
	for len(f) < n {
		f = append(f, byte(len(f)))
	}
	return f[:n]
}

func TestGopacketReadsIt(t *testing.T) {
	b := capture(dirty(3))[3:]
	var dropped uint64
	r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{StatisticsCallback: func(i int, s pcapgo.NgInterfaceStatistics) {
		if i == 1 {
			dropped = s.PacketsDropped
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.SectionInfo(); s.OS != "linux" || s.Application != "httptap" || s.Comment != "all of it" {
		t.Errorf("section %+v", s)
	}
	for i, want := range []struct{ n, length, iface, nanos int }{{60, 60, 0, 0}, {20, 61, 1, 1}, {17, 17, 1, 2}} {
		data, ci, err := r.ReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, frame(want.n)) || ci.Length != want.length || ci.InterfaceIndex != want.iface ||
			!ci.Timestamp.Equal(when.Add(time.Duration(want.nanos))) {
			t.Errorf("packet %d: %d bytes, %+v", i, len(data), ci)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for i, want := range []struct{ name, description string }{{"tap0", "the device"}, {"client a", ""}} {
		n, err := r.Interface(i)
		if err != nil || n.Name != want.name || n.Description != want.description || n.LinkType != layers.LinkTypeEthernet || n.TimestampResolution != 9 {
			t.Errorf("interface %d: %+v %v", i, n, err)
		}
	}
	if dropped != 7 {
		t.Errorf("%d dropped, want 7", dropped)
	}
}

// TestTsharkReadsIt asks what nothing else here reads: directions, comments, the interfaces' names.
func TestTsharkReadsIt(t *testing.T) {
	for _, tool := range []string{"tshark", "capinfos"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s, which is not installed", tool)
		}
	}
	file := filepath.Join(t.TempDir(), "all.pcapng")
	if err := os.WriteFile(file, capture(nil), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-r", file, "-T", "json", "-e", "frame.comment", "-e", "frame.packet_flags_direction",
		"-e", "frame.interface_name", "-e", "frame.interface_description", "-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.time_epoch").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packets []struct {
		Source struct{ Layers map[string][]string } `json:"_source"`
	}
	if err := json.Unmarshal(out, &packets); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := []map[string]string{
		{"frame.comment": "first|zweitens: Verspätung", "frame.packet_flags_direction": "1", "frame.interface_name": "tap0",
			"frame.interface_description": "the device", "frame.len": "60", "frame.cap_len": "60"},
		{"frame.comment": "", "frame.packet_flags_direction": "2", "frame.interface_name": "client a", "frame.len": "61", "frame.cap_len": "20"},
		{"frame.packet_flags_direction": "", "frame.len": "17"},
	}
	if len(packets) != len(want) {
		t.Fatalf("tshark sees %d packets, want %d", len(packets), len(want))
	}
	for i, fields := range want {
		for name, value := range fields {
			if got := strings.Join(packets[i].Source.Layers[name], "|"); strings.TrimLeft(got, "0x") != strings.TrimLeft(value, "0x") {
				t.Errorf("packet %d, %s: tshark sees %q, want %q", i, name, got, value)
			}
		}
	}
	info, err := exec.Command("capinfos", "-M", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, info)
	}
	for _, want := range []string{"pcapng", "Interface #0 info", "Name = tap0", "Speed = 1000000000", "Name = client a",
		"Time precision = nanoseconds", "Number of stat entries = 1", "Number of packets = 2", "all of it"} {
		if !strings.Contains(string(info), want) {
			t.Errorf("capinfos does not say %q:\n%s", want, info)
		}
	}
}

func TestLongAndBrokenText(t *testing.T) {
	long := strings.Repeat("ä", 40000)
	b := AppendSection(nil, &Section{Comment: long, OS: "bad \xff\xc3 text"})
	b = AppendInterface(b, &Interface{Name: "x"})
	b = AppendPacket(b, &Packet{Data: frame(14), Comments: [][]byte{[]byte("\xe2\x82"), []byte(long)}})
	all, err := blocks(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := all[0].option(optComment); got[0] != long[:65532] {
		t.Errorf("a long comment has %d bytes, want 65532, the last whole character", len(got[0]))
	}
	if got := all[0].option(shbOS); got[0] != "bad \ufffd\ufffd text" {
		t.Errorf("broken text became %q", got)
	}
	if got := all[2].option(optComment); len(got) != 2 || got[0] != "\ufffd\ufffd" || len(got[1]) != 65532 {
		t.Errorf("comments %d", len(got))
	}
}

func TestPacketAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 4096)
	data := frame(1514)
	comments := [][]byte{[]byte("client a to lab"), []byte("lost")}
	if n := testing.AllocsPerRun(100, func() {
		p := Packet{Interface: 3, Nanos: 5, Data: data, Direction: Inbound, Comments: comments}
		buf = AppendPacket(buf[:0], &p)
		buf = AppendStatistics(buf, &Statistics{Interface: 3, Dropped: 1})
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// FuzzRoundTrip: whatever is written is read back, by the letter of the format and by gopacket.
func FuzzRoundTrip(f *testing.F) {
	f.Add("tap0", "the device", []byte("data"), 1500, "a comment", uint64(1), int64(1e18), uint32(1))
	f.Add("", "\xff", []byte{}, 0, strings.Repeat("x", 70000), uint64(0), int64(0), uint32(2))
	f.Fuzz(func(t *testing.T, name, description string, data []byte, length int, comment string, count uint64, nanos int64, dir uint32) {
		length = min(max(length, 0), 1<<20)
		b := AppendSection(nil, &Section{Comment: comment})
		b = AppendInterface(b, &Interface{LinkType: LinkEthernet, Name: name, Description: description, Speed: count})
		p := Packet{Nanos: nanos, Data: data, Length: length, Direction: Direction(dir % 3), Comments: [][]byte{[]byte(comment), []byte(name)}}
		b = AppendPacket(b, &p)
		b = AppendStatistics(b, &Statistics{Nanos: nanos, Start: nanos, Dropped: count, Comment: description})
		all, err := blocks(b)
		if err != nil || len(all) != 4 {
			t.Fatalf("%d blocks: %v", len(all), err)
		}
		var texts []string
		for _, s := range []string{comment, name} {
			if s != "" {
				texts = append(texts, text(s))
			}
		}
		if got := all[2].option(optComment); strings.Join(got, "|") != strings.Join(texts, "|") {
			t.Errorf("comments %.100q, want %.100q", got, texts)
		}
		if got := all[1].option(ifName); len(got) > 0 && got[0] != text(name) || len(got) == 0 && name != "" {
			t.Errorf("name %.100q, want %.100q", got, name)
		}
		if got := all[3].option(isbIfDrop); len(got) != 1 || binary.LittleEndian.Uint64([]byte(got[0])) != count {
			t.Errorf("dropped %q, want %d", got, count)
		}
		if h := all[2].body; int64(uint64(binary.LittleEndian.Uint32(h[4:]))<<32|uint64(binary.LittleEndian.Uint32(h[8:]))) != nanos {
			t.Errorf("the time is %x, want %x", h[4:12], nanos)
		}
		r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatal(err)
		}
		got, ci, err := r.ReadPacketData()
		if err != nil || !bytes.Equal(got, data) || ci.Length != max(length, len(data)) {
			t.Errorf("gopacket reads %d bytes of %d, want %d of %d: %v", len(got), ci.Length, len(data), length, err)
		}
	})
}

// text is what becomes of s in an option.
func text(s string) string {
	var b []byte
	for _, r := range s {
		if len(b)+utf8.RuneLen(r) > maxOption {
			break
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}
