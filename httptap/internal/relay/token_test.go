package relay

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"httptap/stack/link"
	"httptap/stack/link/linktest"
	"httptap/tapclient"
)

const secret = "a-token.of_26~characters+/"

// public serves r as if other machines reached it.
func public(t testing.TB, r *Relay, a Access) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.Token = secret
	behind(t, r, l, a)
	return "http://" + l.Addr().String()
}

// Whoever does not show the token gets nothing and sends nothing; whoever shows it may use any
// name for the server.
func TestToken(t *testing.T) {
	r, _, wire := start(t, 1500, 0)
	url := public(t, r, Access{Public: true, Names: []string{"lab.example"}})
	port := url[strings.LastIndexByte(url, ':'):]
	jar := "httptap-" + port[1:]
	for _, c := range []struct {
		name   string
		header []string
		status int
		says   string // in WWW-Authenticate, or in the body
	}{
		{"nothing", nil, 401, `Bearer realm="httptap"`},
		{"another token", []string{"Authorization", "Bearer " + secret + "x"}, 401, `error="invalid_token"`},
		{"a part of it", []string{"Authorization", "Bearer " + secret[:25]}, 401, `error="invalid_token"`},
		{"an empty one", []string{"Authorization", "Bearer "}, 401, `Bearer realm="httptap"`},
		{"another scheme", []string{"Authorization", "Basic " + secret}, 401, `Bearer realm="httptap"`},
		{"the scheme alone", []string{"Authorization", secret}, 401, `Bearer realm="httptap"`},
		{"a cookie of another port", []string{"Cookie", "httptap-1=" + secret}, 401, `Bearer realm="httptap"`},
		{"a wrong cookie", []string{"Cookie", jar + "=x"}, 401, `error="invalid_token"`},
		{"the token", []string{"Authorization", "Bearer " + secret}, 200, ""},
		{"the token, in other letters", []string{"Authorization", "bEARER   " + secret}, 200, ""},
		{"the cookie", []string{"Cookie", "a=b; " + jar + "=" + secret}, 200, ""},
		{"the right one of two cookies", []string{"Cookie", jar + "=x; " + jar + "=" + secret}, 200, ""},
		{"the token by a name that we do not know", []string{"Authorization", "Bearer " + secret, "Host", "gateway.example"}, 200, ""},
		{"the cookie by an address", []string{"Cookie", jar + "=" + secret, "Host", "192.0.2.1" + port}, 200, ""},
		{"the cookie by our name", []string{"Cookie", jar + "=" + secret, "Host", "lab.example" + port}, 200, ""},
		{"the cookie by a rebound name", []string{"Cookie", jar + "=" + secret, "Host", "evil.example" + port}, 403, "Host"},
		{"the cookie and another origin", []string{"Cookie", jar + "=" + secret, "Origin", "http://evil.example"}, 403, "origin"},
		{"the cookie and a sibling port", []string{"Cookie", jar + "=" + secret, "Sec-Fetch-Site", "same-site"}, 403, "origin"},
		{"the token and another origin", []string{"Authorization", "Bearer " + secret, "Origin", "http://evil.example"}, 403, "origin"},
		{"a rebound name without a token", []string{"Host", "evil.example"}, 403, "Host"},
	} {
		for _, path := range []string{"/send", "/recv", "/info", "/stats", "/", "/nothing", "/stream", "/?token=" + secret[:25]} {
			method, body := "GET", ""
			if path == "/send" {
				method, body = "POST", quoted(frame(c.name))
			}
			q, err := http.NewRequest(method, url+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(c.header); i += 2 {
				if c.header[i] == "Host" {
					q.Host = c.header[i+1]
				}
				q.Header.Set(c.header[i], c.header[i+1])
			}
			resp, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 500)
			n, _ := resp.Body.Read(b)
			resp.Body.Close()
			want := c.status
			if want == 200 {
				want = map[string]int{"/nothing": 404, "/stream": 426}[path]
				if want == 0 {
					want = 200
				}
			}
			says := string(b[:n]) + resp.Header.Get("WWW-Authenticate")
			if resp.StatusCode != want || !strings.Contains(says, c.says) || want == 401 && resp.Header.Get("WWW-Authenticate") == "" || strings.Contains(says, secret) {
				t.Errorf("%s: %s: %d %q, want %d %q", c.name, path, resp.StatusCode, says, want, c.says)
			}
		}
		if c.status == 200 {
			if got := wireGets(t, wire); got != c.name {
				t.Errorf("%s: the wire got %q", c.name, got)
			}
		}
	}
	if p := ports(r.cfg.Hub, "wire"); p.Queued != 0 {
		t.Errorf("%d frames of those who were refused", p.Queued)
	}
}

