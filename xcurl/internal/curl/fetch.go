package curl

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"httptap/stack"
	"httptap/stack/http1"
)

// fetchAll makes the exchange, and those that redirects lead to.
func fetchAll(ctx context.Context, host *stack.Host, s *show, cfg Config, t target, out io.Writer) error {
	method := cfg.Method
	if method == "" {
		if method = "GET"; cfg.HasData {
			method = "POST"
		}
	}
	for redirects := 0; ; redirects++ {
		e := exchange{ctx: ctx, host: host, show: s, cfg: cfg, t: t, method: method, out: out}
		location, err := e.run()
		if err != nil || location == "" {
			return err
		}
		if redirects == cfg.MaxRedirects {
			return failf(ExitRedirects, "more than %d redirects", cfg.MaxRedirects)
		}
		if t, err = t.redirect(location); err != nil {
			return err
		}
		// RFC 9110, 15.4.3, 15.4.4: after 301, 302 and 303 a POST becomes a GET.
		if e.status != 307 && e.status != 308 && method == "POST" {
			method, cfg.HasData, cfg.Data = "GET", false, nil
		}
	}
}

// exchange is one request and its response.
type exchange struct {
	ctx    context.Context
	host   *stack.Host
	show   *show
	cfg    Config
	t      target
	method string
	out    io.Writer

	conn   net.Conn
	buf    []byte // what was read; [start, end) is not used up
	start  int
	end    int
	status int
}

func (e *exchange) run() (location string, err error) {
	addr, err := e.lookup()
	if err != nil {
		return "", err
	}
	if err := e.connect(addr); err != nil {
		return "", err
	}
	defer e.conn.Close()
	stop := context.AfterFunc(e.ctx, func() { e.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := e.request(); err != nil {
		return "", err
	}
	head, err := e.head()
	if err != nil {
		return "", err
	}
	e.status = head.Status
	if e.cfg.FailStatus && head.Status >= 400 {
		return "", failf(ExitHTTP, "the server answered %d %s", head.Status, head.Reason)
	}
	follow := ""
	if v, ok := head.Field("Location"); ok && e.cfg.Follow && head.Status/100 == 3 {
		follow = string(v)
	}
	// The head is a view into a buffer that the body overwrites.
	status, reason := head.Status, string(head.Reason)
	body, err := http1.ResponseBody(&head, e.method)
	if err != nil {
		return "", fail(e.ctx, ExitReceive, err)
	}
	e.start += head.Len()
	n, err := e.body(&body, follow != "")
	if err != nil {
		return "", err
	}
	e.show.done("HTTP %d %s, %d bytes", status, reason, n)
	return follow, nil
}

func (e *exchange) lookup() (netip.Addr, error) {
	if a, err := netip.ParseAddr(e.t.host); err == nil {
		return a, nil
	}
	addrs, err := e.host.LookupHost(e.ctx, e.t.host)
	if err != nil {
		return netip.Addr{}, fail(e.ctx, ExitResolve, err)
	}
	names := make([]string, len(addrs))
	for i, a := range addrs {
		names[i] = a.String()
	}
	e.show.done("%s is %s", e.t.host, strings.Join(names, ", "))
	return addrs[0], nil
}

func (e *exchange) connect(addr netip.Addr) error {
	port, err := strconv.ParseUint(e.t.port, 10, 16)
	if err != nil {
		return failf(ExitURL, "%q is not a port", e.t.port)
	}
	remote := netip.AddrPortFrom(addr, uint16(port))
	conn, err := e.host.DialTCP(e.ctx, netip.AddrPortFrom(netip.Addr{}, e.cfg.LocalPort), remote)
	if err != nil {
		return fail(e.ctx, ExitConnect, err)
	}
	e.conn = conn
	e.show.done("TCP connected to %s from port %d", remote, conn.LocalAddr().(*net.TCPAddr).Port)
	if e.t.url.Scheme != "https" {
		return nil
	}
	secure := tls.Client(conn, &tls.Config{ServerName: e.t.host, InsecureSkipVerify: e.cfg.Insecure, NextProtos: []string{"http/1.1"}})
	if err := secure.HandshakeContext(e.ctx); err != nil {
		conn.Close()
		var bad *tls.CertificateVerificationError
		if errors.As(err, &bad) {
			return fail(e.ctx, ExitCertificate, err)
		}
		return fail(e.ctx, ExitTLS, err)
	}
	e.conn = secure
	e.show.done("%s with %s", tls.VersionName(secure.ConnectionState().Version), e.t.host)
	return nil
}

// request builds and sends the request.
func (e *exchange) request() error {
	b, err := http1.AppendRequest(nil, e.method, e.t.requestTarget())
	if err != nil {
		return failf(ExitURL, "%q can't be asked for: %w", e.t.url, err)
	}
	agent := e.cfg.UserAgent
	if agent == "" {
		agent = "xcurl"
	}
	fields := [][2]string{{"Host", e.t.hostField()}, {"User-Agent", agent}, {"Accept", "*/*"}}
	if e.cfg.HasData {
		fields = append(fields, [2]string{"Content-Type", "application/x-www-form-urlencoded"},
			[2]string{"Content-Length", strconv.Itoa(len(e.cfg.Data))})
	}
	fields = append(fields, [2]string{"Connection", "close"})
	for _, h := range e.cfg.Headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return failf(ExitUsage, "-H %q: a header is 'Name: value'", h)
		}
		fields = setField(fields, name, strings.TrimSpace(value))
	}
	for _, f := range fields {
		if b, err = http1.AppendField(b, f[0], f[1]); err != nil {
			return failf(ExitUsage, "header %q: %w", f[0]+": "+f[1], err)
		}
	}
	b = http1.AppendEnd(b)
	if e.cfg.Verbose {
		e.show.lines(">", strings.Split(strings.TrimSuffix(string(b), "\r\n"), "\r\n")...)
	}
	if _, err := e.conn.Write(append(b, e.cfg.Data...)); err != nil {
		return fail(e.ctx, ExitSend, err)
	}
	return nil
}

