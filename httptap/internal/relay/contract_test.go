package relay

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/ethernet"
	"httptap/stack/link"
	"httptap/stack/link/linktest"
	"httptap/tapclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var deviceHW = link.Addr{2, 0, 0, 0, 0, 0xaa}

// setup starts a relay over a switch with a second port, "wire", for the test itself.
func setup(t testing.TB, idle time.Duration) (url string, wire *hub.Port, h *hub.Hub) {
	t.Helper()
	r, url, wire := start(t, 1500, idle)
	return url, wire, r.cfg.Hub
}

// start is setup for any MTU, and returns the relay itself.
func start(t testing.TB, mtu int, idle time.Duration) (r *Relay, url string, wire *hub.Port) {
	t.Helper()
	h := hub.New(hub.Config{MTU: mtu})
	wire, err := h.Attach(hub.PortConfig{Name: "wire", Kind: hub.Device})
	if err != nil {
		t.Fatal(err)
	}
	r = New(Config{Hub: h, Idle: idle, Info: api.Info{MTU: mtu, IPPrefix: "192.168.10.1/24", HardwareAddr: deviceHW.String(), Device: "tap0"}})
	s := httptest.NewServer(r)
	t.Cleanup(func() {
		r.Close()
		s.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return r, s.URL, wire
}

// call makes a request and returns status and body.
func call(t testing.TB, method, url, body string, header ...string) (int, string) {
	t.Helper()
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			q.Host = header[i+1]
		}
		q.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func frame(text string) []byte {
	return append(ethernet.Append(nil, link.Broadcast, link.LocalAddr("test"), 0x88b5), text...)
}

func quoted(f []byte) string { return `"` + base64.StdEncoding.EncodeToString(f) + `"` }

// wireGets returns the text of the next frame on the wire.
func wireGets(t testing.TB, wire *hub.Port) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
	if _, err := wire.Read(ctx, bufs, sizes); err != nil {
		t.Fatal(err)
	}
	return string(bufs[0][14:sizes[0]])
}

// TestVersion0 holds the contract byte for byte, with the ends of lines.
func TestVersion0(t *testing.T) {
	url, wire, _ := setup(t, 0)
	status, body := call(t, "GET", url+"/info", "")
	want := `{"MTU":1500,"IPPrefix":"192.168.10.1/24","HardwareAddr":"02:00:00:00:00:aa","DataReady":false,`
	if status != 200 || !strings.HasPrefix(body, want) || !strings.HasSuffix(body, "}\n") {
		t.Errorf("/info: %d %q", status, body)
	}
	if status, body := call(t, "GET", url+"/recv", ""); status != 200 || body != "\"\"\n" {
		t.Errorf("/recv of nothing: %d %q", status, body)
	}
	if status, body := call(t, "POST", url+"/send", quoted(frame("out"))); status != 200 || body != "" {
		t.Errorf("/send: %d %q", status, body)
	}
	if got := wireGets(t, wire); got != "out" {
		t.Errorf("the wire got %q", got)
	}
	wire.Send(frame("one"), frame("two"))
	if _, body := call(t, "GET", url+"/info", ""); !strings.Contains(body, `"DataReady":true`) {
		t.Errorf("/info with a frame waiting: %s", body)
	}
	for _, text := range []string{"one", "two"} {
		if status, body := call(t, "GET", url+"/recv", ""); status != 200 || body != quoted(frame(text))+"\n" {
			t.Errorf("/recv: %d %q", status, body)
		}
	}
}

func TestBatches(t *testing.T) {
	url, wire, _ := setup(t, 0)
	me := "?client=me"
	call(t, "GET", url+"/info"+me, "")
	for _, body := range []string{
		"[" + quoted(frame("1")) + "," + quoted(frame("2")) + "]",
		" [ " + quoted(frame("1")) + " ,\n" + quoted(frame("2")) + " ] ",
		"[" + strings.ReplaceAll(quoted(frame("1")), "/", `\/`) + "," + strings.ReplaceAll(quoted(frame("2")), "A", `\u0041`) + "]",
	} {
		if status, answer := call(t, "POST", url+"/send"+me, body); status != 200 || answer != "" {
			t.Errorf("%s: %d %q", body, status, answer)
		}
		if a, b := wireGets(t, wire), wireGets(t, wire); a != "1" || b != "2" {
			t.Errorf("%s: the wire got %q %q", body, a, b)
		}
	}
	if status, _ := call(t, "POST", url+"/send"+me, "[]"); status != 200 {
		t.Errorf("an empty batch: %d", status)
	}
	wire.Send(frame("1"), frame("2"), frame("3"))
	if _, body := call(t, "GET", url+"/recv"+me+"&max=2", ""); body != "["+quoted(frame("1"))+","+quoted(frame("2"))+"]\n" {
		t.Errorf("two of three: %q", body)
	}
	if _, body := call(t, "GET", url+"/recv"+me+"&wait=10s", ""); body != "["+quoted(frame("3"))+"]\n" {
		t.Errorf("the third, though there is time to wait: %q", body)
	}
	if _, body := call(t, "GET", url+"/recv"+me+"&wait=10ms", ""); body != "[]\n" {
		t.Errorf("nothing came: %q", body)
	}
	go func() { wire.Send(frame("late")) }()
	if _, body := call(t, "GET", url+"/recv"+me+"&wait=30s&max=9", ""); body != "["+quoted(frame("late"))+"]\n" {
		t.Errorf("a frame that comes while we wait: %q", body)
	}
}

func TestClientsAreApart(t *testing.T) {
	url, wire, _ := setup(t, 0)
	var hw []string
	for _, name := range []string{"one", "two"} {
		var i api.Info
		_, body := call(t, "GET", url+"/info", "", api.ClientHeader, name)
		if err := json.Unmarshal([]byte(body), &i); err != nil || i.Client != name || i.HardwareAddr != deviceHW.String() {
			t.Errorf("%s: %s", name, body)
		}
		hw = append(hw, i.ClientHardwareAddr)
	}
	if hw[0] == hw[1] || !strings.HasPrefix(hw[0], "02:") {
		t.Errorf("hardware addresses %q", hw)
	}
	wire.Send(frame("for both"))
	for _, name := range []string{"one", "two"} {
		if _, body := call(t, "GET", url+"/recv?client="+name, ""); body != quoted(frame("for both"))+"\n" {
			t.Errorf("%s: %q", name, body)
		}
	}
	call(t, "POST", url+"/send?client=one", quoted(frame("from one")))
	if _, body := call(t, "GET", url+"/recv?client=two", ""); body != quoted(frame("from one"))+"\n" {
		t.Errorf("two: %q", body)
	}
}

func TestErrors(t *testing.T) {
	url, wire, h := setup(t, 0)
	call(t, "GET", url+"/info", "")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"not JSON", "POST", "/send", "hello", 400, "not a JSON string"},
		{"nothing", "POST", "/send", "", 400, "not a JSON string"},
		{"an object", "POST", "/send", `{"frame":"AAAA"}`, 400, "not a JSON string"},
		{"a number", "POST", "/send", "7", 400, "not a JSON string"},
		{"null", "POST", "/send", "null", 400, "not a JSON string"},
		{"an object without a frame", "POST", "/send", `["AAAA",{"comment":"x"}]`, 400, "an item has no frame"},
		{"null in an array", "POST", "/send", `[null]`, 400, "an item has no frame"},
		{"an object with more", "POST", "/send", `[{"frame":"AAAA","coment":"x"}]`, 400, "coment"},
		{"a long comment", "POST", "/send", `[{"frame":"AAAA","comment":"` + strings.Repeat("x", 1025) + `"}]`, 400, "a comment has at most 1024 bytes"},
		{"an array of numbers", "POST", "/send", "[1,2]", 400, "not a JSON string"},
		{"an array with null", "POST", "/send", `["AAAA",null]`, 400, "not a JSON string"},
		{"a trailing comma", "POST", "/send", `["AAAA",]`, 400, "not a JSON string"},
		{"not base64", "POST", "/send", `"?"`, 400, "not base64"},
		{"base64 without padding", "POST", "/send", `"AAAAA"`, 400, "not base64"},
		{"13 bytes", "POST", "/send", quoted(make([]byte, 13)), 400, "14 bytes"},
		{"over the MTU", "POST", "/send", quoted(make([]byte, 1515)), 413, "longer than the MTU"},
		{"the second of two", "POST", "/send", "[" + quoted(frame("x")) + `,"AA=="]`, 400, "frame 2 of 2"},
		{"too many frames", "POST", "/send", "[" + strings.Repeat(`"",`, MaxSend) + `""]`, 413, "at most"},
		{"too many frames, with an escape", "POST", "/send", "[" + strings.Repeat(`"",`, MaxSend) + `"\/"]`, 413, "at most"},
		{"a body over the limit", "POST", "/send", `"` + strings.Repeat("A", MaxBody) + `"`, 413, "over"},
		{"max=0", "GET", "/recv?max=0", "", 400, "max is"},
		{"max=x", "GET", "/recv?max=x", "", 400, "max is"},
		{"wait=5", "GET", "/recv?wait=5", "", 400, "wait is a duration"},
		{"wait=-1s", "GET", "/recv?wait=-1s", "", 400, "wait is a duration"},
		{"a name with a blank", "GET", "/info?client=a%20b", "", 400, "a client's name"},
		{"a name that is too long", "GET", "/info?client=" + strings.Repeat("x", 65), "", 400, "a client's name"},
		{"an unknown call", "GET", "/nothing", "", 404, "no such call"},
		{"GET /send", "GET", "/send", "", 405, "/send takes POST"},
		{"POST /recv", "POST", "/recv", "", 405, "/recv takes GET"},
	} {
		status, body := call(t, c.method, url+c.path, c.body)
		var e api.Error
		if err := json.Unmarshal([]byte(body), &e); err != nil || status != c.status || !strings.Contains(e.Error, c.says) {
			t.Errorf("%s: %d %q, want %d and %q", c.name, status, body, c.status, c.says)
		}
	}
	if got := wireGets(t, wire); got != "x" {
		t.Errorf("the frame before a bad one: %q", got)
	}
	if s := h.Stats(); len(s.Ports) != 2 {
		t.Errorf("refused names left ports: %+v", s.Ports)
	}
}

