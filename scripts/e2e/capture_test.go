//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func needTool(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s, which is not installed", tool)
		}
	}
}

// openCaptures returns how many captures the httptap at url serves; -1: it does not answer.
func openCaptures(url string) int {
	resp, err := http.Get(url + "/stats")
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	var s struct {
		Captures struct{ Open int }
	}
	if json.NewDecoder(resp.Body).Decode(&s) != nil {
		return -1
	}
	return s.Captures.Open
}

func waitCaptures(t testing.TB, url string, want int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); openCaptures(url) != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d captures are open at %s, want %d", openCaptures(url), url, want)
		}
	}
}

// what of each packet is asked for.
var captureFields = []string{"-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e", "_ws.col.Protocol", "-e", "frame.comment"}

// wantConversation checks that a fetch by the client named me was seen whole.
func wantConversation(t *testing.T, lines string) {
	t.Helper()
	for _, want := range []string{
		"client me|DHCP|client me to all", "lab|DHCP|lab to all", "client me|ARP|client me to all", "lab|ARP|lab to client me",
		"client me|DNS|client me to lab", "lab|DNS|lab to client me", "client me|TCP|client me to lab", "client me|HTTP|client me to lab",
		"lab|HTTP|lab to client me",
	} {
		if !strings.Contains(lines, want+"\n") {
			t.Errorf("no packet is %s", want)
		}
	}
	if t.Failed() {
		t.Logf("tshark printed\n%s", lines)
	}
}

// TestCaptureLive is the README's line with tshark in Wireshark's place, while a fetch goes on, and the
// same from the past.
func TestCaptureLive(t *testing.T) {
	needTool(t, "tshark", "curl")
	w, listen := world{}, "127.0.0.1:"+freePort(t)
	url := "http://" + listen
	w.httptap(t, "-i", "user", "-listen", listen, "-q")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	curl := exec.CommandContext(ctx, "curl", "-sSN", url+"/capture?count=24")
	tshark := exec.CommandContext(ctx, "tshark", append([]string{"-l", "-i", "-"}, captureFields...)...)
	var live, stderr bytes.Buffer
	var err error
	if tshark.Stdin, err = curl.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	tshark.Stdout, tshark.Stderr = &live, &stderr
	if err := tshark.Start(); err != nil {
		t.Fatal(err)
	}
	if err := curl.Start(); err != nil {
		t.Fatal(err)
	}
	waitCaptures(t, url, 1)
	fetch := []string{"-ihttp", "-url", url, "-client", "me", "-s", "http://www.httptap.test/"}
	w.must(t, "xcurl", fetch...)
	if err := tshark.Wait(); err != nil {
		t.Errorf("tshark: %v\n%s", err, &stderr)
	}
	if err := curl.Wait(); err != nil {
		t.Errorf("curl: %v", err)
	}
	wantConversation(t, live.String())

	// The same again, with the stack's own state.
	w.must(t, "xcurl", append([]string{"-comments"}, fetch...)...)
	past := exec.CommandContext(ctx, "curl", "-sS", url+"/capture?since=1m&duration=100ms&client=me")
	file, err := past.Output()
	if err != nil {
		t.Fatal(err)
	}
	read := exec.CommandContext(ctx, "tshark", append([]string{"-r", "-"}, captureFields...)...)
	read.Stdin = bytes.NewReader(file)
	out, err := read.Output()
	if err != nil {
		t.Fatal(err)
	}
	wantConversation(t, string(out))
	for _, want := range []string{"client me to lab,why: SYN; SYN-SENT, cwnd ", "client me to lab,why: new data; ESTABLISHED, cwnd "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no packet says %q:\n%s", want, out)
		}
	}
}

// extcapHome is a home in which httptap is installed as an extcap.
func extcapHome(t *testing.T, w world) (env []string) {
	t.Helper()
	home := t.TempDir()
	env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME=")
	c := w.command(t.Context(), "httptap", "install-extcap")
	c.Env = env
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "to undo: rm "+home) {
		t.Fatalf("install-extcap: %v\n%s", err, out)
	}
	return env
}

// TestExtcap has tshark list httptap and capture from it: from a relay, and from a rootless httptap
// that it starts itself.
func TestExtcap(t *testing.T) {
	needTool(t, "tshark")
	w := world{}
	env := extcapHome(t, w)
	list := exec.Command("tshark", "-D")
	list.Env = env
	out, err := list.Output()
	if err != nil || !strings.Contains(string(out), "httptap (httptap: relay at http://127.0.0.1:7070)") ||
		!strings.Contains(string(out), "httptap-user (httptap: rootless") {
		t.Fatalf("tshark -D: %v\n%s", err, out)
	}
	listen := "127.0.0.1:" + freePort(t)
	w.httptap(t, "-i", "user", "-listen", listen, "-q")
	own := "127.0.0.1:" + freePort(t)
	for _, c := range []struct{ iface, option, url string }{
		{"httptap", "extcap.httptap.url:http://" + listen, "http://" + listen},
		{"httptap-user", "extcap.httptap_user.listen:" + own, "http://" + own},
	} {
		t.Run(c.iface, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			tshark := exec.CommandContext(ctx, "tshark", append([]string{"-o", c.option, "-i", c.iface, "-c", "24"}, captureFields...)...)
			tshark.Env = env
			var stdout, stderr bytes.Buffer
			tshark.Stdout, tshark.Stderr = &stdout, &stderr
			if err := tshark.Start(); err != nil {
				t.Fatal(err)
			}
			waitCaptures(t, c.url, 1)
			w.must(t, "xcurl", "-ihttp", "-url", c.url, "-client", "me", "-s", "http://www.httptap.test/")
			if err := tshark.Wait(); err != nil {
				t.Errorf("tshark: %v\n%s", err, &stderr)
			}
			wantConversation(t, stdout.String())
			if c.iface == "httptap" {
				waitCaptures(t, c.url, 0)
			} else {
				waitCaptures(t, c.url, -1) // it is gone
			}
		})
	}
}

// TestExtcapEnds: it ends by itself when nobody reads any more, though no frame comes, and says why
// when it can't go on.
func TestExtcapEnds(t *testing.T) {
	w, listen := world{}, "127.0.0.1:"+freePort(t)
	url := "http://" + listen
	s := w.httptap(t, "-i", "user", "-listen", listen, "-q")
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	begin := func() (*exec.Cmd, *os.File, *bytes.Buffer) {
		c := w.command(t.Context(), "httptap", "--capture", "--extcap-interface", "httptap", "--fifo", fifo, "--url", url)
		stderr := new(bytes.Buffer)
		c.Stderr = stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		r, err := os.Open(fifo)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 4)
		if _, err := io.ReadFull(r, head); err != nil || !bytes.Equal(head, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
			t.Fatalf("the fifo begins with %x: %v", head, err)
		}
		return c, r, stderr
	}
	c, r, stderr := begin()
	r.Close()
	if err := c.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("the reader went: %v %s", err, stderr)
	}
	waitCaptures(t, url, 0)
	c, r, stderr = begin()
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("stopped by a signal: %v %s", err, stderr)
	}
	r.Close()
	c, r, stderr = begin()
	go io.Copy(io.Discard, r)
	s.stop(t)
	if err := c.Wait(); err == nil || !strings.Contains(stderr.String(), "the httptap has ended") {
		t.Errorf("the relay went: %v %s", err, stderr)
	}
	r.Close()
	c = w.command(t.Context(), "httptap", "--capture", "--extcap-interface", "httptap", "--fifo", os.DevNull, "--url", url)
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "no httptap answers: start one with") {
		t.Errorf("no relay: %v %s", err, out)
	}
}
