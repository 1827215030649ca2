package session

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
	"httptap/stack/ipv4"
	"httptap/stack/tcp"
)

// A caught is one frame of a capture.
type caught struct {
	file string
	at   time.Time
	data []byte
	wire int
}

// readCapture returns the Ethernet frames of a file.
func readCapture(t testing.TB, name string) (list []caught) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var r interface {
		ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
		LinkType() layers.LinkType
	}
	if r, err = pcapgo.NewReader(bytes.NewReader(b)); err != nil {
		if r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions); err != nil {
			return nil
		}
	}
	for r.LinkType() == layers.LinkTypeEthernet {
		data, info, err := r.ReadPacketData()
		if err != nil {
			break
		}
		list = append(list, caught{filepath.Base(name), info.Timestamp, bytes.Clone(data), info.Length})
	}
	return list
}

// writeCapture writes frames as a pcap file with nanoseconds.
func writeCapture(t testing.TB, name string, frames []caught) {
	t.Helper()
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b23c4d)
	b = le.AppendUint32(b, 4<<16|2)
	b = le.AppendUint32(append(b, make([]byte, 8)...), 1<<18)
	b = le.AppendUint32(b, 1)
	for _, f := range frames {
		b = le.AppendUint32(b, uint32(f.at.Unix()))
		b = le.AppendUint32(b, uint32(f.at.Nanosecond()))
		b = le.AppendUint32(b, uint32(len(f.data)))
		b = append(le.AppendUint32(b, uint32(max(f.wire, len(f.data)))), f.data...)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// needTshark returns where tshark is.
func needTshark(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("NO_SKIP") != "" {
			t.Fatal("needs tshark: apt install tshark")
		}
		t.Skip("needs tshark")
	}
	return path
}

