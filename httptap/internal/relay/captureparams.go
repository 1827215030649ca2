package relay

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/capture"
)

// Errors of a /capture query.
var (
	errNoFilter = errors.New("this httptap has no filters: leave filter out, and filter what you read")
	errSince    = errors.New("since is how long back, such as 10s, or a time that has been, such as 2026-01-02T15:04:05Z, or all")
	errSnapLen  = fmt.Errorf("snaplen is a number of bytes up to %d; 0 is all", maxSnapLen)
	errCount    = errors.New("count is a number of frames, 1 or more")
	errDuration = errors.New("duration is how long to capture, such as 10s")
	errPorts    = errors.New("port and client both name a port: give one of them")
)

const (
	maxSnapLen = 262144 // as Wireshark's
	maxFilter  = 4096   // bytes
	maxPort    = 128
)

// captureParams are what a query of /capture asks for.
type captureOptions struct {
	reader   capture.Options
	snaplen  int
	filter   capture.Matcher
	count    uint64
	duration time.Duration
	comment  string
}

var captureNames = []string{api.SinceParam, api.SnapLenParam, api.FilterParam, api.ClientParam, api.PortParam, api.CountParam, api.DurationParam}

func captureParams(v url.Values, now time.Time, compile func(string) (capture.Matcher, error)) (o captureOptions, err error) {
	for name, values := range v {
		switch {
		case !slices.Contains(captureNames, name):
			return o, fmt.Errorf("what is %.40q? %s takes %s", name, api.PathCapture, strings.Join(captureNames, ", "))
		case len(values) > 1:
			return o, fmt.Errorf("%s is given %d times", name, len(values))
		}
	}
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if s := v.Get(api.SinceParam); s != "" {
		o.reader.Past = true
		if s != "all" {
			if o.reader.Since, err = sinceTime(s, now); err != nil {
				return o, err
			}
		}
		say("since %s", s)
	}
	if s := v.Get(api.SnapLenParam); s != "" {
		if o.snaplen, err = strconv.Atoi(s); err != nil || o.snaplen < 0 || o.snaplen > maxSnapLen {
			return o, errSnapLen
		}
	}
	port, client := v.Get(api.PortParam), v.Get(api.ClientParam)
	switch {
	case port != "" && client != "":
		return o, errPorts
	case client != "" && !isName(client):
		return o, errName
	case client != "":
		port = portName(client)
	case len(port) > maxPort:
		return o, fmt.Errorf("port is a name of at most %d bytes, one of those that /stats lists", maxPort)
	}
	if o.reader.Port = port; port != "" {
		say("only what %s sends and what is for it", port)
	}
	if s := v.Get(api.CountParam); s != "" {
		if o.count, err = strconv.ParseUint(s, 10, 63); err != nil || o.count == 0 {
			return o, errCount
		}
	}
	if s := v.Get(api.DurationParam); s != "" {
		if o.duration, err = time.ParseDuration(s); err != nil || o.duration <= 0 {
			return o, errDuration
		}
	}
	if s := v.Get(api.FilterParam); s != "" {
		switch {
		case compile == nil:
			return o, errNoFilter
		case len(s) > maxFilter:
			return o, fmt.Errorf("filter is over %d bytes", maxFilter)
		}
		if o.filter, err = compile(s); err != nil {
			return o, err // which begins with "filter:"
		}
		say("filter %s", s)
	}
	o.comment = strings.Join(said, "; ")
	return o, nil
}

// sinceTime reads how long back or when a capture starts.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if back, err := time.ParseDuration(s); err == nil && back >= 0 {
		return now.Add(-back), nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.After(now) {
		return time.Time{}, errSince
	}
	return at, nil
}
