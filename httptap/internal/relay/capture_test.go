package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"httptap/httptap/api"
	"httptap/httptap/internal/capture"
	"httptap/httptap/internal/hub"
	"httptap/tapclient"
)

// startCapture is start with a recorder and a filter that matches frames with a text in them.
func startCapture(t testing.TB, ring int, idle time.Duration) (r *Relay, url string, wire *hub.Port) {
	t.Helper()
	h := hub.New(hub.Config{MTU: 1500})
	wire, err := h.Attach(hub.PortConfig{Name: "tap0", Kind: hub.Device})
	if err != nil {
		t.Fatal(err)
	}
	rec := capture.New(h.Observe, ring)
	r = New(Config{Hub: h, Idle: idle, Recorder: rec, Filter: compileContains, Version: "test", Info: api.Info{MTU: 1500, HardwareAddr: deviceHW.String()}})
	s := httptest.NewServer(r)
	t.Cleanup(func() {
		r.Close()
		s.Close()
		rec.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return r, s.URL, wire
}

type contains string

func (c contains) Match(frame []byte, _ capture.Meta) bool { return bytes.Contains(frame, []byte(c)) }

func compileContains(s string) (capture.Matcher, error) {
	text, ok := strings.CutPrefix(s, "text=")
	if !ok {
		return nil, errors.New("filter: column 1: what is this?")
	}
	return contains(text), nil
}

// A live is a capture that is being read.
type live struct {
	t    testing.TB
	body io.Closer
	r    *pcapgo.NgReader
}

func openCapture(t testing.TB, url string) *live {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-pcapng" {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %d %s %s", url, resp.StatusCode, resp.Header.Get("Content-Type"), b)
	}
	r, err := pcapgo.NewNgReader(bufio.NewReader(resp.Body), pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &live{t, resp.Body, r}
}

// next returns the next frame as "port text".
func (l *live) next() (string, error) {
	data, ci, err := l.r.ReadPacketData()
	if err != nil {
		return "", err
	}
	i, err := l.r.Interface(ci.InterfaceIndex)
	if err != nil {
		l.t.Error(err)
	}
	return i.Name + " " + string(data[14:]), nil
}

func (l *live) expect(want ...string) {
	l.t.Helper()
	for _, w := range want {
		if got, err := l.next(); got != w {
			l.t.Fatalf("read %q (%v), want %q", got, err, w)
		}
	}
}

func (l *live) end() {
	l.t.Helper()
	if got, err := l.next(); err != io.EOF {
		l.t.Errorf("read %q (%v), want the end", got, err)
	}
}

// eventually waits for a condition that the relay brings about on its own.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func (r *Relay) captureEnds(name string) uint64 { return r.captures.stats(r.cfg.Recorder).Ended[name] }

func TestCaptureIsLive(t *testing.T) {
	r, url, wire := startCapture(t, capture.MinSize, 0)
	wire.Send(frame("before"))
	l := openCapture(t, url+"/capture")
	for i := range 3 {
		// Each is read before the next one is sent: nothing waits for more.
		text := fmt.Sprint(i)
		wire.Send(frame(text))
		l.expect("tap0 " + text)
	}
	call(t, "POST", url+"/send?client=me", quoted(frame("mine")))
	l.expect("client me mine")
	l.body.Close()
	eventually(t, "the end of a capture whose client went", func() bool { return r.captureEnds("closed") == 1 && r.cfg.Recorder.Stats().Readers == 0 })
	if _, body := call(t, "GET", url+"/stats", ""); !strings.Contains(body, `"captures":{"open":0,"opened":1,"ended":{"closed":1,"complete":0,"shutdown":0,"stalled":0},"frames":4,"ring":{"size":1048576,`) {
		t.Errorf("/stats says %s", body)
	}
	if _, body := call(t, "GET", url+"/info", ""); !strings.Contains(body, `"capture"`) {
		t.Errorf("/info says %s", body)
	}
}

// deadlines is an answer that notes what time it is given.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
	flushed     chan struct{}
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }
func (d *deadlines) Flush()                             { d.flushed <- struct{}{} }