// setField replaces a field, or adds it; an empty value removes it, as curl's -H does.
func setField(fields [][2]string, name, value string) [][2]string {
	for i, f := range fields {
		if strings.EqualFold(f[0], name) {
			if value == "" {
				return append(fields[:i:i], fields[i+1:]...)
			}
			fields[i][1] = value
			return fields
		}
	}
	if value == "" {
		return fields
	}
	return append(fields, [2]string{name, value})
}

// head reads until the response's head is complete, past interim responses.
func (e *exchange) head() (http1.Head, error) {
	e.buf = make([]byte, 64<<10)
	for {
		h, err := http1.ParseResponse(e.buf[e.start:e.end], http1.Limits{Bytes: len(e.buf)})
		if err == nil {
			e.showHead(&h)
			if h.Status >= 200 || h.Status == 101 {
				return h, e.include(&h)
			}
			e.start += h.Len() // RFC 9110, 15.2: 1xx are interim
			continue
		}
		if !errors.Is(err, http1.ErrIncomplete) || e.end == len(e.buf) {
			return h, failf(ExitReceive, "the response is not HTTP/1.1: %w", err)
		}
		n, err := e.conn.Read(e.buf[e.end:])
		e.end += n
		if n > 0 {
			continue
		}
		if err == io.EOF {
			if e.end == 0 {
				return h, failf(ExitEmpty, "the server closed the connection without an answer")
			}
			return h, failf(ExitReceive, "the connection closed inside the response's head")
		}
		return h, fail(e.ctx, ExitReceive, err)
	}
}

func (e *exchange) showHead(h *http1.Head) {
	if !e.cfg.Verbose {
		return
	}
	lines := []string{string(h.StartLine())}
	for name, value := range h.Fields() {
		lines = append(lines, string(name)+": "+string(value))
	}
	e.show.lines("<", append(lines, "")...)
}

// include writes the head to the output when that was asked for.
func (e *exchange) include(h *http1.Head) error {
	if !e.cfg.Include {
		return nil
	}
	return e.write(e.buf[e.start : e.start+h.Len()])
}

func (e *exchange) write(b []byte) error {
	if _, err := e.out.Write(b); err != nil {
		return failf(ExitWrite, "%w", err)
	}
	return nil
}

// body copies the body to the output; one that leads elsewhere is only counted.
func (e *exchange) body(b *http1.Body, skip bool) (total int64, err error) {
	for {
		for {
			data, used, err := b.Next(e.buf[e.start:e.end])
			if err != nil {
				return total, fail(e.ctx, ExitReceive, err)
			}
			e.start += used
			total += int64(len(data))
			if len(data) > 0 && !skip {
				if err := e.write(data); err != nil {
					return total, err
				}
			}
			if used == 0 {
				break
			}
		}
		if b.Done() {
			return total, nil
		}
		e.start, e.end = 0, 0 // all of it was used
		n, err := e.conn.Read(e.buf)
		e.end = n
		if n > 0 {
			continue
		}
		if err == io.EOF {
			if err := b.Closed(); err != nil {
				return total, failf(ExitPartial, "%w, %d bytes had come", err, total)
			}
			return total, nil
		}
		return total, fail(e.ctx, ExitReceive, err)
	}
}