// A page of another site, or one whose name was rebound to this machine, gets nothing.
func TestHostilePages(t *testing.T) {
	url, wire, _ := setup(t, 0)
	host := strings.TrimPrefix(url, "http://")
	for _, c := range []struct {
		name   string
		header []string
		ok     bool
	}{
		{"no browser", nil, true},
		{"the relay's own page", []string{"Origin", url}, true},
		{"the address bar", []string{"Sec-Fetch-Site", "none"}, true},
		{"localhost by name", []string{"Host", "localhost:7070"}, true},
		{"localhost of IPv6", []string{"Host", "[::1]:7070"}, true},
		{"a rebound name", []string{"Host", "evil.example"}, false},
		{"a rebound name that looks like an address", []string{"Host", "127.0.0.1.evil.example"}, false},
		{"another machine's address", []string{"Host", "192.0.2.1"}, false},
		{"another site", []string{"Origin", "http://evil.example"}, false},
		{"another port of this machine", []string{"Origin", "http://127.0.0.1:1"}, false},
		{"a sandboxed page", []string{"Origin", "null"}, false},
		{"an image of another site", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a sibling site", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"a rebound name with its own origin", []string{"Host", "evil.example", "Origin", "http://evil.example"}, false},
	} {
		for _, path := range []string{"/send", "/recv", "/info", "/stats", "/", "/nothing"} {
			method, body := "GET", ""
			if path == "/send" {
				method, body = "POST", quoted(frame(c.name))
			}
			status, answer := call(t, method, url+path, body, c.header...)
			if !c.ok && (status != 403 || !strings.HasPrefix(answer, `{"error":"`)) {
				t.Errorf("%s %s: %d %q", c.name, path, status, answer)
			}
			if c.ok && path != "/nothing" && status != 200 {
				t.Errorf("%s %s: %d %q", c.name, path, status, answer)
			}
		}
		if c.ok {
			if got := wireGets(t, wire); got != c.name {
				t.Errorf("%s: the wire got %q", c.name, got)
			}
		}
	}
	if bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1); true {
		if n, _ := wire.Poll(bufs, sizes); n != 0 {
			t.Errorf("a hostile page sent %q to %s", bufs[0][14:sizes[0]], host)
		}
	}
}

