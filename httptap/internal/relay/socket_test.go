package relay

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"httptap/stack/link"
	"httptap/stack/link/linktest"
	"httptap/tapclient"
)

// behind serves a relay on l, for those whom a lets in.
func behind(t testing.TB, r *Relay, l net.Listener, a Access) {
	t.Helper()
	s := r.Server(a)
	done := make(chan error)
	go func() { done <- s.Serve(r.Limit(l, a)) }()
	t.Cleanup(func() {
		r.Close()
		s.Close()
		<-done
	})
}

// socket serves r on a Unix socket and returns its name for tapclient.
func socket(t testing.TB, r *Relay) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	behind(t, r, l, Access{Socket: true})
	return "unix:" + path
}

// Over a Unix socket the client is the same device as over TCP.
func TestClientOnASocketIsADevice(t *testing.T) {
	for _, transport := range transports {
		t.Run(string(transport), func(t *testing.T) {
			linktest.Run(t, func(t *testing.T) (a, b link.Device) {
				r, _, wire := start(t, 1500, 0)
				return dial(t, socket(t, r), transport), wire.Device(link.LocalAddr("wire"))
			})
		})
	}
}

// No page reaches a Unix socket, whatever Host says; but a proxy before it may bring one.
func TestSocketTakesAnyHostAndNoOrigin(t *testing.T) {
	r, _, wire := start(t, 1500, 0)
	name := socket(t, r)
	c := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", name[len("unix:"):])
		},
	}}
	for _, host := range []string{"localhost", "vm.example", "192.0.2.1:80"} {
		for _, page := range []struct{ origin, site string }{{"", ""}, {"http://" + host, "same-origin"}, {"http://evil.example", ""}, {"null", ""}, {"", "cross-site"}} {
			q, err := http.NewRequest("GET", "http://"+host+"/info", nil)
			if err != nil {
				t.Fatal(err)
			}
			if page.origin != "" {
				q.Header.Set("Origin", page.origin)
			}
			if page.site != "" {
				q.Header.Set("Sec-Fetch-Site", page.site)
			}
			want := http.StatusForbidden
			if page.site != "cross-site" && (page.origin == "" || page.origin == "http://"+host) {
				want = http.StatusOK
			}
			resp, err := c.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("Host %s, Origin %q, %s: %d, want %d", host, page.origin, page.site, resp.StatusCode, want)
			}
		}
	}
	conn, err := tapclient.Dial(t.Context(), name, tapclient.Options{Name: "me"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.WriteFrames([][]byte{frame("x")}); err != nil {
		t.Fatal(err)
	}
	if got := wireGets(t, wire); got != "x" {
		t.Errorf("the wire got %q", got)
	}
}
