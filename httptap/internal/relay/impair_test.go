package relay

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"httptap/httptap/api"
	"httptap/stack/link"
	"httptap/tapclient"
)

// impaired returns what GET /impair says.
func impaired(t *testing.T, url string) (i api.Impairments) {
	t.Helper()
	status, body := call(t, http.MethodGet, url+"/impair", "")
	if status != 200 {
		t.Fatal(body)
	}
	if err := json.Unmarshal([]byte(body), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// Faults are set for all clients or one, now there or not, both ways or one.
func TestImpair(t *testing.T) {
	url, wire, _ := setup(t, 0)
	send := func(client, text string) {
		t.Helper()
		if status, body := call(t, http.MethodPost, url+"/send?client="+client, quoted(frame(text))); status != 200 {
			t.Fatal(body)
		}
	}
	recv := func(client string) string {
		t.Helper()
		_, body := call(t, http.MethodGet, url+"/recv?client="+client, "")
		return strings.TrimSpace(body)
	}
	put := func(query, text string) {
		t.Helper()
		status, body := call(t, http.MethodPut, url+"/impair"+query, text)
		if now, _ := json.Marshal(impaired(t, url)); status != 200 || strings.TrimSpace(body) != string(now) {
			t.Fatalf("%d %s", status, body)
		}
	}
	recv("a")
	put("", "loss=100%")
	send("a", "lost")
	send("b", "lost, and b came later")
	put("?way=up", "")
	send("a", "only the way down is bad")
	if got := wireGets(t, wire); got != "only the way down is bad" {
		t.Errorf("the wire got %q", got)
	}
	wire.Send(frame("lost"))
	if got := recv("a"); got != `""` {
		t.Errorf("a got %s", got)
	}
	put("?client=a", "")
	put("?client=c&way=up", "loss=100%,seed=9")
	wire.Send(frame("for a only"))
	if a, b := recv("a"), recv("b"); a != quoted(frame("for a only")) || b != `""` {
		t.Errorf("a got %s, b %s", a, b)
	}
	send("c", "lost")
	send("b", "through")
	if got := wireGets(t, wire); got != "through" {
		t.Errorf("the wire got %q", got)
	}
	want := api.Impairments{All: api.Impairment{Down: "loss=100%"}, Clients: map[string]api.Impairment{
		"a": {}, "c": {Up: "loss=100%,seed=9", Down: "loss=100%"}}}
	if got := impaired(t, url); got.All != want.All || len(got.Clients) != 2 || got.Clients["a"] != want.Clients["a"] || got.Clients["c"] != want.Clients["c"] {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, gone := range []string{"?client=c", ""} {
		if status, body := call(t, http.MethodDelete, url+"/impair"+gone, ""); status != 200 {
			t.Fatal(body)
		}
	}
	send("c", "good again")
	if got := wireGets(t, wire); got != "good again" {
		t.Errorf("the wire got %q", got)
	}
	if got := impaired(t, url); got.All != (api.Impairment{}) || len(got.Clients) != 0 {
		t.Errorf("%+v", got)
	}
}

// A mistake is named, and changes nothing.
func TestImpairMistakes(t *testing.T) {
	url, _, _ := setup(t, 0)
	for _, c := range []struct {
		method, query, body string
		status              int
		says                string
	}{
		{"PUT", "", "los=5%", 400, "there are loss, dup"},
		{"PUT", "", "loss=5", 400, "percentage"},
		{"PUT", "", "delay=2h", 400, "from 0 to an hour"},
		{"PUT", "", strings.Repeat("x", maxImpair+1), 413, "text of 4096 bytes at most"},
		{"PUT", "?way=sideways", "", 400, `"up"`},
		{"PUT", "?way=", "", 400, `"up"`},
		{"PUT", "?client=", "", 400, "leave client out"},
		{"PUT", "?client=a%20b", "", 400, "letters"},
		{"DELETE", "?way=up", "", 400, "PUT nothing with way=up"},
		{"POST", "", "loss=5%", 405, "GET, PUT, DELETE"},
	} {
		if status, body := call(t, c.method, url+"/impair"+c.query, c.body); status != c.status || !strings.Contains(body, strings.ReplaceAll(c.says, `"`, `\"`)) {
			t.Errorf("%s %s %.20q: %d %s", c.method, c.query, c.body, status, body)
		}
	}
	if got := impaired(t, url); got.All != (api.Impairment{}) || len(got.Clients) != 0 {
		t.Errorf("%+v", got)
	}
}

// What is said of clients that never come is bounded; what is said of one is forgotten with it.
func TestImpairIsForgotten(t *testing.T) {
	r, url, _ := start(t, 1500, 50*time.Millisecond)
	call(t, http.MethodPut, url+"/impair?client=a", "loss=1%")
	call(t, http.MethodGet, url+"/info?client=a", "")
	deadline := time.Now().Add(10 * time.Second)
	for len(impaired(t, url).Clients) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("it is remembered though its client is forgotten")
		}
		time.Sleep(5 * time.Millisecond) // the relay's own clock decides
	}
	cfg := link.ImpairConfig{Loss: 0.5}
	for i := range MaxClients {
		if err := r.setImpair("client"+string(rune('a'+i/26))+string(rune('a'+i%26)), "", cfg); err != nil {
			t.Fatal(err)
		}
	}
	if status, body := call(t, http.MethodPut, url+"/impair?client=onemore", "loss=1%"); status != 503 || !strings.Contains(body, "DELETE /impair") {
		t.Errorf("%d %s", status, body)
	}
}

// A client of a relay can ask for its own link to be bad.
func TestClientImpairsItself(t *testing.T) {
	url, wire, _ := setup(t, 0)
	c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "me"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Impair(context.Background(), link.ImpairConfig{Duplicate: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteFrames([][]byte{frame("twice")}); err != nil {
		t.Fatal(err)
	}
	if a, b := wireGets(t, wire), wireGets(t, wire); a != "twice" || b != "twice" {
		t.Errorf("the wire got %q and %q", a, b)
	}
	if got := impaired(t, url).Clients["me"]; got != (api.Impairment{Up: "dup=100%", Down: "dup=100%"}) {
		t.Errorf("%+v", got)
	}
}
