package tapclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"httptap/httptap/api"
)

func TestCapture(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		media  string
		body   string
		want   error
	}{
		{"a capture", 200, api.CaptureType, "frames", nil},
		{"a page", 200, "text/html", "<html>", ErrServer},
		{"too many", 503, "application/json", `{"error":"too many captures"}`, ErrRefused},
		{"an old one", 404, "text/plain", "404 page not found", ErrRefused},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != api.PathCapture || r.URL.Query().Get(api.SinceParam) != "10s" {
				t.Errorf("%s: asked for %s", c.name, r.URL)
			}
			if got := r.Header.Get("Authorization"); got != "Bearer the token" {
				t.Errorf("%s: the token is %q", c.name, got)
			}
			w.Header().Set("Content-Type", c.media)
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		r, err := Capture(t.Context(), s.URL, "the token", url.Values{api.SinceParam: {"10s"}})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			if b, err := io.ReadAll(r); string(b) != c.body || err != nil {
				t.Errorf("%s: %q %v", c.name, b, err)
			}
			r.Close()
		}
		s.Close()
	}
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	if _, err := Capture(t.Context(), s.URL, "", nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := Capture(context.Background(), "127.0.0.1", "", nil); err == nil {
		t.Error("no URL is accepted")
	}
}
