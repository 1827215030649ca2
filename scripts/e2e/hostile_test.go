package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	_ "embed"
)

//go:embed testdata/hostile.html
var hostilePage []byte

// browser returns a command that opens a page in a Chromium of its own. The names under example are
// this machine, all others are unknown: it calls nobody else.
func browser(t *testing.T, page string) *exec.Cmd {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if _, err := exec.LookPath(name); err == nil {
			return exec.Command(name, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
				"--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", page)
		}
	}
	t.Skip("needs chromium, which is not installed")
	return nil
}

// rebinding is what a name leads to whose owner changes its address between two requests: to his page
// first, and then to httptap. The browser sees one origin.
func rebinding(t *testing.T, to string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				if first, err := r.Peek(len("GET /hostile")); err != nil {
					return
				} else if string(first) == "GET /hostile" {
					if _, err := http.ReadRequest(r); err == nil {
						fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(hostilePage), hostilePage)
					}
					return
				}
				far, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer far.Close()
				go func() {
					io.Copy(far, r)
					far.(*net.TCPConn).CloseWrite()
				}()
				io.Copy(c, far)
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// A page of an attacker, in a real browser, can neither send a frame nor read one: not from another
// site, not from another port of this machine, not by a name that is rebound to it. The same page
// from httptap's own origin can do all of that, so that it would show if the others could.
func TestHostilePage(t *testing.T) {
	browser(t, "") // skips
	relay, raw := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	world{}.httptap(t, "-i", "user", "-q", "-lab=false", "-listen", relay, "-qemu", raw)
	reports := make(chan map[string]string, 1)
	attacker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hostile":
			w.Header().Set("Content-Type", "text/html")
			w.Write(hostilePage)
		case "/report":
			var got map[string]string
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			reports <- got
		}
	}))
	defer attacker.Close()
	_, port, _ := net.SplitHostPort(attacker.Listener.Addr().String())
	bridge := rebinding(t, relay)

	call := func(method, path, body string) string {
		t.Helper()
		q, err := http.NewRequest(method, "http://"+relay+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %d %s %v", path, resp.StatusCode, b, err)
		}
		return string(b)
	}
	counters := func() (s struct {
		stats
		Refused int
	}) {
		t.Helper()
		if err := json.Unmarshal([]byte(call("GET", "/stats", "")), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	frame := base64.StdEncoding.EncodeToString(append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, bytes.Repeat([]byte("x"), 48)...))
	if !strings.HasSuffix(frame, "=") || strings.HasSuffix(frame, "==") {
		t.Fatal("the form needs a frame whose base64 ends in one =")
	}

	for _, c := range []struct {
		name, origin, target string
		own                  bool
	}{
		{"httptap's own origin", "http://127.0.0.1:" + bridge, "http://127.0.0.1:" + bridge, true},
		{"another site", "http://evil.example:" + port, "http://" + relay, false},
		{"another site, by name", "http://evil.example:" + port, "http://localhost" + strings.TrimPrefix(relay, "127.0.0.1"), false},
		{"another port of this machine", "http://127.0.0.1:" + port, "http://" + relay, false},
		{"a rebound name", "http://evil.example:" + bridge, "http://evil.example:" + bridge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			call("GET", "/info", "") // the client "default" is there, and a frame waits for it
			call("POST", "/send?client=victim", `"`+frame+`"`)
			before := counters()
			b := browser(t, c.origin+"/hostile?"+url.Values{"target": {c.target}, "raw": {"http://" + raw}, "report": {attacker.URL + "/report"}, "frame": {frame}}.Encode())
			screen := background(t, b)
			var got map[string]string
			select {
			case got = <-reports:
			case <-time.After(90 * time.Second):
				t.Fatalf("the page did not come to its end:\n%s", screen)
			}
			after := counters()
			entered, read := after.entered()-before.entered(), out(after.stats)-out(before.stats)
			t.Logf("%d attempts were answered, %d requests refused; %d frames entered, %d were read", len(got), after.Refused-before.Refused, entered, read)
			if c.own {
				for _, name := range []string{"send without CORS", "send a batch as JSON", "send by XMLHttpRequest", "send by a beacon", "send by a form", "receive", "receive into a frame", "info", "stats", "WebSocket"} {
					if _, ok := got[name]; !ok {
						t.Errorf("%s: does not even work from its own origin", name)
					}
				}
				if entered < 5 || read < 1 { // a beacon may come late
					t.Errorf("%d frames entered, %d were read: the page can do less than it should", entered, read)
				}
				return
			}
			if entered != 0 || read != 0 || len(after.Ports) != len(before.Ports) {
				t.Errorf("%d frames entered, %d were read\n%+v\n%+v", entered, read, before.Ports, after.Ports)
			}
			for name, text := range got {
				// A page may send what it likes; it is told that it was refused, when it may be told.
				blind := text == "opaque" || text == "basic" || text == "posted" || name == "send by a beacon"
				if !blind && !strings.HasPrefix(text, `{"error":`) {
					t.Errorf("%s: the page got hold of %q", name, text)
				}
			}
			if n := after.Streams.Ended["long"] - before.Streams.Ended["long"]; n < 2 {
				t.Errorf("%d raw streams have ended by what a browser sends: the page did not try", n)
			}
			if after.Refused-before.Refused < 15 {
				t.Errorf("only %d requests were refused: the page did not try", after.Refused-before.Refused)
			}
		})
	}
}

// out returns how many frames were read from the switch.
func out(s stats) uint64 {
	n := s.Gone.FramesOut
	for _, p := range s.Ports {
		n += p.FramesOut
	}
	return n
}
