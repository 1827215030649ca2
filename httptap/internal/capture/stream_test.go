package capture

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// onlyOdd matches every second frame.
type onlyOdd struct {
	n    int
	seen []string
}

func (m *onlyOdd) Match(frame []byte, meta Meta) bool {
	m.n++
	m.seen = append(m.seen, fmt.Sprintf("%s %v %d %s", meta.Port, meta.Out, meta.Number, frame[14:]))
	return m.n%2 == 1
}

// tshark returns the fields of each packet, separated by |.
func tshark(t *testing.T, file []byte, fields ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("needs tshark, which is not installed")
	}
	args := []string{"-r", "-", "-T", "fields", "-E", "separator=|", "-E", "aggregator=;"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	c := exec.Command("tshark", args...)
	c.Stdin = bytes.NewReader(file)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// What a reader of the file sees: an interface a port, where each frame went, what was done to it, what
// its sender says, and what is missing.
func TestStreamSaysWhatHappened(t *testing.T) {
	s := newSite(t, MinSize, "a", "b")
	rd := s.open(t, Options{})
	lose, _ := link.ParseImpair("loss=100%")
	s.rec.Note(s.now, "a", to(link.Broadcast, mac("a"), "1"), "why: SYN")
	s.all("a", "1")
	s.ports["b"].Send(to(mac("a"), mac("b"), "2"))
	s.ports["a"].Impair(lose, lose)
	s.all("a", "3")
	s.ports["b"].Send(to(mac("a"), mac("b"), "4"))
	st := NewStream(StreamOptions{Start: start, MTU: 1500, Application: "httptap test", SnapLen: 14, Comment: "all"})
	b := st.Port(st.Begin(nil), "b", hub.Client)
	var f Frame
	for n := 0; rd.Next(&f); n++ {
		if n == 1 {
			b = st.Lost(b, start, Loss{Port: "c", Kind: "lab", Frames: 5})
		}
		b, _ = st.Frame(b, &f)
	}
	b = st.End(b, start.Add(time.Second))
	want := []string{
		"a|1|15|14|a to all;why: SYN",
		"b|1|15|14|b to a;5 frames before this one are missing: the reader of this capture was too slow",
		"a|1|15|14|from a;impairment: lost",
		"b|1|15|14|b to a",
		"a|2|15|14|to a;impairment: lost",
	}
	for i, got := range tshark(t, b, "frame.interface_name", "frame.packet_flags_direction", "frame.len", "frame.cap_len", "frame.comment") {
		if got = strings.Replace(got, "0x0000000", "", 1); i >= len(want) || got != want[i] {
			t.Errorf("packet %d: %s", i, got)
		}
	}
	dropped := map[string]uint64{}
	var names []string
	r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, _, err = r.ReadPacketData()
	}
	for i := range r.NInterfaces() {
		n, _ := r.Interface(i)
		names = append(names, n.Name+": "+n.Description)
		dropped[n.Name] = n.Statistics.PacketsDropped
	}
	if got := strings.Join(names, "; "); got != "b: httptap: the port of a client, MTU 1500; a: httptap: the port of a client, MTU 1500; c: httptap: the port of a lab, MTU 1500" {
		t.Errorf("interfaces %s", got)
	}
	if err != io.EOF || dropped["c"] != 5 || dropped["a"] != 0 {
		t.Errorf("dropped %v, %v", dropped, err)
	}
}

func TestStreamFilters(t *testing.T) {
	s := newSite(t, MinSize, "a")
	rd := s.open(t, Options{})
	for i := range 4 {
		s.all("a", fmt.Sprint(i))
	}
	m := new(onlyOdd)
	st := NewStream(StreamOptions{Start: start, Filter: m})
	b := st.Begin(nil)
	var f Frame
	for rd.Next(&f) {
		b, _ = st.Frame(b, &f)
	}
	b = st.End(b, start)
	r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for {
		data, _, err := r.ReadPacketData()
		if err != nil {
			break
		}
		got += string(data[14:])
	}
	if n, _ := r.Interface(0); got != "02" || n.Statistics.PacketsReceived != 4 || st.Count() != 2 {
		t.Errorf("packets %q, %+v", got, n.Statistics)
	}
	if got := strings.Join(m.seen, ", "); got != "a false 1 0, a false 2 1, a false 2 2, a false 3 3" {
		t.Errorf("the filter was asked of %s", got)
	}
}

// A stream that has seen very many names begins a new section, and forgets the old ones.
func TestStreamIsBounded(t *testing.T) {
	st := NewStream(StreamOptions{Start: start})
	b := st.Begin(nil)
	f := Frame{Bytes: to(mac("a"), mac("b"), "x")}
	const n = maxInterfaces + 10
	for i := range n {
		f.Port = fmt.Appendf(nil, "client %d", i)
		b, _ = st.Frame(b, &f)
	}
	if len(st.ports) != 10 || len(st.order) != 10 {
		t.Errorf("%d names are remembered", len(st.ports))
	}
	r, err := pcapgo.NewNgReader(bytes.NewReader(st.End(b, start)), pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	packets := 0
	for ; err == nil; packets++ {
		_, _, err = r.ReadPacketData()
	}
	if err != io.EOF || packets-1 != n || r.NInterfaces() != 10 {
		t.Errorf("%d packets, %d interfaces in the last section: %v", packets-1, r.NInterfaces(), err)
	}
}
