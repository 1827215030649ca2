package doctor

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// askFor is how long another httptap may take to answer, and maxAnswer how much of its answer is read.
const (
	askFor    = 2 * time.Second
	maxAnswer = 1 << 20
)

// Local returns the machine which we run on.
func Local() *System {
	s := &System{OS: runtime.GOOS, Root: os.DirFS("/"), Env: make(map[string]string), TryListen: tryListen, Connect: connect, Ask: ask}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		s.Env[name] = value
	}
	s.Program, _ = os.Executable()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, b := range info.Settings {
			s.CGO = s.CGO || b.Key == "CGO_ENABLED" && b.Value == "1"
		}
	}
	local(s)
	return s
}

func tryListen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

func connect(path string) error {
	c, err := net.DialTimeout("unix", path, askFor)
	if err != nil {
		return err
	}
	return c.Close()
}

func ask(ctx context.Context, listen, call string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	path, isUnix := strings.CutPrefix(listen, "unix:")
	transport := &http.Transport{DisableKeepAlives: true} // no proxy: the address is this machine's
	url := "http://" + listen + call
	if isUnix || strings.HasPrefix(path, "/") {
		url = "http://localhost" + call
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := transport.RoundTrip(q)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, body, err
}
