package file

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"

	"httptap/pcap/pcapng"
)

var when = time.Unix(1770091506, 123456789).UTC()

// packets are what the files of these tests hold.
var packets = [][]byte{bytes.Repeat([]byte{1}, 60), []byte("odd"), {}, bytes.Repeat([]byte{2}, 1514)}

// classicFile is a pcap file as the variant has it. The third packet was 9 bytes on the wire.
func classicFile(order binary.ByteOrder, magic uint32, minor uint16) []byte {
	var b []byte
	u32 := func(v ...uint32) {
		for _, v := range v {
			b = append(b, 0, 0, 0, 0)
			order.PutUint32(b[len(b)-4:], v)
		}
	}
	u32(magic)
	b = append(b, 0, 0, 0, 0)
	order.PutUint16(b[4:], 2)
	order.PutUint16(b[6:], minor)
	u32(0, 0, 65535, LinkEthernet)
	if magic>>8 == 0x1c0001 {
		u32(99)
	}
	for i, p := range packets {
		frac := uint32(when.Nanosecond())
		if magic == 0xa1b2c3d4 || magic == 0xa1b2cd34 {
			frac /= 1000
		}
		wire := uint32(len(p))
		if i == 2 {
			wire = 9
		}
		caplen := uint32(len(p))
		if minor < 3 {
			caplen, wire = wire, caplen
		}
		u32(uint32(when.Unix())+uint32(i), frac, caplen, wire)
		if magic == 0xa1b2cd34 {
			u32(7, 0x0800)
		}
		b = append(b, p...)
	}
	return b
}

// got is a packet that was read.
type got struct {
	number    uint64
	time      time.Time
	data      string
	wire      int
	iface     string
	direction pcapng.Direction
	comments  string
}

// readAll reads a file to its end: its packets, how many records of each kind, and the error if it is not
// the end. It checks that the records tile the file.
func readAll(t testing.TB, src io.Reader, content []byte) (all []got, kinds map[Kind]int, err error) {
	t.Helper()
	kinds = map[Kind]int{}
	r, err := NewReader(src, Options{Name: "test"})
	if err != nil {
		return nil, kinds, err
	}
	defer r.Close()
	at := int64(0)
	for {
		rec, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Errorf("the error is %v, then %v", err, again)
			}
			if r.Offset() != at {
				t.Errorf("%d bytes were read, the records have %d", r.Offset(), at)
			}
			if err == io.EOF {
				err = nil
			}
			return all, kinds, err
		}
		if rec.Offset != at || content != nil && !bytes.Equal(rec.Raw, content[at:at+int64(len(rec.Raw))]) {
			t.Fatalf("a %s at byte %d is not what the file has at %d", rec.Kind, rec.Offset, at)
		}
		at += int64(len(rec.Raw))
		kinds[rec.Kind]++
		if rec.Kind != KindPacket {
			continue
		}
		p := &rec.Packet
		if rec.Interface == nil || p.Wire < len(p.Data) {
			t.Fatalf("packet %d: %d bytes of %d, interface %v", p.Number, len(p.Data), p.Wire, rec.Interface)
		}
		all = append(all, got{p.Number, p.Time, string(p.Data), p.Wire, rec.Interface.Name, p.Direction, string(bytes.Join(p.Comments, []byte("|")))})
	}
}