func TestClientLimit(t *testing.T) {
	url, _, _ := setup(t, 0)
	for i := range MaxClients {
		if status, body := call(t, "GET", fmt.Sprintf("%s/info?client=c%d", url, i), ""); status != 200 {
			t.Fatalf("client %d: %d %s", i, status, body)
		}
	}
	resp, err := http.Get(url + "/info?client=onemore")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one more: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if status, _ := call(t, "GET", url+"/recv?client=c7", ""); status != 200 {
		t.Errorf("those that are there: %d", status)
	}
}

func TestIdleClientsAreForgotten(t *testing.T) {
	url, _, h := setup(t, 20*time.Millisecond)
	call(t, "GET", url+"/info?client=brief", "")
	// A long poll is a call: who waits is not idle.
	done := make(chan string, 1)
	go func() {
		_, body := call(t, "GET", url+"/recv?client=waiting&wait=300ms", "")
		done <- body
	}()
	if body := <-done; body != "[]\n" {
		t.Errorf("the one that waits: %q", body)
	}
	deadline := time.Now().Add(5 * time.Second)
	for len(h.Stats().Ports) > 1 {
		if time.Now().After(deadline) {
			t.Fatalf("still there: %+v", h.Stats().Ports)
		}
		time.Sleep(5 * time.Millisecond) // the timer under test is the real clock's
	}
}

