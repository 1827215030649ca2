package dump

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httptap/httptap/api"
	"httptap/pcap"
	"httptap/pcap/file"
	"httptap/pcap/filter"
	"httptap/pcap/pcapng"
	"httptap/pcap/session"
)

const captures = "../../../../testdata/captures/"

// A watcher is an output that says when it has what is waited for.
type watcher struct {
	all  bytes.Buffer
	want []string
	seen chan struct{} // gets a value for each that came
}

func (w *watcher) Write(p []byte) (int, error) {
	w.all.Write(p)
	for len(w.want) > 0 && strings.Contains(w.all.String(), w.want[0]) {
		w.want = w.want[1:]
		w.seen <- struct{}{}
	}
	return len(p), nil
}

// grow runs f on an input that grows by pieces: each has to be printed before the next one is given.
func grow(t *testing.T, in Input, pieces [][]byte, want []string, give func([]byte)) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &watcher{want: want, seen: make(chan struct{}, len(want))}
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Config{Input: in, Print: Print{Clock: Relative}, Stdout: w, Stderr: io.Discard})
	}()
	for i, p := range pieces {
		give(p)
		select {
		case <-w.seen:
		case err := <-done:
			t.Fatalf("piece %d: it ended: %v\n%s", i, err, w.all.String())
		case <-time.After(20 * time.Second):
			t.Fatalf("piece %d is not printed", i)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("interrupted, which is the end: %v", err)
	}
	return w
}

// pieces is a capture that ends in the middle of a frame and goes on.
func pieces(t *testing.T) [][]byte {
	t.Helper()
	b, err := os.ReadFile(captures + "tcp/handshake.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	r, err := file.NewReader(bytes.NewReader(b), file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ends []int
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if rec.Kind == file.KindPacket {
			ends = append(ends, int(rec.Offset)+len(rec.Raw))
		}
	}
	return [][]byte{b[:ends[0]+10], b[ends[0]+10 : ends[1]+1], b[ends[1]+1:]}
}

var handshake = []string{"flags=SYN]", "flags=SYN,ACK]", "flags=ACK]"}

func TestFollowsAFileThatGrows(t *testing.T) {
	all := pieces(t)
	name := filepath.Join(t.TempDir(), "grows.pcapng")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Write(all[0][:100])
	all[0] = all[0][100:]
	grow(t, Input{Name: name, Follow: true}, all, handshake, func(b []byte) { f.Write(b) })
}