// The time that a server gives to requests does not end a capture; a write has its own.
func TestCaptureOutlivesTheServersTimes(t *testing.T) {
	r, _, _ := startCapture(t, capture.MinSize, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	d := &deadlines{httptest.NewRecorder(), time.Now(), time.Now(), make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ServeHTTP(d, httptest.NewRequestWithContext(ctx, "GET", "http://localhost/capture", nil))
	}()
	<-d.flushed
	if left := time.Until(d.write); !d.read.IsZero() || left < 50*time.Minute || left > time.Hour {
		t.Errorf("reading ends %v, a write in %v", d.read, left)
	}
	cancel()
	<-done
	if r.captureEnds("closed") != 1 || d.Body.Len() == 0 {
		t.Errorf("%+v", r.captures.stats(nil))
	}
}

func TestCaptureQuery(t *testing.T) {
	_, base, wire := startCapture(t, capture.MinSize, 0)
	call(t, "POST", base+"/send?client=me", quoted(frame("one")))
	between := time.Now()
	wire.Send(frame("two"), frame("three"))
	call(t, "POST", base+"/send?client=you", quoted(append([]byte{2, 0, 0, 0, 0, 9}, frame("four")[6:]...)))
	wire.Send(append([]byte{2, 0, 0, 0, 0, 8}, frame("five")[6:]...))
	after := time.Now()
	all := []string{"client me one", "tap0 two", "tap0 three", "client you four", "tap0 five"}
	for query, want := range map[string][]string{
		"since=all":                 all,
		"since=1h":                  all,
		"since=all&snaplen=15":      {"client me o", "tap0 t", "tap0 t", "client you f", "tap0 f"},
		"since=all&snaplen=0":       all,
		"since=all&filter=text%3Dt": {"tap0 two", "tap0 three"},
		"since=all&client=me":       all, // none of the addresses is known: all goes to all
		"since=all&port=lab":        all,
		"since=" + url.QueryEscape(between.Format(time.RFC3339Nano)): all[1:],
		"since=" + url.QueryEscape(after.Format(time.RFC3339Nano)):   nil,
		"since=0s": nil,
	} {
		if len(want) > 0 {
			// As many as there are: the answer ends by itself.
			l := openCapture(t, base+"/capture?"+query+fmt.Sprint("&count=", len(want)))
			l.expect(want...)
			l.end()
			continue
		}
		l := openCapture(t, base+"/capture?"+query+"&duration=20ms")
		l.end()
	}
	l := openCapture(t, base+"/capture?since=all&duration=10ms")
	l.expect(all...)
	l.end()
	for i, want := range []string{"client me", "client you", "tap0"} {
		n, err := l.r.Interface(i)
		if err != nil || n.Name != want || n.Statistics.PacketsReceived == 0 || n.Statistics.PacketsDropped != 0 {
			t.Errorf("interface %d: %+v %v", i, n, err)
		}
	}
}

func TestOneClientsCapture(t *testing.T) {
	_, url, wire := startCapture(t, capture.MinSize, 0)
	l := openCapture(t, url+"/capture?client=me")
	mine := append([]byte{}, frame("from me")...)
	copy(mine[6:], "\x02\x00\x00\x00\x00\x07")
	yours := append([]byte{}, frame("from you")...)
	copy(yours[6:], "\x02\x00\x00\x00\x00\x08")
	forMe := append(append([]byte{2, 0, 0, 0, 0, 7}, frame("")[6:]...), "for me"...)
	forYou := append(append([]byte{2, 0, 0, 0, 0, 8}, frame("")[6:]...), "for you"...)
	call(t, "POST", url+"/send?client=me", quoted(mine))
	call(t, "POST", url+"/send?client=you", quoted(yours))
	wire.Send(forMe, forYou, frame("for all"))
	l.expect("client me from me", "client you from you", "tap0 for me", "tap0 for all")
	if i, err := l.r.Interface(0); err != nil || i.Name != "client me" && i.Name != "tap0" {
		t.Errorf("the first interface: %+v %v", i, err)
	}
}

func TestCaptureErrors(t *testing.T) {
	r, url, _ := startCapture(t, capture.MinSize, 0)
	for query, want := range map[string]string{
		"?since=yesterday":                  "since is how long back",
		"?since=-10s":                       "since is how long back",
		"?since=2999-01-01T00:00:00Z":       "a time that has been",
		"?snaplen=-1":                       "snaplen is a number of bytes",
		"?snaplen=999999999":                "snaplen is a number of bytes",
		"?count=0":                          "count is a number of frames",
		"?count=x":                          "count is a number of frames",
		"?duration=0s":                      "duration is how long",
		"?duration=10":                      "duration is how long",
		"?client=a%20b":                     "a client's name has",
		"?port=lab&client=a":                "port and client both",
		"?port=" + strings.Repeat("x", 200): "port is a name of at most",
		"?sinse=10s":                        `what is \"sinse\"? /capture takes since, snaplen`,
		"?count=1&count=2":                  "count is given 2 times",
		"?filter=tcp":                       "filter: column 1: what is this?",
		"?filter=text=" + strings.Repeat("x", 5000): "filter is over 4096 bytes",
	} {
		status, body := call(t, "GET", url+"/capture"+query, "")
		if status != 400 || !strings.HasPrefix(body, `{"error":"`) || !strings.Contains(body, want) {
			t.Errorf("%.60s: %d %s", query, status, body)
		}
		resp, err := http.Head(url + "/capture" + query)
		if err != nil || resp.StatusCode != 400 {
			t.Errorf("HEAD %.60s: %v %v", query, resp, err)
		}
	}
	resp, err := http.Head(url + "/capture?since=all&filter=text%3Dx")
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-pcapng" {
		t.Errorf("HEAD: %v %v", resp, err)
	}
	if status, body := call(t, "POST", url+"/capture", ""); status != 405 {
		t.Errorf("POST: %d %s", status, body)
	}
	if status, body := call(t, "GET", url+"/capture", "", "Origin", "http://evil.example"); status != 403 {
		t.Errorf("a page of another origin: %d %s", status, body)
	}
	if n := r.captures.stats(nil).Opened; n != 0 {
		t.Errorf("%d captures were opened", n)
	}
	r.cfg.Filter = nil
	if status, body := call(t, "GET", url+"/capture?filter=tcp", ""); status != 501 || !strings.Contains(body, "no filters") {
		t.Errorf("without filters: %d %s", status, body)
	}
	_, url, _ = start(t, 1500, 0)
	if status, body := call(t, "GET", url+"/capture", ""); status != 501 || !strings.Contains(body, "does not record") {
		t.Errorf("without a recorder: %d %s", status, body)
	}
}

