package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"
)

// parsed reads what was logged as JSON.
func parsed(t testing.TB, b []byte) (all []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(b) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, m)
	}
	return all
}

// It is a slog.Handler as the others are.
func TestHandler(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		b.Reset()
		l, _ := New(&b, Config{Level: slog.LevelDebug, Format: JSON})
		return l.Handler()
	}, func(t *testing.T) map[string]any { return parsed(t, b.Bytes())[0] })
}

func TestParse(t *testing.T) {
	for s, want := range map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "ERROR": slog.LevelError} {
		if l, err := ParseLevel(s); l != want || err != nil {
			t.Errorf("%s: %v, %v", s, l, err)
		}
	}
	for _, s := range []string{"", "warning", "info+1"} {
		if _, err := ParseLevel(s); err == nil || !strings.Contains(err.Error(), "one of debug, info, warn, error") {
			t.Errorf("%q: %v", s, err)
		}
	}
	if f, err := ParseFormat("json"); f != JSON || err != nil {
		t.Error(f, err)
	}
	if _, err := ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "text or json") {
		t.Error(err)
	}
}

func TestLevels(t *testing.T) {
	var b bytes.Buffer
	l, end := New(&b, Config{Level: slog.LevelWarn, Format: Text})
	l.Debug("no")
	l.Info("no")
	l.With("part", "lab").Warn("yes", "err", errors.New("a\nb"))
	l.Error("yes, too")
	end()
	if got := b.String(); strings.Contains(got, "msg=no") || strings.Count(got, "\n") != 2 || !strings.Contains(got, `level=WARN msg=yes part=lab err="a\nb"`) {
		t.Error(got)
	}
}

// What strangers send is cut.
func TestLongValues(t *testing.T) {
	for _, format := range []string{Text, JSON} {
		var b bytes.Buffer
		l, _ := New(&b, Config{Format: format})
		long := strings.Repeat("é\n", 5000)
		l.Info("m", "string", long, "err", errors.New(long), "stringer", stringer(long), "short", "whole", "n", 7)
		if got := b.String(); len(got) > 2000 || strings.Count(got, "(15000 bytes)") != 3 || strings.Count(got, "\n") != 1 || !strings.Contains(got, "whole") {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	}
}

type stringer string

func (s stringer) String() string { return string(s) }

// A shared buffer is written by a timer, too.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *shared) Bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

func (s *shared) String() string { return string(s.Bytes()) }

// A flood makes a few lines, and none of it goes unsaid.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hours, each = 1, 80 // a second
		var b shared
		l, end := New(&b, Config{Level: slog.LevelInfo, Format: JSON})
		var all sync.WaitGroup
		for i := range 4 {
			l := l.With("part", i)
			all.Go(func() {
				for range hours * 3600 {
					for range each / 4 {
						l.Warn("request refused", "from", "127.0.0.1:1")
					}
					time.Sleep(time.Second)
				}
			})
		}
		all.Wait()
		end()
		said, suppressed, lines := 0, 0, 0
		for _, m := range parsed(t, b.Bytes()) {
			lines++
			if m["msg"] != "request refused" || m["level"] != "WARN" {
				t.Fatal(m)
			}
			if n, ok := m["suppressed"].(float64); ok {
				suppressed += int(n)
			} else {
				said++
			}
		}
		if total := said + suppressed; total != hours*3600*each {
			t.Errorf("%d of %d are accounted for", total, hours*3600*each)
		}
		if most := (hours*60 + 1) * (burst + 1); lines > most || said < burst {
			t.Errorf("%d lines, %d at most", lines, most)
		}
	})
}

// When a flood ends, what was left out is said though nothing more comes; and a message that is rare is not held back.
func TestFloodsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b shared
		l, end := New(&b, Config{Level: slog.LevelInfo, Format: JSON})
		for range burst + 7 {
			l.Info("client attached")
		}
		l.Error("another")
		if n := bytes.Count(b.Bytes(), []byte("\n")); n != burst+1 {
			t.Errorf("%d lines", n)
		}
		time.Sleep(period)
		synctest.Wait()
		all := parsed(t, b.Bytes())
		if last := all[len(all)-1]; len(all) != burst+2 || last["suppressed"] != 7.0 || last["level"] != "INFO" || last["why"] != "over 10 in 1m0s" {
			t.Errorf("%d lines, the last is %v", len(all), last)
		}
		for range 100 {
			time.Sleep(period / burst)
			l.Warn("now and then")
		}
		end()
		end()
		if n := bytes.Count(b.Bytes(), []byte("now and then")); n != 100 {
			t.Errorf("%d of 100", n)
		}
	})
}

// Messages without end are limited, too, and their memory.
func TestManyMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b shared
		l, end := New(&b, Config{Level: slog.LevelInfo, Format: JSON})
		for i := range 10000 {
			l.Info(fmt.Sprint("message ", i))
		}
		end()
		all := parsed(t, b.Bytes())
		last := all[len(all)-1]
		if len(all) != maxKeys+burst+1 || last["msg"] != others || last["suppressed"] != float64(10000-(len(all)-1)) {
			t.Errorf("%d lines, the last is %v", len(all), last)
		}
		time.Sleep(2 * period)
		for i := range 10 {
			l.Info(fmt.Sprint("a new one ", i))
		}
		if n := bytes.Count(b.Bytes(), []byte("a new one")); n != 10 {
			t.Errorf("%d of 10 new ones", n)
		}
	})
}

// Debug is not limited: it is asked for.
func TestDebugIsWhole(t *testing.T) {
	var b shared
	l, _ := New(&b, Config{Level: slog.LevelDebug, Format: Text})
	for range 1000 {
		l.Debug("DNS")
	}
	if n := strings.Count(b.String(), "\n"); n != 1000 {
		t.Errorf("%d lines", n)
	}
}

func TestStd(t *testing.T) {
	var b shared
	l, end := New(&b, Config{Level: slog.LevelInfo, Format: JSON})
	std := Std(l, slog.LevelWarn, "HTTP server")
	for i := range 100 {
		std.Printf("panic serving %d\n", i)
	}
	end()
	all := parsed(t, b.Bytes())
	if len(all) != burst+1 || all[0]["text"] != "panic serving 0" || all[burst]["suppressed"] != 90.0 {
		t.Error(b.String())
	}
}
