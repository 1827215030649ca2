package dump

import (
	"context"
	"errors"
	"io"
	"net/url"

	"httptap/httptap/api"
	"httptap/pcap/file"
	"httptap/tapclient"
)

// An Input is where frames come from.
type Input struct {
	Name   string // a file, or "-" for standard input
	Follow bool   // wait for more at its end

	URL   string // of an httptap, instead of a file
	Token string // that it demands; "": none
	Since string // frames from then on, as api.PathCapture takes it: "10s", "all"; "": from now on
}

// live tells whether the input has no end of its own.
func (i *Input) live() bool { return i.URL != "" || i.Follow || i.Name == "-" }

// open opens the input.
func (i *Input) open(ctx context.Context, idle func()) (*file.Reader, error) {
	o := file.Options{Idle: idle}
	var r *file.Reader
	var err error
	switch {
	case i.URL != "":
		query := url.Values{}
		if i.Since != "" {
			query.Set(api.SinceParam, i.Since)
		}
		body, dialErr := tapclient.Capture(ctx, i.URL, i.Token, query)
		if dialErr != nil {
			return nil, &Error{ExitNoCapture, dialErr}
		}
		o.Name = i.URL
		r, err = file.NewReader(&ending{ctx, body}, o)
	case i.Follow:
		r, err = file.Follow(ctx, i.Name, o)
	default:
		r, err = file.Open(i.Name, o)
	}
	if err == nil {
		return r, nil
	}
	if file.Unread(err) {
		return nil, &Error{ExitNoCapture, err}
	}
	return nil, readError(err)
}

// An ending source ends when its context does.
type ending struct {
	ctx context.Context
	src io.Reader
}

// Read implements io.Reader.
func (e *ending) Read(p []byte) (int, error) {
	n, err := e.src.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && e.ctx.Err() != nil {
		err = io.EOF
	}
	return n, err
}