func TestClassicVariants(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, v := range []struct {
			magic uint32
			minor uint16
			unit  time.Duration
		}{
			{0xa1b2c3d4, 4, time.Microsecond}, {0xa1b23c4d, 4, 1}, {0xa1b2cd34, 4, time.Microsecond},
			{0x1c0001ac, 4, 1}, {0x1c0001ab, 4, 1}, {0xa1b2c3d4, 2, time.Microsecond}, {0xa1b2c3d4, 3, time.Microsecond},
		} {
			t.Run(fmt.Sprintf("%v %#x 2.%d", order, v.magic, v.minor), func(t *testing.T) {
				b := classicFile(order, v.magic, v.minor)
				all, kinds, err := readAll(t, bytes.NewReader(b), b)
				if err != nil || len(all) != len(packets) || kinds[KindHeader] != 1 {
					t.Fatalf("%d packets, %v, %v", len(all), kinds, err)
				}
				for i, p := range all {
					wire := len(packets[i])
					if i == 2 {
						wire = 9
					}
					want := when.Add(time.Duration(i) * time.Second).Truncate(v.unit)
					if p.data != string(packets[i]) || p.wire != wire || !p.time.Equal(want) || p.number != uint64(i+1) {
						t.Errorf("packet %d: %d bytes of %d at %v, want %d of %d at %v", p.number, len(p.data), p.wire, p.time, len(packets[i]), wire, want)
					}
				}
			})
		}
	}
}

// ng writes pcapng files block by block, in either byte order.
type ng struct {
	order binary.ByteOrder
	b     []byte
}

func (n *ng) u32(v uint32) []byte {
	b := make([]byte, 4)
	n.order.PutUint32(b, v)
	return b
}

func (n *ng) u16(v uint16) []byte {
	b := make([]byte, 2)
	n.order.PutUint16(b, v)
	return b
}

func (n *ng) block(typ uint32, body ...[]byte) {
	b := bytes.Join(body, nil)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	length := n.u32(uint32(len(b) + 12))
	n.b = append(append(append(append(n.b, n.u32(typ)...), length...), b...), length...)
}

