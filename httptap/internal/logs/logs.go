// Package logs makes httptap's logger: log/slog as text or JSON, which whoever calls httptap can't make
// fill a disk.
//
// Read logs.go (levels and formats), limit.go (what is said when the same is said too often).
package logs

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
)

// Config says what is logged, and how.
type Config struct {
	Level  slog.Level // and what is worse
	Format string     // Text or JSON
}

// The formats.
const (
	Text = "text"
	JSON = "json"
)

// ParseLevel reads a level: debug, info, warn or error.
func ParseLevel(s string) (slog.Level, error) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(s, l.String()) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%q is no level: one of debug, info, warn, error", s)
}

// ParseFormat reads a format.
func ParseFormat(s string) (string, error) {
	if s != Text && s != JSON {
		return "", fmt.Errorf("%q is no format: %s or %s", s, Text, JSON)
	}
	return s, nil
}

// longest is how many bytes of a value are logged: much of what is logged is what strangers sent.
const longest = 256

// New returns a logger that writes to w, and a function that says what is left to say at the end. From
// level info up no message is repeated without end, see limiter.
func New(w io.Writer, cfg Config) (l *slog.Logger, end func()) {
	options := &slog.HandlerOptions{Level: cfg.Level, ReplaceAttr: shorten}
	var h slog.Handler = slog.NewTextHandler(w, options)
	if cfg.Format == JSON {
		h = slog.NewJSONHandler(w, options)
	}
	limit := newLimiter(h)
	return slog.New(&handler{h, limit}), limit.end
}

// shorten cuts values that are too long.
func shorten(_ []string, a slog.Attr) slog.Attr {
	text := ""
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		text = v.String()
	case slog.KindAny:
		switch v := v.Any().(type) {
		case error:
			text = v.Error()
		case fmt.Stringer:
			text = v.String()
		}
	}
	if len(text) > longest {
		a.Value = slog.StringValue(fmt.Sprintf("%s... (%d bytes)", strings.ToValidUTF8(text[:longest], ""), len(text)))
	}
	return a
}

// Std returns a log.Logger for packages that want one. Each of its lines becomes the value of a message
// that is always the same: what a stranger can change of it does not get it around the limit.
func Std(l *slog.Logger, level slog.Level, message string) *log.Logger {
	return log.New(lines{l, level, message}, "", 0)
}

type lines struct {
	log     *slog.Logger
	level   slog.Level
	message string
}

func (l lines) Write(b []byte) (int, error) {
	l.log.Log(context.Background(), l.level, l.message, "text", strings.TrimSpace(string(b)))
	return len(b), nil
}