func TestCapturesAreBounded(t *testing.T) {
	r, url, _ := startCapture(t, 0, 0)
	for range capture.MaxReaders {
		openCapture(t, url+"/capture")
	}
	resp, err := http.Get(url + "/capture")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if resp.Body.Close(); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(b), "too many captures") {
		t.Errorf("one more: %d %s", resp.StatusCode, b)
	}
	if s := r.captures.stats(r.cfg.Recorder); s.Open != capture.MaxReaders || s.Opened != capture.MaxReaders {
		t.Errorf("%+v", s)
	}
}

// The relay's end is a clean one: all that came before it is there, statistics, then the end.
func TestRelayEndsCaptures(t *testing.T) {
	r, url, wire := startCapture(t, capture.MinSize, 0)
	l := openCapture(t, url+"/capture")
	wire.Send(frame("last"))
	r.Close()
	l.expect("tap0 last")
	l.end()
	if i, err := l.r.Interface(0); err != nil || i.Statistics.PacketsReceived != 1 || i.Statistics.EndTime.IsZero() {
		t.Errorf("%+v %v", i, err)
	}
	if n := r.captureEnds("shutdown"); n != 1 {
		t.Errorf("%d captures ended by the relay's end", n)
	}
	if status, body := call(t, "GET", url+"/capture", ""); status != 503 {
		t.Errorf("behind the end: %d %s", status, body)
	}
}

// A client that does not read loses frames, which are counted, holds nobody up, and loses its
// capture at last.
func TestSlowCapture(t *testing.T) {
	r, url, wire := startCapture(t, capture.MinSize, time.Second)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /capture HTTP/1.1\r\nHost: localhost\r\n\r\n")
	eventually(t, "the capture is open", func() bool { return r.cfg.Recorder.Stats().Readers == 1 })
	long := frame(strings.Repeat("x", 1400))
	sent := uint64(0)
	for r.cfg.Recorder.Stats().Lost == 0 {
		wire.Send(long)
		sent++
	}
	if sent > 100000 {
		t.Errorf("%d frames went before one was lost", sent)
	}
	// It reads on: the loss is in the file.
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	var dropped uint64
	p, err := pcapgo.NewNgReader(resp.Body, pcapgo.NgReaderOptions{StatisticsCallback: func(_ int, s pcapgo.NgInterfaceStatistics) {
		dropped = s.PacketsDropped
	}})
	if err != nil {
		t.Fatal(err)
	}
	read := uint64(0)
	for dropped == 0 {
		if _, _, err := p.ReadPacketData(); err != nil {
			t.Fatal(err)
		}
		read++
	}
	if lost := r.cfg.Recorder.Stats().Lost; dropped != lost {
		t.Errorf("the file says that %d are lost, the recorder %d", dropped, lost)
	}
	for ; read+dropped < sent; read++ {
		if _, _, err := p.ReadPacketData(); err != nil {
			t.Fatalf("%d read, %d lost, %d sent: %v", read, dropped, sent, err)
		}
	}
	// And not any more.
	eventually(t, "the end of a capture that nobody reads", func() bool {
		for range 100 {
			wire.Send(long)
		}
		return r.captureEnds("stalled") == 1
	})
}