func (n *ng) option(code uint16, value []byte) []byte {
	b := append(append(n.u16(code), n.u16(uint16(len(value)))...), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func (n *ng) section(length uint64) {
	eight := make([]byte, 8)
	n.order.PutUint64(eight, length)
	n.block(pcapng.TypeSection, n.u32(0x1a2b3c4d), n.u16(1), n.u16(0), eight, n.option(1, []byte("where it is from")), n.option(4, []byte("a test")))
}

func (n *ng) stamp(v uint64) []byte { return append(n.u32(uint32(v>>32)), n.u32(uint32(v))...) }

// everything is a file with all kinds of blocks, two sections, and interfaces with clocks of their own.
func everything(first, second binary.ByteOrder) []byte {
	n := &ng{order: first}
	n.section(1 << 40)
	offset := make([]byte, 8)
	n.order.PutUint64(offset, 1000)
	n.block(pcapng.TypeInterface, n.u16(1), n.u16(0), n.u32(4), n.option(2, []byte("eth0")))
	n.block(pcapng.TypeInterface, n.u16(1), n.u16(0), n.u32(0), n.option(2, []byte("eth1")), n.option(9, []byte{9}), n.option(14, offset), n.option(0, nil))
	n.block(pcapng.TypeNames, n.u16(1), n.u16(8), []byte{192, 0, 2, 1}, []byte("a\x00b\x00"), n.u16(0), n.u16(0))
	n.block(pcapng.TypePacket, n.u32(0), n.stamp(uint64(when.UnixMicro())), n.u32(3), n.u32(3), []byte("odd\x00"),
		n.option(1, []byte("one")), n.option(2, n.u32(2)), n.option(1, []byte("two")), n.option(32768, []byte("unknown")), n.option(0, nil))
	n.block(pcapng.TypePacket, n.u32(1), n.stamp(uint64(when.Add(-1000*time.Second).UnixNano())), n.u32(4), n.u32(99), []byte("nano"))
	n.block(pcapng.TypeSimplePacket, n.u32(1000), []byte("simp"))
	n.block(pcapng.TypeOldPacket, n.u16(1), n.u16(7), n.stamp(uint64(when.Add(-1000*time.Second).UnixNano())), n.u32(2), n.u32(2), []byte("ol\x00\x00"), n.option(2, n.u32(1)))
	n.block(pcapng.TypeSecrets, n.u32(0x544c534b), n.u32(4), []byte("keys"))
	n.block(pcapng.TypeJournal, []byte("MESSAGE=x\n"))
	n.block(pcapng.TypeCustom, n.u32(32473), []byte("ours"))
	n.block(pcapng.TypeCustomNoCopy, n.u32(32473), []byte("ours"))
	n.block(0x12345678, []byte("nobody knows"))
	n.block(pcapng.TypeStatistics, n.u32(0), n.stamp(5))
	m := &ng{order: second, b: n.b}
	m.section(^uint64(0))
	m.block(pcapng.TypeInterface, m.u16(1), m.u16(0), m.u32(0), m.option(2, []byte("tap0")), m.option(9, []byte{0x8a}))
	m.block(pcapng.TypePacket, m.u32(0), m.stamp(uint64(when.Unix())<<10|512), m.u32(4), m.u32(4), []byte("half"))
	return m.b
}

func TestEveryBlock(t *testing.T) {
	for _, c := range [][2]binary.ByteOrder{{binary.LittleEndian, binary.BigEndian}, {binary.BigEndian, binary.LittleEndian}} {
		b := everything(c[0], c[1])
		all, kinds, err := readAll(t, bytes.NewReader(b), b)
		if err != nil {
			t.Fatal(err)
		}
		want := []got{
			{1, when.Truncate(time.Microsecond), "odd", 3, "eth0", pcapng.Outbound, "one|two"},
			{2, when, "nano", 99, "eth1", 0, ""},
			{3, time.Time{}, "simp", 1000, "eth0", 0, ""},
			{4, when, "ol", 2, "eth1", pcapng.Inbound, ""},
			{5, time.Unix(when.Unix(), 5e8), "half", 4, "tap0", 0, ""},
		}
		if len(all) != len(want) {
			t.Fatalf("%d packets, want %d", len(all), len(want))
		}
		for i, w := range want {
			g := all[i]
			if !g.time.Equal(w.time) {
				t.Errorf("packet %d is of %v, want %v", i+1, g.time.UTC(), w.time)
			}
			if g.time = w.time; g != w {
				t.Errorf("packet %d\n got %+v\nwant %+v", i+1, g, w)
			}
		}
		for _, k := range []Kind{KindNames, KindStatistics, KindSecrets, KindJournal, KindCustom, KindNoCopy, KindUnknown} {
			if kinds[k] != 1 {
				t.Errorf("%d of kind %s, want 1", kinds[k], k)
			}
		}
		if kinds[KindSection] != 2 || kinds[KindInterface] != 3 {
			t.Errorf("%v", kinds)
		}
	}
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

// TestCompressed reads the same packets from compressed files, whose bytes come one at a time.
func TestCompressed(t *testing.T) {
	plain := everything(binary.LittleEndian, binary.BigEndian)
	want, _, err := readAll(t, bytes.NewReader(plain), plain)
	if err != nil {
		t.Fatal(err)
	}
	skippable := append([]byte{0x5e, 0x2a, 0x4d, 0x18, 2, 0, 0, 0}, 1, 2)
	for name, packed := range map[string][]byte{
		"plain": plain, "gzip": gzipped(plain), "gzip in two members": append(gzipped(plain[:100]), gzipped(plain[100:])...),
		"zstd": zstandard(t, plain), "zstd behind a frame to skip": append(skippable, zstandard(t, plain)...),
	} {
		got, _, err := readAll(t, iotest.OneByteReader(bytes.NewReader(packed)), plain)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v\n got %v\nwant %v", name, err, got, want)
		}
	}
	for name, packed := range map[string][]byte{"gzip": gzipped(plain), "zstd": zstandard(t, plain)} {
		cut, _, err := readAll(t, bytes.NewReader(packed[:len(packed)/2]), plain)
		if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt) || len(cut) > len(want) {
			t.Errorf("%s, cut: %v after %d packets", name, err, len(cut))
		}
		bad := bytes.Clone(packed)
		bad[len(bad)-5] ^= 0xff
		if _, _, err := readAll(t, bytes.NewReader(bad), plain); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "decompressed") {
			t.Errorf("%s, damaged: %v", name, err)
		}
	}
}

