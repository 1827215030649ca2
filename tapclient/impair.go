package tapclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"httptap/httptap/api"
	"httptap/stack/link"
)

// Impair has the server make this client's link bad, both ways, as long as it knows the client; the
// zero ImpairConfig makes it good again. The error wraps ErrServer when the server can't.
func (c *Client) Impair(ctx context.Context, cfg link.ImpairConfig) error {
	if !slices.Contains(c.info.Features, api.FeatureImpair) {
		return fmt.Errorf("%w that impairs links: %s has %q", ErrServer, c.base, c.info.Features)
	}
	name := c.name
	if name == "" {
		name = api.DefaultClient
	}
	path := api.PathImpair + "?" + url.Values{api.ClientParam: {name}}.Encode()
	_, err := c.call(ctx, http.MethodPut, path, []byte(cfg.String()), nil)
	return err
}