// Under load a capture gets every frame, in few writes.
func TestCaptureUnderLoad(t *testing.T) {
	_, url, wire := startCapture(t, 16<<20, 0)
	const n = 20000
	l := openCapture(t, fmt.Sprint(url, "/capture?count=", n))
	go func() {
		batch := make([][]byte, 20)
		for i := range n / len(batch) {
			for k := range batch {
				batch[k] = frame(fmt.Sprint(i*len(batch) + k))
			}
			wire.Send(batch...)
		}
	}()
	for i := range n {
		l.expect(fmt.Sprint("tap0 ", i))
	}
	l.end()
}

// What a client says of its frames is in the capture, whatever way they come by.
func TestCommentsOfClients(t *testing.T) {
	r, url, wire := startCapture(t, capture.MinSize, 0)
	rd, err := r.cfg.Recorder.Open(capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	item := func(text, comment string) string {
		return fmt.Sprintf(`{"frame":%s,"comment":%q}`, quoted(frame(text)), comment)
	}
	body := "[" + item("1", "why: SYN") + "," + quoted(frame("2")) + "," + item("3", "") + "," + item("4", "why: data") + "," + quoted(frame("5")) + "]"
	if status, answer := call(t, "POST", url+"/send?client=me", body); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	// More of them than wait at once, and one that the switch refuses among them.
	var many []string
	for i := range 2000 {
		many = append(many, item(fmt.Sprint("m", i), fmt.Sprint("n", i)))
	}
	many = append(many, `{"frame":"AAAA","comment":"short"}`)
	if status, answer := call(t, "POST", url+"/send?client=me", "["+strings.Join(many, ",")+"]"); status != 400 || !strings.Contains(answer, "frame 2001 of 2001") {
		t.Errorf("%d %s", status, answer)
	}
	for _, transport := range []tapclient.Transport{tapclient.Stream, tapclient.Batches} {
		c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "you", Transport: transport, Comment: func(frame []byte) string {
			if frame[14] == 'a' {
				return `the "first"` + strings.Repeat("ä", 1000)
			}
			return ""
		}})
		if err != nil {
			t.Fatal(err)
		}
		if !c.Comments() {
			t.Errorf("%s: no comments", transport)
		}
		if n, err := c.WriteFrames([][]byte{frame("a"), frame("b")}); n != 2 || err != nil {
			t.Errorf("%s: %d frames written: %v", transport, n, err)
		}
		wire.Send(frame("back")) // and reading goes on as before
		bufs, sizes := [][]byte{make([]byte, 2000)}, make([]int, 1)
		if _, err := c.ReadFrames(bufs, sizes); err != nil || string(bufs[0][14:sizes[0]]) != "back" {
			t.Errorf("%s: %q %v", transport, bufs[0][:sizes[0]], err)
		}
		c.Close()
	}
	var got []string
	var f capture.Frame
	for rd.Next(&f) {
		got = append(got, string(f.Bytes[14:])+"="+string(f.Note))
	}
	want := []string{"1=why: SYN", "2=", "3=", "4=why: data", "5="}
	for i := range 2000 {
		want = append(want, fmt.Sprintf("m%d=n%d", i, i))
	}
	long := `the "first"` + strings.Repeat("ä", (api.MaxComment-11)/2)
	want = append(want, "a="+long, "b=", "back=", "a="+long, "b=", "back=")
	if !slices.Equal(got, want) {
		t.Errorf("%d frames:\n%.3000q, want %d", len(got), got, len(want))
	}
}