// A client that vanishes while it waits blocks nobody and loses nothing.
func TestVanishedClient(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	call(t, "GET", url+"/info?client=gone", "")
	ctx, cancel := context.WithCancel(t.Context())
	q, _ := http.NewRequestWithContext(ctx, "GET", url+"/recv?client=gone&wait=60s", nil)
	failed := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(q)
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	inside := func(want int) {
		t.Helper()
		for begin := time.Now(); ; runtime.Gosched() {
			r.mu.Lock()
			n := r.clients["gone"].active
			r.mu.Unlock()
			if n == want {
				return
			}
			if time.Since(begin) > 10*time.Second {
				t.Fatalf("%d calls are inside, want %d", n, want)
			}
		}
	}
	inside(1)
	cancel()
	if err := <-failed; err == nil {
		t.Fatal("the call was answered")
	}
	inside(0)
	wire.Send(frame("kept"))
	if _, body := call(t, "GET", url+"/recv?client=gone&wait=5s", ""); body != "["+quoted(frame("kept"))+"]\n" {
		t.Errorf("its next call: %q", body)
	}
	for _, p := range r.cfg.Hub.Stats().Ports {
		if p.DroppedGone != 0 {
			t.Errorf("%+v", p)
		}
	}
}

func TestStats(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	r.cfg.Dropped = func() uint64 { return 7 }
	call(t, "POST", url+"/send?client=a", quoted(frame("x")))
	call(t, "POST", url+"/send?client=a", quoted(make([]byte, 3)))
	wireGets(t, wire)
	_, body := call(t, "GET", url+"/stats", "")
	var s struct {
		hub.Stats
		Clients, Requests, Failed, DeviceDropped int
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil || s.DeviceDropped != 7 || s.Clients != 1 || s.Requests != 3 || s.Failed != 1 {
		t.Errorf("%v %s", err, body)
	}
	for _, p := range s.Ports {
		if p.Name == "client a" && (p.FramesIn != 1 || p.RefusedShort != 1) {
			t.Errorf("%+v", p)
		}
	}
}

// oracle reads a body with encoding/json.
func oracle(body []byte) (texts []string, valid bool) {
	var one *string
	if json.Unmarshal(body, &one) == nil {
		if one == nil {
			return nil, false
		}
		return []string{*one}, true
	}
	var list []any
	if json.Unmarshal(body, &list) != nil || list == nil {
		return nil, false
	}
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			for name, value := range o {
				// encoding/json takes a field's name in any case.
				switch says, text := value.(string); {
				case strings.EqualFold(name, "frame"):
					item = value
				case !strings.EqualFold(name, "comment"), !text && value != nil, len(says) > api.MaxComment:
					return nil, false
				}
			}
		}
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		texts = append(texts, s)
	}
	return texts, true
}

// FuzzDecode holds the fast way of reading a body against encoding/json.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{quoted(frame("x")), "[]", `["AAAA","QQ=="]`, `["A\/8="]`, `["AAAA" "BBBB"]`, `["AAAA",]`, `"a"b"`, `[[]]`, "null", `{"a":1}`, ` "" `,
		`[{"frame":"AAAA","comment":"x"},"QQ=="]`, `[{"frame":null}]`, `[{"comment":"x"}]`, `[{"frame":"AAAA","more":1}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want, valid := oracle(body)
		var frames [][]byte
		for _, s := range want {
			b, err := base64.StdEncoding.DecodeString(s)
			valid = valid && err == nil
			frames = append(frames, b)
		}
		b := new(buffer)
		b.text = body
		err := b.decode()
		if (err == nil) != valid {
			t.Fatalf("%q: %v, encoding/json says %v", body, err, valid)
		}
		if err != nil {
			return
		}
		if len(b.frames) != len(frames) {
			t.Fatalf("%q: %d frames, want %d", body, len(b.frames), len(frames))
		}
		for i := range frames {
			if !bytes.Equal(b.frames[i], frames[i]) {
				t.Fatalf("%q: frame %d is % x, want % x", body, i, b.frames[i], frames[i])
			}
		}
	})
}

// transports are the ways for a client's frames to travel.
var transports = []tapclient.Transport{tapclient.Stream, tapclient.Batches, tapclient.Version0}

// dial returns a client of this project, by a transport.
func dial(t testing.TB, url string, transport tapclient.Transport) *tapclient.Client {
	t.Helper()
	c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "me", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	if c.Transport() != transport {
		t.Fatalf("frames travel by %s", c.Transport())
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// The client of this project is a device like any other, whatever way its frames travel.
func TestClientIsADevice(t *testing.T) {
	for _, transport := range transports {
		t.Run(string(transport), func(t *testing.T) {
			linktest.Run(t, func(t *testing.T) (a, b link.Device) {
				url, wire, _ := setup(t, 0)
				return dial(t, url, transport), wire.Device(link.LocalAddr("wire"))
			})
		})
	}
}