func TestPrintsWhatCrossesTheSwitch(t *testing.T) {
	give := make(chan []byte)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != api.PathCapture || r.URL.Query().Get(api.SinceParam) != "10s" {
			t.Errorf("asked for %s", r.URL)
		}
		w.Header().Set("Content-Type", api.CaptureType)
		for {
			select {
			case b := <-give:
				w.Write(b)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	defer s.Close()
	grow(t, Input{URL: s.URL, Since: "10s"}, pieces(t), handshake, func(b []byte) { give <- b })
}

func TestInterruptedInAFile(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	err := Run(ctx, Config{Input: Input{Name: captures + "tcp/handshake.pcapng"}, Print: Print{Style: JSON}, Stdout: &out, Stderr: io.Discard})
	var e *Error
	if !errors.As(err, &e) || e.Code != ExitInterrupt || out.String() != "[\n]\n" {
		t.Errorf("%v, and printed %q", err, out.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputFails(t *testing.T) {
	for name, c := range map[string]Config{"lines": {}, "a file": {WriteTo: "-"}} {
		c.Input.Name, c.Stdout, c.Stderr = captures+"tcp/handshake.pcapng", fullDisk{}, io.Discard
		err := Run(t.Context(), c)
		var e *Error
		if !errors.As(err, &e) || e.Code != ExitFailed || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOtherLinkTypes: what is not Ethernet is data, and that is said once.
func TestOtherLinkTypes(t *testing.T) {
	b := pcapng.AppendSection(nil, &pcapng.Section{})
	b = pcapng.AppendInterface(b, &pcapng.Interface{LinkType: 147})
	for range 2 {
		b = pcapng.AppendPacket(b, &pcapng.Packet{Data: []byte("user")})
	}
	name := filepath.Join(t.TempDir(), "user0.pcapng")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	if err := Run(t.Context(), Config{Input: Input{Name: name}, Stdout: &out, Stderr: &stderr}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "[data len=4]"); got != 2 {
		t.Errorf("%s", out.String())
	}
	if want := "tapdump: frames of the link type 147, USER0 are shown as data: only Ethernet is decoded\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

// TestAFrameCostsNothing: in steady state, whatever is printed.
func TestAFrameCostsNothing(t *testing.T) {
	f, err := filter.Compile("tcp or frame.comment")
	if err != nil {
		t.Fatal(err)
	}
	fields := FieldOptions{Fields: []string{"frame.number", "ip.addr", "frame.comment", "_ws.col.Info"}, Separator: "\t", Aggregator: ",", Quote: '"'}
	if err := fields.Compile(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"line": {Print: Print{Clock: Date}}, "summary": {Print: Print{Style: Summary, Clock: Delta, Colours: pcap.DefaultPalette}},
		"tree and dump": {Print: Print{Style: Tree, Hex: true}}, "json": {Print: Print{Style: JSON}},
		"fields":     {Print: Print{Style: Fields, Fields: fields}},
		"statistics": {Stats: allStatistics(t)},
		"quiet":      {Quiet: true},
	} {
		r, err := file.Open(captures+"tcp/handshake.pcapng", file.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var rec *file.Record
		for rec == nil || rec.Kind != file.KindPacket {
			if rec, err = r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		c.Filter = f
		d := &dump{Config: c, in: r, rec: rec}
		if !c.Quiet && c.Stats == nil {
			d.printer = newPrinter(c.Print)
		}
		run := func() {
			d.out = d.out[:0]
			if !d.frame(rec) {
				t.Fatal("the filter does not let it through")
			}
		}
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations a frame", name, n)
		}
		r.Close()
	}
}

func TestProgress(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	var out strings.Builder
	p := newProgress(&out, now)
	rec := &file.Record{Packet: file.Packet{Number: 3_000_000}}
	tick := func(d time.Duration, used, size int64) string {
		out.Reset()
		now = now.Add(d)
		for range 16 {
			p.update(clock, used, size, rec)
		}
		return out.String()
	}
	for i, c := range []struct {
		after      time.Duration
		used, size int64
		want       string
	}{
		{time.Second / 2, 1, 10, ""},
		{time.Second, 250e6, 1000e6, "\r\x1b[Ktapdump: 25 % of 1000.0 MB, 3000000 frames, 2000000 frames/s, 5s left"},
		{time.Second / 10, 300e6, 1000e6, ""},
		{time.Second / 2, 20e9, 0, "\r\x1b[Ktapdump: 3000000 frames, 20.0 GB, 1428571 frames/s"},
	} {
		if got := tick(c.after, c.used, c.size); got != c.want {
			t.Errorf("tick %d: %q, want %q", i, got, c.want)
		}
	}
	out.Reset()
	p.clear()
	p.clear()
	if out.String() != "\r\x1b[K" {
		t.Errorf("cleared by %q", out.String())
	}
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{"": `x""`, "a": `x"a"`, `a"b""`: `x"a""b"""""`, `"`: `x""""`} {
		if got := string(quoted(append([]byte("x"), in...), 1, '"')); got != want {
			t.Errorf("%q is quoted as %s, want %s", in, got, want)
		}
	}
}

func TestClocks(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 123456789, time.UTC)
	m := &pcap.Meta{Time: at, Relative: 1500 * time.Millisecond, Digits: 6}
	for kind, want := range map[Clock]string{
		Relative: "  1.500000", UTC: "04:05:06.123456", UTCDate: "2026-02-03 04:05:06.123456", Epoch: "1770091506.123456",
		Delta: "  0.123456", Displayed: "  1.123456",
	} {
		c := newClock(kind)
		c.before, c.displayed = at.Truncate(time.Second), at.Truncate(time.Second).Add(-time.Second)
		if got := string(c.append(nil, m)); got != want {
			t.Errorf("-t %s: %q, want %q", kind, got, want)
		}
	}
	if got := string(newClock(Epoch).append(nil, &pcap.Meta{})); got != "         -" {
		t.Errorf("no time: %q", got)
	}
	before := &pcap.Meta{Time: time.Unix(-1, 5e8), Relative: -1 << 63, Digits: 9}
	if got := string(newClock(Epoch).append(nil, before)); got != "-0.500000000" {
		t.Errorf("before 1970: %q", got)
	}
	if got := string(newClock(Relative).append(nil, before)); got != "-9223372036.854775808" {
		t.Errorf("long before the first: %q", got)
	}
}

// allStatistics returns one of each.
func allStatistics(t testing.TB) (all []Statistic) {
	t.Helper()
	for _, text := range []string{"conv", "endpoints", "proto", "io", "expert", "exchanges", "follow,tcp,0"} {
		s, _, err := ParseStatistic(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// TestStatisticsOfNothing: each is a table that ends its line, and JSON.
func TestStatisticsOfNothing(t *testing.T) {
	for _, s := range allStatistics(t) {
		if b := s.Append(nil); !bytes.HasSuffix(b, []byte("\n")) {
			t.Errorf("%T: %q does not end a line", s, b)
		}
		if b, err := s.MarshalJSON(); err != nil || !json.Valid(b) {
			t.Errorf("%T: %s, %v", s, b, err)
		}
	}
}

// TestFollowIsBounded: what is over the limit is counted, and both ends are told apart.
func TestFollowIsBounded(t *testing.T) {
	f, err := parseFollow("tcp,7,hex")
	if err != nil {
		t.Fatal(err)
	}
	big := make([]byte, maxFollow-2)
	f.take(session.Chunk{Stream: 7, FromClient: true, Frame: 1, Data: big})
	f.take(session.Chunk{Stream: 8, FromClient: true, Frame: 2, Data: big})
	f.take(session.Chunk{Stream: 7, Frame: 3, Data: []byte("answer")})
	if f.beyond != 4 || len(f.chunks) != 2 || string(f.chunks[1].data) != "an" || !f.chunks[1].fromServer {
		t.Errorf("%d beyond, %d chunks", f.beyond, len(f.chunks))
	}
	for _, text := range []string{"", "tcp", "tcp,x", "tcp,1,loud", "sctp,1", "tcp,1,hex,2"} {
		if _, err := parseFollow(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if f, err := parseFollow("tcp,ascii,3"); err != nil || f.stream != 3 { // as tshark has it
		t.Errorf("%+v, %v", f, err)
	}
}