// ask returns what tshark says of each frame: a row of columns, each with its values.
func ask(t testing.TB, frames []caught, columns []string, args ...string) [][][]string {
	t.Helper()
	path := needTshark(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "frames.pcap")
	writeCapture(t, file, frames)
	args = append(args, "-n", "-r", file, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=;")
	for _, c := range columns {
		args = append(args, "-e", c)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	var rows [][][]string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var row [][]string
		for _, c := range strings.Split(lines.Text(), "\t") {
			var values []string
			if c != "" {
				values = strings.Split(c, ";")
			}
			row = append(row, values)
		}
		if len(row) != len(columns) {
			t.Fatalf("tshark: a row of %d columns, want %d", len(row), len(columns))
		}
		rows = append(rows, row)
	}
	if len(rows) != len(frames) {
		t.Fatalf("tshark has %d frames of %d: %s", len(rows), len(frames), stderr.String())
	}
	return rows
}

// preferences make Wireshark put segments in order and take fragments together, as a Session does.
var preferences = []string{"-o", "tcp.relative_sequence_numbers:TRUE", "-o", "tcp.reassemble_out_of_order:TRUE", "-o", "ip.defragment:TRUE", "-o", "http.decompress_body:FALSE"}

// later tells whether a fact is one about an earlier frame, or one that Wireshark shows in its
// second pass only.
func later(s *fact.Spec) bool {
	switch s {
	case &fact.NTP.ResponseTo, &fact.NTP.Time:
		return true
	case &fact.IPv4.In, &fact.IPv6.In, &fact.TCP.In, &fact.HTTPNextRequest, &fact.HTTPNextResponse,
		&fact.DNS.ResponseIn, &fact.DHCP.ResponseIn, &fact.NTP.ResponseIn, &fact.ICMP.ResponseIn, &fact.ICMPv6.ResponseIn, &fact.ARP.ResponseIn, &fact.HTTP.ResponseIn:
		return true
	}
	return false
}

// compare holds the facts of a Session against Wireshark's, field by field.
func compare(t *testing.T, frames []caught, least int) {
	t.Helper()
	var once, twice []*fact.Spec
	for _, s := range fact.Specs() {
		switch {
		case s.Own:
		case later(s):
			twice = append(twice, s)
		default:
			once = append(once, s)
		}
	}
	names := func(specs []*fact.Spec) (list []string) {
		for _, s := range specs {
			list = append(list, s.Name)
		}
		return list
	}
	ours := make([]map[*fact.Spec][]string, len(frames)+1)
	for i := range ours {
		ours[i] = map[*fact.Spec][]string{}
	}
	explained := make([]bool, len(frames))
	var d pcap.Decoder
	s := New(Config{})
	for i, f := range frames {
		r := s.Add(&Frame{Number: uint64(i + 1), Time: f.at, Data: f.data, Wire: f.wire, Spans: d.Decode(f.data, f.wire)})
		explained[i] = s.tcp.newest == nil || s.tcp.newest.layout != nil
		for k := range r.Facts {
			ours[i+1][r.Facts[k].Spec] = append(ours[i+1][r.Facts[k].Spec], string(r.Facts[k].AppendValue(nil)))
		}
		for k := range r.Earlier {
			e := &r.Earlier[k]
			ours[e.Frame][e.Spec] = append(ours[e.Frame][e.Spec], string(e.AppendValue(nil)))
		}
	}
	if name := os.Getenv("HTTPTAP_KEEP"); name != "" {
		writeCapture(t, name, frames)
	}
	agree, excused := map[string]int{}, map[string]int{}
	differ := map[string][]string{}
	for _, pass := range []struct {
		specs []*fact.Spec
		args  []string
	}{{once, nil}, {twice, []string{"-2"}}} {
		rows := ask(t, frames, names(pass.specs), append(pass.args, preferences...)...)
		for i, row := range rows {
			for k, spec := range pass.specs {
				theirs, mine := row[k], ours[i+1][spec]
				if len(theirs) == 0 && len(mine) == 0 {
					continue
				}
				if sameValues(spec, theirs, mine) {
					agree[spec.Name]++
					continue
				}
				x := difference{spec: spec, theirs: theirs, ours: mine, frame: &frames[i], facts: ours[i+1], explained: explained[i]}
				if reason := excuse(x); reason != "" {
					excused[spec.Name+": "+reason]++
					continue
				}
				differ[spec.Name] = append(differ[spec.Name], fmt.Sprintf("frame %d (%s): theirs %.80v, ours %.80v", i+1, frames[i].file, theirs, mine))
			}
		}
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(agree)) {
		total += agree[name]
		t.Logf("%-40s %6d agree", name, agree[name])
	}
	t.Logf("%d values agree", total)
	for _, name := range slices.Sorted(maps.Keys(excused)) {
		t.Logf("accepted: %s: %d", name, excused[name])
	}
	if total < least {
		t.Errorf("only %d values agree, want %d", total, least)
	}
	for _, name := range slices.Sorted(maps.Keys(differ)) {
		list := differ[name]
		t.Errorf("%s: %d differ of %d\n    %s", name, len(list), len(list)+agree[name], strings.Join(list[:min(len(list), 6)], "\n    "))
	}
}

// sameValues compares the values of a field, numbers with a fraction by their value.
func sameValues(spec *fact.Spec, theirs, mine []string) bool {
	if spec.Type == fact.Present {
		return len(theirs) > 0 && len(mine) > 0 // Wireshark has some of them as a field and as expert info
	}
	if len(theirs) != len(mine) {
		return false
	}
	for i, a := range theirs {
		b := mine[i]
		switch spec.Type {
		case fact.Float:
			x, err1 := strconv.ParseFloat(a, 64)
			y, err2 := strconv.ParseFloat(b, 64)
			if errors.Join(err1, err2) != nil || x-y > 1e-3 || y-x > 1e-3 {
				return false
			}
		case fact.Bytes:
			if strings.ReplaceAll(a, ":", "") != b {
				return false
			}
		default:
			if a != b {
				return false
			}
		}
	}
	return true
}

// layersOf counts the layers that matter to a Session.
func layersOf(spans []field.Span) string {
	var names []string
	for _, sp := range spans {
		if sp.Depth == 0 && sp.Spec.Kind == field.Layer {
			names = append(names, sp.Spec.Name)
		}
	}
	return essential(names)
}

func essential(names []string) string {
	var list []string
	for _, n := range names {
		switch n {
		case "ip", "ipv6", "tcp", "udp", "icmp", "icmpv6", "arp", "dns", "mdns", "llmnr", "dhcp", "ntp":
			list = append(list, n)
		}
	}
	return strings.Join(list, ":")
}

// reached returns the frames in which the decoder finds the layers that Wireshark finds: of the
// others a Session can't know what Wireshark does.
func reached(t *testing.T, frames []caught) (list []caught) {
	t.Helper()
	rows := ask(t, frames, []string{"frame.protocols", "_ws.malformed"}, "-o", "ip.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE")
	var d pcap.Decoder
	left := map[string]int{}
	for i, f := range frames {
		theirs := essential(strings.Split(strings.Join(rows[i][0], ""), ":"))
		ours := layersOf(d.Decode(f.data, f.wire))
		if theirs == ours && rows[i][1] == nil {
			list = append(list, f)
		} else {
			left[theirs+" and not "+ours]++
		}
	}
	t.Logf("%d of %d frames have the same layers in both", len(list), len(frames))
	for _, what := range slices.Sorted(maps.Keys(left)) {
		t.Logf("left out: %d frames of %s", left[what], what)
	}
	return list
}

// TestAgainstWiresharkOverPublicCaptures needs the public captures beside the repository.
func TestAgainstWiresharkOverPublicCaptures(t *testing.T) {
	dir := os.Getenv("HTTPTAP_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "captures", "pcapplusplus")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.*cap*"))
	if err != nil || len(files) == 0 {
		t.Skip("needs the public captures in shared/captures/pcapplusplus beside the repository")
	}
	var frames []caught
	for _, name := range files {
		frames = append(frames, readCapture(t, name)...)
	}
	compare(t, reached(t, frames), 10000)
}

