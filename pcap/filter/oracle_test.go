package filter

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
)

// oracle is Wireshark's engine behind a pipe: sharkd, which is installed with tshark, loads a file
// once and filters it any number of times.
type oracle struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Reader
	id  int
}

// firstTime is when the first frame of the oracle's file was caught; the others follow each a
// quarter of a second after the one before.
var firstTime = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func timeOf(i int) time.Time { return firstTime.Add(time.Duration(i) * 250 * time.Millisecond) }

func startOracle(t *testing.T, frames []caught) *oracle {
	t.Helper()
	path, err := exec.LookPath("sharkd")
	if err != nil {
		if os.Getenv("NO_SKIP") != "" {
			t.Fatal("needs sharkd, which comes with tshark: apt install tshark")
		}
		t.Skip("needs sharkd, which comes with tshark")
	}
	dir := t.TempDir()
	// One frame at a time, as our filters see them.
	prefs := "ip.defragment: FALSE\ntcp.desegment_tcp_streams: FALSE\nhttp.desegment_body: FALSE\nhttp.desegment_headers: FALSE\n" +
		"tcp.try_heuristic_first: FALSE\nudp.try_heuristic_first: FALSE\nnameres.network_name: FALSE\nnameres.mac_name: FALSE\nnameres.transport_name: FALSE\n"
	le := binary.LittleEndian
	file := le.AppendUint32(nil, 0xa1b2c3d4)
	file = le.AppendUint32(file, 4<<16|2)
	file = le.AppendUint32(append(file, make([]byte, 8)...), 1<<18)
	file = le.AppendUint32(file, 1)
	for i, f := range frames {
		at := timeOf(i)
		file = le.AppendUint32(file, uint32(at.Unix()))
		file = le.AppendUint32(file, uint32(at.Nanosecond()/1000))
		file = le.AppendUint32(file, uint32(len(f.data)))
		file = append(le.AppendUint32(file, uint32(max(f.wire, len(f.data)))), f.data...)
	}
	capture := filepath.Join(dir, "all.pcap")
	for name, b := range map[string][]byte{"all.pcap": file, "preferences": []byte(prefs)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, "-")
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	o := &oracle{t: t, in: json.NewEncoder(in), out: bufio.NewReaderSize(out, 1<<20)}
	o.in.SetEscapeHTML(false)
	if msg := o.ask("load", map[string]string{"file": capture}, nil); msg != "" {
		t.Fatalf("sharkd can't load the captures: %s", msg)
	}
	return o
}

// ask makes one call. It returns what sharkd has against it.
func (o *oracle) ask(method string, params map[string]string, result any) string {
	o.t.Helper()
	o.id++
	if err := o.in.Encode(map[string]any{"jsonrpc": "2.0", "id": o.id, "method": method, "params": params}); err != nil {
		o.t.Fatal(err)
	}
	for {
		line, err := o.out.ReadBytes('\n')
		if err != nil {
			o.t.Fatalf("sharkd: %v", err)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var answer struct {
			Result json.RawMessage
			Error  struct{ Message string }
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			o.t.Fatalf("sharkd: %v: %.200s", err, line)
		}
		if answer.Error.Message == "" && result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				o.t.Fatalf("sharkd: %v", err)
			}
		}
		return answer.Error.Message
	}
}

type sharkdFrame struct {
	Num int
	C   []string
}

// matching returns the numbers of the frames that a filter lets through.
func (o *oracle) matching(filter string) (nums []int, problem string) {
	if msg := o.ask("check", map[string]string{"filter": filter}, nil); msg != "" {
		return nil, msg
	}
	var frames []sharkdFrame
	if msg := o.ask("frames", map[string]string{"filter": filter, "column0": "frame.number:1"}, &frames); msg != "" {
		return nil, msg
	}
	for _, f := range frames {
		nums = append(nums, f.Num)
	}
	return nums, ""
}

// layersOf returns the layers of our decoding as frame.protocols writes them.
func layersOf(spans []field.Span) string {
	var names []string
	for _, s := range spans {
		if s.Depth == 0 && (s.Spec.Kind == field.Layer || s.Spec == &field.Data) {
			names = append(names, s.Spec.Name)
		}
	}
	return strings.Join(names, ":")
}

// sameLayers tells whether Wireshark found the layers that we did. Where it knows more of them,
// filters can't agree.
func sameLayers(theirs, ours string) bool {
	theirs = strings.ReplaceAll(theirs, "eth:ethertype", "eth")
	if i := strings.Index(theirs, ":http:"); i >= 0 && !strings.HasSuffix(theirs, ":data") {
		theirs = theirs[:i+5] // the layers of what HTTP carries; data would be one of ours, too
	}
	return theirs == ours
}

