package relay

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"

	"httptap/httptap/api"
)

// A gate is an Access and what it takes to check it.
type gate struct {
	Access
	sum  [sha256.Size]byte // of the token
	rate *limiter
}

func newGate(a Access) *gate {
	g := &gate{a, sha256.Sum256([]byte(a.Token)), newLimiter(MaxRate)}
	if a.Public {
		g.rate = newLimiter(MaxPublicRate)
	}
	return g
}

// is compares in a time that depends on neither token: sums have one length.
func (g *gate) is(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], g.sum[:]) == 1
}

// shown says what a request shows of a token.
type shown int

const (
	none  shown = iota
	wrong       // another token than ours
	kept        // ours, which the browser has kept
	good        // ours, from somebody who knows it
)

var (
	errNoToken    = errors.New("a token is needed: httptap has printed it at its start, or was given it; send 'Authorization: Bearer TOKEN', or set HTTPTAP_TOKEN for xcurl; in a browser open /?token=TOKEN")
	errWrongToken = errors.New("this is not the token: httptap has printed it at its start, or was given it in a file or by HTTPTAP_TOKEN")
)

func (s shown) err() error {
	if s == wrong {
		return errWrongToken
	}
	return errNoToken
}

// challenge is the header WWW-Authenticate. RFC 6750, 3: "If the request lacks any authentication
// information ..., the resource server SHOULD NOT include an error code".
func (s shown) challenge() string {
	if s == wrong {
		return `Bearer realm="httptap", error="invalid_token"`
	}
	return `Bearer realm="httptap"`
}

// shows looks for the token in a request. RFC 6750, 2.1
func (g *gate) shows(q *http.Request) shown {
	if g.Token == "" {
		return none
	}
	s := none
	if scheme, token, ok := strings.Cut(q.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		if g.is(strings.TrimLeft(token, " ")) {
			return good
		}
		s = wrong
	}
	for _, c := range q.CookiesNamed(cookieName(q)) {
		if g.is(c.Value) {
			return kept
		}
		s = wrong
	}
	return s
}

// cookieName is another one on each port: a browser keeps one jar for all ports of a host.
func cookieName(q *http.Request) string {
	if _, port, err := net.SplitHostPort(q.Host); err == nil {
		return api.TokenCookie + "-" + port
	}
	return api.TokenCookie
}

// admits answers the first request of a browser, /?token=TOKEN: neither an address bar nor a
// WebSocket of a page can send a header. The cookie goes to no page of another site, and no script
// reads it; the redirect takes the token out of the address bar and the history.
func (g *gate) admits(w http.ResponseWriter, q *http.Request) bool {
	token := q.URL.Query().Get(api.TokenParam)
	if q.Method != http.MethodGet || q.URL.Path != "/" || token == "" || !g.is(token) {
		return false
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(q), Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", "/")
	w.WriteHeader(http.StatusSeeOther)
	return true
}