// TestMessagesAgainstWireshark asks about messages in segments of some sizes and datagrams in
// fragments, with all that can be wrong with these.
func TestMessagesAgainstWireshark(t *testing.T) {
	var frames []caught
	add := func(name string, list [][]byte) {
		for _, b := range list {
			frames = append(frames, caught{name, start.Add(time.Duration(len(frames)) * 3 * time.Millisecond), b, len(b)})
		}
	}
	port := uint16(30000)
	for _, c := range []struct {
		port               uint16
		questions, answers []string
	}{{80, httpQuestions, httpAnswers}, {53, dnsQuestions, dnsAnswers}} {
		for _, n := range []int{7, 20, 50, 100, 200, 1000} {
			k := newTalk(t, c.port, Config{})
			k.c.cPort = port
			k.h.frames = nil
			k.h = newHarness(t, Config{})
			k.h.hello(k.c)
			port++
			for i, q := range c.questions {
				k.say(false, n, q)
				k.say(true, n, c.answers[i])
			}
			k.segment(true, nil, tcp.FIN)
			add(fmt.Sprintf("port %d, segments of %d", c.port, n), k.h.frames)
		}
	}
	add("an empty datagram", [][]byte{datagram4(alice, bob, 4500, 4501, nil), datagram4(alice, bob, 4500, 4501, []byte("a")),
		datagram4(bob, alice, 4501, 4500, nil), datagram4(alice, bob, 4500, 4501, []byte("b"))})
	payload := udpPayload()
	for n := 8; n < 200; n += 24 {
		add("fragments", fragmented(ipv4.ProtoUDP, uint16(n), payload, n))
		list := fragmented(ipv4.ProtoUDP, uint16(1000+n), payload, n)
		slices.Reverse(list)
		add("fragments turned round", list)
	}
	list := fragmented(ipv4.ProtoUDP, 2001, payload, 64)
	add("a copy", [][]byte{list[0], list[1], list[1], list[2], list[3]})
	list = fragmented(ipv4.ProtoUDP, 2002, payload, 64)
	other := bytes.Clone(list[1])
	other[40] ^= 1
	add("a copy that differs", [][]byte{list[0], list[1], other, list[2], list[3]})
	list = fragmented(ipv4.ProtoUDP, 2003, payload, 64)
	add("two ends", [][]byte{list[3], fragment4(alice, bob, ipv4.ProtoUDP, 2003, 192/8, payload[192:200]), list[0], list[1], list[2]})
	list = fragmented(ipv4.ProtoUDP, 2004, payload, 64)
	add("behind the end", [][]byte{list[3], fragment4(alice, bob, ipv4.ProtoUDP, 2004, 0x2000|800/8, payload[:8]), list[0], list[1], list[2]})
	compare(t, frames, 3000)
}