// A token may be demanded on loopback, too: the Host is as strict there as without one, but for
// those who show it.
func TestTokenOnLoopback(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	url := public(t, r, Access{})
	jar := "httptap-" + url[strings.LastIndexByte(url, ':')+1:]
	for _, c := range []struct {
		host, cookie string
		status       int
	}{{"127.0.0.1", "", 401}, {"127.0.0.1", secret, 401}, {"192.0.2.1", secret, 403}} {
		if status, body := call(t, "GET", url+"/info", "", "Host", c.host, "Cookie", jar+"="+c.cookie); status != c.status {
			t.Errorf("%+v: %d %s", c, status, body)
		}
	}
	if status, body := call(t, "GET", url+"/info", "", "Authorization", "Bearer "+secret); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}

// A browser that opens /?token= once has the cookie, no token in its address bar, and can go on.
func TestTokenOfABrowser(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	url := public(t, r, Access{Public: true})
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, q := range []struct {
		method, path string
		status       int
	}{{"GET", "/?token=" + strings.ReplaceAll(secret, "+", "%2B"), 303}, {"POST", "/?token=" + secret, 401}, {"GET", "/info?token=" + secret, 401}, {"GET", "/?token=", 401}} {
		req, err := http.NewRequest(q.method, url+q.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != q.status {
			t.Errorf("%+v: %d", q, resp.StatusCode)
		}
		all := resp.Cookies()
		if q.status != 303 {
			if len(all) != 0 {
				t.Errorf("%+v: cookies %v", q, all)
			}
			continue
		}
		if resp.Header.Get("Location") != "/" || len(all) != 1 || !all[0].HttpOnly || all[0].SameSite != http.SameSiteStrictMode || all[0].Path != "/" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("%v", resp.Header)
		}
		if status, body := call(t, "GET", url+"/info", "", "Cookie", all[0].Name+"="+all[0].Value); status != 200 {
			t.Errorf("with the cookie: %d %s", status, body)
		}
	}
}

// A public listener without a token is a mistake of ours, which must not go unseen.
func TestPublicWithoutToken(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	defer func() {
		if recover() == nil {
			t.Error("it was served")
		}
	}()
	r.Behind(Access{Public: true})
}

// The client of this project shows its token with every call and stream, and never tells it.
func TestClientWithToken(t *testing.T) {
	for _, transport := range transports {
		t.Run(string(transport), func(t *testing.T) {
			linktest.Run(t, func(t *testing.T) (a, b link.Device) {
				r, _, wire := start(t, 1500, 0)
				url := public(t, r, Access{Public: true})
				c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "me", Transport: transport, Token: secret})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				return c, wire.Device(link.LocalAddr("wire"))
			})
		})
	}
	r, _, _ := start(t, 1500, 0)
	host := strings.TrimPrefix(public(t, r, Access{Public: true}), "http://")
	inURL := strings.ReplaceAll(secret, "/", "%2F")
	for _, url := range []string{"http://" + inURL + "@" + host, "http://me:" + inURL + "@" + host} {
		c, err := tapclient.Dial(t.Context(), url, tapclient.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if name := c.Info().Name; strings.Contains(name, secret[:7]) {
			t.Errorf("it tells the token: %s", name)
		}
		c.Close()
	}
	for _, url := range []string{"http://" + host, "http://wrong-token-wrong@" + host, "http://wrong-token-wrong@" + host + "?x", "http://" + inURL + "@127.0.0.1:1"} {
		_, err := tapclient.Dial(t.Context(), url, tapclient.Options{})
		if err == nil || strings.Contains(err.Error(), "wrong-token") || strings.Contains(err.Error(), secret[:7]) {
			t.Errorf("%s: %v", url, err)
		}
		if strings.HasSuffix(url, host) && !errors.Is(err, tapclient.ErrRefused) {
			t.Errorf("%s: %v", url, err)
		}
	}
}
