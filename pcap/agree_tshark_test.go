package pcap

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// tsharkPath returns where tshark is; the test needs it.
func tsharkPath(t testing.TB) string {
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

// referenceVersion is the Wireshark that the accepted differences are of. Others name and place some
// fields in another way.
const referenceVersion = "4.0."

func needVersion(t testing.TB) {
	t.Helper()
	out, err := exec.Command(tsharkPath(t), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	if !strings.Contains(line, " "+referenceVersion) {
		t.Skipf("needs tshark %sx, to whose fields the accepted differences belong; this is %s", referenceVersion, line)
	}
}

// oneFrame are the settings with which Wireshark looks at one frame at a time, as we do, and at
// its bytes as they are.
var oneFrame = []string{"-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
	"-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
	"-o", "http.desegment_body:FALSE", "-o", "http.desegment_headers:FALSE", "-o", "http.decompress_body:FALSE",
	"-o", "tls.desegment_ssl_records:FALSE"}

// askTshark returns what tshark finds in each frame of a capture file.
func askTshark(t testing.TB, file []byte) (frames [][]found) {
	t.Helper()
	cmd := exec.Command(tsharkPath(t), append([]string{"-r", "-", "-T", "pdml"}, oneFrame...)...)
	cmd.Stdin = bytes.NewReader(file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, stderr.Bytes())
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(out, []byte("?"))))
	d.Strict = false // tshark writes control characters as they are
	hidden := 0      // how deep inside of what is not the frame's
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatalf("tshark's PDML: %v", err)
		}
		switch e := tok.(type) {
		case xml.EndElement:
			if hidden > 0 {
				hidden--
			}
		case xml.StartElement:
			if hidden > 0 {
				hidden++
				continue
			}
			a := map[string]string{}
			for _, x := range e.Attr {
				a[x.Name.Local] = x.Value
			}
			switch {
			case e.Name.Local == "packet":
				frames = append(frames, nil)
			case a["name"] == "geninfo" || a["name"] == "frame" || strings.HasPrefix(a["name"], "_ws."),
				a["name"] == "quic.frame": // of bytes that were decrypted
				hidden = 1
			case a["name"] == "" || a["name"] == "fake-field-wrapper" || len(frames) == 0:
			case a["name"] == "data" || a["name"] == "data.len": // data.data has the bytes
			default:
				f := found{name: a["name"], layer: e.Name.Local == "proto", hidden: a["hide"] == "yes", show: a["show"], hex: a["value"]}
				f.pos, _ = strconv.Atoi(a["pos"])
				f.size, _ = strconv.Atoi(a["size"])
				if a["unmaskedvalue"] != "" {
					f.loose, f.hex = true, "" // it has some of these bits, PDML does not say which
				}
				switch f.name {
				case "data.data":
					f.name, f.layer = "data", true
				case "tcp.seq", "tcp.ack": // with raw numbers it gives those the names of relative ones
					f.name += "_raw"
				}
				frames[len(frames)-1] = append(frames[len(frames)-1], f)
			}
		}
	}
}

// captureFile returns frames as a pcap file.
func captureFile(list []caught) []byte {
	le := binary.LittleEndian
	file := le.AppendUint32(nil, 0xa1b2c3d4)
	file = le.AppendUint32(file, 4<<16|2)
	file = le.AppendUint32(append(file, make([]byte, 8)...), 1<<18)
	file = le.AppendUint32(file, 1)
	for i, c := range list {
		file = le.AppendUint32(file, uint32(1769860800+i))
		file = le.AppendUint32(file, 0)
		file = le.AppendUint32(file, uint32(len(c.data)))
		file = append(le.AppendUint32(file, uint32(max(c.wire, len(c.data)))), c.data...)
	}
	return file
}

// wiresharkNames are all fields that the tshark here knows.
func wiresharkNames(t testing.TB) map[string]bool {
	t.Helper()
	out, err := exec.Command(tsharkPath(t), "-G", "fields").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if col := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(col) > 2 && (col[0] == "F" || col[0] == "P") {
			names[col[2]] = true
		}
	}
	return names
}

// TestAgreesWithTshark holds every field of the repository's captures, and of frames made here
// with each option and record that there is, against what the tshark of this machine says.
func TestAgreesWithTshark(t *testing.T) {
	needVersion(t)
	list := madeFrames(t)
	files, _ := filepath.Glob("../testdata/captures/*/*.pcap*")
	for _, name := range files {
		more, err := readFrames(name)
		if err != nil {
			t.Logf("%s: left out: %v", name, err) // of a damaged file what comes before is taken
		}
		list = append(list, more...)
	}
	a := newAgreement(wiresharkNames(t))
	answers := askTshark(t, captureFile(list))
	if len(answers) != len(list) {
		t.Fatalf("tshark saw %d frames of %d", len(answers), len(list))
	}
	var d Decoder
	for i := range list {
		c := &list[i]
		c.theirs = answers[i]
		a.add(c, d.Decode(c.data, c.wire))
	}
	a.report(t)
}