// wrongOnPurpose are captures whose frames are malformed where Wireshark calls them so only in its own way.
var wrongOnPurpose = map[string]string{
	"loop.pcapng":         "a name that points at itself: Wireshark shows a text in its place, we none",
	"fragments.pcapng":    "a fragment of DTLS past the end of its message: to Wireshark an expert's remark, to us malformed",
	"past-the-end.pcapng": "a packet of QUIC past the end of its datagram: Wireshark cuts it and says nothing",
	"discovery.pcapng":    "a NOTIFY of SSDP is a request of HTTP to us, and a notification to Wireshark",
	"lying-length.pcapng": "a total length over the frame's: to Wireshark an expert's remark, to us malformed",

	"Packet++Test__PacketExamples__Stp.pcap": "a length over the frame's likewise, of an 802.3 frame",
}

// TestAgainstWireshark: the same filter matches the same frames.
func TestAgainstWireshark(t *testing.T) {
	frames := captures(t)
	o := startOracle(t, frames)
	var all []sharkdFrame
	if msg := o.ask("frames", map[string]string{"column0": "frame.protocols:1"}, &all); msg != "" || len(all) != len(frames) {
		t.Fatalf("sharkd has %d frames of %d: %s", len(all), len(frames), msg)
	}
	// What comes after the first error of a message is everybody's guess.
	malformed, _ := o.matching("_ws.malformed")
	var d pcap.Decoder
	compared := make([]bool, len(frames))
	n := 0
	for i, f := range frames {
		if wrongOnPurpose[f.file] == "" && sameLayers(all[i].C[0], layersOf(d.Decode(f.data, f.wire))) && !slices.Contains(malformed, i+1) {
			compared[i] = true
			n++
		}
	}
	t.Logf("%d of %d frames have the same layers in both", n, len(frames))
	if n < 30 {
		t.Fatalf("only %d frames have the same layers", n)
	}
	// What Wireshark takes of the other tests' filters has to mean the same, too.
	filters := oracleFilters
	for _, c := range matchCases {
		if o.ask("check", map[string]string{"filter": c.filter}, nil) == "" && !slices.Contains(filters, c.filter) {
			filters = append(filters, c.filter)
		}
	}
	var kept []caught
	for i, f := range frames {
		if compared[i] {
			kept = append(kept, f)
		}
	}
	frames, o = kept, startOracle(t, kept)
	matched := 0
	for _, text := range filters {
		reason, accepted := acceptedDifferences[text]
		f, err := Compile(text)
		theirs, problem := o.matching(text)
		if err != nil || problem != "" {
			if !accepted {
				t.Errorf("%s\n  ours: %v\n  Wireshark's: %s", text, err, problem)
			}
			continue
		}
		var ours []int
		for i, frame := range frames {
			p := packet(&d, frame, i)
			if f.Match(p) {
				ours = append(ours, i+1)
			}
		}
		matched += len(ours)
		if len(ours) == 0 {
			t.Logf("no frame at all: %s", text)
		}
		same := slices.Equal(ours, theirs)
		switch {
		case same && accepted && len(frames) > 1000: // the differences are in the public captures
			t.Logf("%s: is listed as a difference (%s) and is none in this version of Wireshark", text, reason)
		case !same && !accepted:
			t.Errorf("%s\n  only ours:        %s\n  only Wireshark's: %s", text, describe(frames, ours, theirs), describe(frames, theirs, ours))
		}
	}
	t.Logf("%d filters, %d matches", len(filters), matched)
}

// TestRefusals: what we refuse Wireshark does not take, but for what is listed.
func TestRefusals(t *testing.T) {
	o := startOracle(t, made(t))
	for _, c := range errorCases {
		if len(c.filter) > 100 {
			continue // beyond limits that are ours
		}
		msg := o.ask("check", map[string]string{"filter": c.filter}, nil)
		if _, listed := stricter[c.filter]; msg == "" && !listed {
			t.Errorf("%s: Wireshark takes it", c.filter)
		}
	}
}

func packet(d *pcap.Decoder, f caught, i int) *Packet {
	return &Packet{Frame: f.data, Wire: f.wire, Spans: d.Decode(f.data, f.wire), Number: uint64(i + 1), Time: timeOf(i), Relative: timeOf(i).Sub(firstTime)}
}

// describe lists the frames that are in a and not in b.
func describe(frames []caught, a, b []int) string {
	var out []string
	for _, n := range a {
		if !slices.Contains(b, n) {
			out = append(out, fmt.Sprintf("%d (%s)", n, frames[n-1].file))
		}
	}
	if len(out) > 4 {
		out = append(out[:4], fmt.Sprintf("and %d more", len(out)-4))
	}
	return strings.Join(out, ", ")
}
