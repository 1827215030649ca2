package tapclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"httptap/httptap/api"
)

// Capture asks the httptap at base, such as "http://127.0.0.1:7070", for what crosses its switch: pcapng
// without an end, until ctx ends or the answer is closed. The query is that of api.PathCapture. Token is one
// that the server demands, or "". The error wraps ErrUnreachable, ErrServer or ErrRefused, and says the way out.
func Capture(ctx context.Context, base, token string, query url.Values) (io.ReadCloser, error) {
	c, err := locate(base, Options{Token: token})
	if err != nil {
		return nil, err
	}
	call := api.PathCapture
	if len(query) > 0 {
		call += "?" + query.Encode()
	}
	target := c.at(call)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.root+call, nil)
	if err != nil {
		return nil, err
	}
	c.sign(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), api.CaptureType) {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil, fmt.Errorf("%w: %s answers with %.60q, not with a capture", ErrServer, target, resp.Header.Get("Content-Type"))
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, c.unreachable(err)
	}
	return nil, statusError(target, resp.StatusCode, answer)
}