// TestCutAnywhere: a file that ends too early gives all packets that are whole, and says so.
func TestCutAnywhere(t *testing.T) {
	for name, b := range map[string][]byte{"pcap": classicFile(binary.BigEndian, 0xa1b23c4d, 4), "pcapng": everything(binary.LittleEndian, binary.BigEndian)} {
		whole := map[int64]bool{}
		r, err := NewReader(bytes.NewReader(b), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			rec, err := r.Next()
			if err != nil {
				break
			}
			whole[rec.Offset+int64(len(rec.Raw))] = true
		}
		for cut := 24; cut < len(b); cut++ {
			_, _, err := readAll(t, bytes.NewReader(b[:cut]), b)
			var e *Error
			switch {
			case whole[int64(cut)] && err != nil:
				t.Errorf("%s cut to %d, between records: %v", name, cut, err)
			case !whole[int64(cut)] && (!errors.Is(err, ErrTruncated) || !errors.As(err, &e) || e.Offset > int64(cut)):
				t.Errorf("%s cut to %d: %v", name, cut, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	little := binary.LittleEndian
	good := classicFile(little, 0xa1b2c3d4, 4)
	long := bytes.Clone(good)
	little.PutUint32(long[24+8:], 1<<20)
	version := bytes.Clone(good)
	version[4] = 9
	block := func(f func(n *ng)) []byte {
		n := &ng{order: little}
		n.section(0)
		f(n)
		return n.b
	}
	iface := func(n *ng) { n.block(pcapng.TypeInterface, n.u16(1), n.u16(0), n.u32(0)) }
	for _, c := range []struct {
		name string
		b    []byte
		is   error
		says string
	}{
		{"nothing", nil, ErrFormat, "test: at byte 0: the file is empty"},
		{"three bytes", []byte("abc"), ErrFormat, "the file has 3 bytes"},
		{"a page", []byte("<!DOCTYPE html>"), ErrFormat, "it begins with 3c 21 44 4f, which is neither pcap nor pcapng: it looks like a page of HTML"},
		{"xz", []byte("\xfd7zXZ\x00\x00\x00"), ErrFormat, "xz -dc FILE | tapdump -"},
		{"gzip twice", gzipped(gzipped(good)), ErrFormat, "gzip inside of gzip"},
		{"no gzip", []byte("\x1f\x8b\xff\xff\xff"), ErrFormat, "it begins as gzip"},
		{"a length that is none", long, ErrCorrupt, "at byte 24: a packet of 1048576 captured bytes"},
		{"another version", version, ErrFormat, "version 9.4 of the pcap format"},
		{"no byte order", append([]byte{0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0}, 1, 2, 3, 4), ErrCorrupt, "without a byte-order magic: 01 02 03 04"},
		{"pcapng 2", block(func(n *ng) {
			n.block(pcapng.TypeSection, n.u32(0x1a2b3c4d), n.u16(2), n.u16(0), n.stamp(0))
		}), ErrCorrupt, "the version of the format is not 1"},
		{"a block of 13", block(func(n *ng) { n.b = append(n.b, 9, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0) }), ErrCorrupt, "a block of type 0x9 that is 13 bytes long"},
		{"a block of 4 GB", block(func(n *ng) { n.b = append(n.b, 9, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0) }), ErrCorrupt, "4294967292 bytes long: over 16777216 are not read"},
		{"two lengths", block(func(n *ng) { iface(n); n.b[len(n.b)-4]++ }), ErrCorrupt, "20 bytes long by its head and 21 by its end"},
		{"no such interface", block(func(n *ng) { n.block(pcapng.TypePacket, make([]byte, 20)) }), ErrCorrupt, "a packet of interface 0, where 0 are described"},
		{"a simple packet of none", block(func(n *ng) { n.block(pcapng.TypeSimplePacket, make([]byte, 4)) }), ErrCorrupt, "a packet of interface 0"},
		{"an option too long", block(func(n *ng) {
			iface(n)
			n.block(pcapng.TypePacket, make([]byte, 20), n.u16(1), n.u16(5))
		}), ErrCorrupt, "an option reaches past the end of its block"},
		{"a packet longer than its block", block(func(n *ng) {
			iface(n)
			n.block(pcapng.TypePacket, make([]byte, 12), n.u32(5), n.u32(5), []byte("four"))
		}), ErrCorrupt, "the packet is longer than its block"},
		{"a packet block without a head", block(func(n *ng) { n.block(pcapng.TypePacket, n.u32(0)) }), ErrCorrupt, "shorter than its type needs"},
		{"too many interfaces", block(func(n *ng) {
			for range maxInterfaces + 1 {
				iface(n)
			}
		}), ErrCorrupt, "a section with more than 65536 interfaces"},
	} {
		_, _, err := readAll(t, bytes.NewReader(c.b), nil)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || Unread(err) {
			t.Errorf("%s: %v\nwant %v with %q", c.name, err, c.is, c.says)
		}
	}
	broken := errors.New("the disk is gone")
	_, _, err := readAll(t, io.MultiReader(bytes.NewReader(good[:50]), iotest.ErrReader(broken)), good)
	if !errors.Is(err, broken) || !Unread(err) {
		t.Errorf("a source that fails: %v", err)
	}
}

// TestHostileLengthTakesNoMemory: a length that nothing follows is not believed.
func TestHostileLengthTakesNoMemory(t *testing.T) {
	n := &ng{order: binary.LittleEndian}
	n.section(0)
	n.b = append(n.b, 9, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0) // 16711680 bytes
	r, err := NewReader(bytes.NewReader(n.b), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, ErrTruncated) || len(r.w.buf) > 2*windowLen {
		t.Errorf("%v with %d bytes of memory", err, len(r.w.buf))
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	for name, b := range map[string][]byte{"pcap": many(t, PCAP), "pcapng": many(t, PCAPNG)} {
		r, err := NewReader(&endless{b: b, from: len(b)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			r.Next()
		}
		if n := testing.AllocsPerRun(500, func() {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a record", name, n)
		}
	}
}

// many is a file with 2000 packets that have comments.
func many(t testing.TB, f Format) []byte {
	t.Helper()
	if f == PCAP {
		b := classicFile(binary.LittleEndian, 0xa1b23c4d, 4)
		head, rest := b[:24], b[24:]
		return append(bytes.Clone(head), bytes.Repeat(rest, 500)...)
	}
	b := pcapng.AppendSection(nil, &pcapng.Section{Application: "test"})
	b = pcapng.AppendInterface(b, &pcapng.Interface{LinkType: LinkEthernet, Name: "tap0"})
	for i := range 2000 {
		b = pcapng.AppendPacket(b, &pcapng.Packet{Nanos: when.UnixNano() + int64(i), Data: packets[i%len(packets)], Comments: [][]byte{[]byte("a to b"), []byte("lost")}, Direction: pcapng.Inbound})
	}
	return b
}

// endless gives a file once.
type endless struct {
	b    []byte
	from int
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.at == len(e.b) {
		return 0, io.EOF
	}
	n := copy(p, e.b[e.at:])
	e.at += n
	return n, nil
}

// TestCopyIsTheSame: to the byte, and the same packets in the other format.
func TestCopyIsTheSame(t *testing.T) {
	files := map[string][]byte{"pcapng": everything(binary.LittleEndian, binary.BigEndian), "pcapng, big-endian": everything(binary.BigEndian, binary.BigEndian)}
	for _, magic := range []uint32{0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x1c0001ac} {
		files[fmt.Sprintf("%#x", magic)] = classicFile(binary.BigEndian, magic, 4)
	}
	for name, b := range files {
		want, _, err := readAll(t, bytes.NewReader(b), b)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []Format{PCAP, PCAPNG} {
			out, w := copyFile(t, b, f, false)
			if (f == PCAPNG) == strings.HasPrefix(name, "pcapng") {
				if !bytes.Equal(out, b) {
					t.Errorf("%s: a copy to %s is not the same", name, f)
				}
				continue
			}
			all, _, err := readAll(t, bytes.NewReader(out), out)
			if err != nil || len(all) != len(want) {
				t.Fatalf("%s to %s: %d packets of %d, %v", name, f, len(all), len(want), err)
			}
			for i := range all {
				g, w := all[i], want[i]
				unit := time.Duration(1)
				if f == PCAP && !strings.HasPrefix(name, "0x") {
					unit = time.Microsecond // its first interface has these
				}
				if g.data != w.data || g.wire != w.wire || !g.time.Truncate(unit).Equal(w.time.Truncate(unit)) && !w.time.IsZero() {
					t.Errorf("%s to %s: packet %d\n got %+v\nwant %+v", name, f, i+1, g, w)
				}
			}
			if f == PCAP && (w.LeftComments() != 2 || w.Left(KindNames) != 1 || w.Left(KindSecrets) != 1 || w.Left(KindUnknown) != 1) {
				t.Errorf("%s to %s: what is left out is not counted: %d %v", name, f, w.LeftComments(), w.left)
			}
		}
	}
	b := everything(binary.LittleEndian, binary.BigEndian)
	changed, w := copyFile(t, b, PCAPNG, true)
	_, kinds, err := readAll(t, bytes.NewReader(changed), changed)
	if err != nil || kinds[KindNoCopy] != 0 || kinds[KindCustom] != 1 || w.Left(KindNoCopy) != 1 {
		t.Errorf("a changed copy has %v, %v", kinds, err)
	}
	if n := binary.LittleEndian.Uint64(changed[16:]); n != ^uint64(0) {
		t.Errorf("a changed copy says that its section has %d bytes", n)
	}
}

func copyFile(t testing.TB, b []byte, f Format, changed bool) ([]byte, *Writer) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(b), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := NewWriter(&out, "copy", f)
	w.Changed = changed
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w
}

func TestWriterRefuses(t *testing.T) {
	eth, raw := &Interface{Interface: pcapng.Interface{LinkType: 1}}, &Interface{Interface: pcapng.Interface{LinkType: 101}}
	w := NewWriter(io.Discard, "out.pcap", PCAP)
	packet := func(i *Interface, at time.Time) *Record {
		return &Record{Format: PCAPNG, Interface: i, Packet: Packet{Time: at}}
	}
	if err := w.Write(packet(eth, when)); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(packet(raw, when)); !errors.Is(err, ErrLinkType) || !strings.Contains(err.Error(), "out.pcap: at byte 40: this packet has the link type 101, RAW") {
		t.Errorf("another link type: %v", err)
	}
	w = NewWriter(io.Discard, "out.pcap", PCAP)
	if err := w.Write(packet(eth, time.Unix(1<<33, 0))); !errors.Is(err, ErrTime) {
		t.Errorf("a time after 2106: %v", err)
	}
	full := errors.New("no space left")
	w = NewWriter(failing{full}, "out.pcap", PCAP)
	w.Write(packet(eth, when))
	if err := w.Close(); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestGopacketReadsIt: what is written as pcap is what others read.
func TestGopacketReadsIt(t *testing.T) {
	out, _ := copyFile(t, many(t, PCAPNG), PCAP, false)
	r, err := pcapgo.NewReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		data, info, err := r.ReadPacketData()
		if err != nil || !bytes.Equal(data, packets[i%len(packets)]) || info.Timestamp.UnixNano() != when.UnixNano()+int64(i) {
			t.Fatalf("packet %d: %v %v", i+1, info, err)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}
