package relay

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/httptap/internal/logs"
)

// What an operator is told: clients that come and go, what is refused and why, and none of it more often
// than he can read.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log, end := logs.New(&b, logs.Config{Level: slog.LevelInfo, Format: logs.JSON})
		r := New(Config{Hub: hub.New(hub.Config{MTU: 1500}), Info: api.Info{MTU: 1500, HardwareAddr: deviceHW.String()}, Log: log})
		get := func(path, host string, header ...string) int {
			q := httptest.NewRequest("GET", "http://"+host+path, nil)
			for i := 0; i < len(header); i += 2 {
				q.Header.Set(header[i], header[i+1])
			}
			w := httptest.NewRecorder()
			r.ServeHTTP(w, q)
			return w.Code
		}
		const flood = 5000
		for range flood {
			if status := get("/send", "evil.example", "Origin", "http://"+strings.Repeat("evil", 1000)); status != 403 {
				t.Fatal(status)
			}
		}
		for range 100 { // calls alone are no news
			get("/recv?client=me", "localhost")
		}
		time.Sleep(IdleClient + time.Second)
		synctest.Wait()
		r.Close()
		end()
		told := make(map[string]int)
		suppressed := 0.0
		for line := range bytes.Lines(b.Bytes()) {
			var m map[string]any
			if err := json.Unmarshal(line, &m); err != nil || len(line) > 2000 {
				t.Fatalf("%v: %s", err, line)
			}
			text := m["msg"].(string)
			told[text]++
			if n, ok := m["suppressed"].(float64); ok {
				suppressed += n
				continue
			}
			switch text {
			case "request refused":
				if m["level"] != "WARN" || m["host"] != "evil.example" || !strings.Contains(m["reason"].(string), "does not name this machine") {
					t.Errorf("%s", line)
				}
			case "client came", "client went":
				if m["level"] != "INFO" || m["client"] != "me" {
					t.Errorf("%s", line)
				}
			}
		}
		if told["client came"] != 1 || told["client went"] != 1 || told["request refused"] > 20 || float64(told["request refused"]-1)+suppressed != flood || len(told) != 3 {
			t.Errorf("%v, %v suppressed", told, suppressed)
		}
	})
}
