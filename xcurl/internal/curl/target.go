package curl

import (
	"net/url"
	"strings"
)

// A target is what a URL names.
type target struct {
	url  *url.URL
	host string // without port
	port string
}

// parseTarget reads a URL as curl does: without a scheme it is http.
func parseTarget(s string) (target, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return target{}, failf(ExitURL, "malformed URL %q: %w", s, err)
	}
	t := target{url: u, host: u.Hostname(), port: u.Port()}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return t, failf(ExitProtocol, "protocol %q is not supported: xcurl speaks http and https", u.Scheme)
	case t.host == "":
		return t, failf(ExitURL, "malformed URL %q: it names no host", s)
	case t.port == "" && u.Scheme == "https":
		t.port = "443"
	case t.port == "":
		t.port = "80"
	}
	return t, nil
}

// hostField is the value of the Host field: the port only when it is not the scheme's own.
func (t target) hostField() string { return t.url.Host }

// requestTarget is what stands in the request line. RFC 9112, 3.2.1
func (t target) requestTarget() string { return t.url.RequestURI() }

// redirect returns where location leads from t.
func (t target) redirect(location string) (target, error) {
	u, err := t.url.Parse(location)
	if err != nil {
		return target{}, failf(ExitURL, "redirected to a malformed URL %q: %w", location, err)
	}
	return parseTarget(u.String())
}
