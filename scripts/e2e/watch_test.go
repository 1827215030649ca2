package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// The log is for machines to read, and nobody who calls can fill a disk with it; the counters are there for
// Prometheus.
func TestLogAndMetrics(t *testing.T) {
	listen := "127.0.0.1:" + freePort(t)
	w := world{}
	s := w.httptap(t, "-i", "user", "-listen", listen, "-q", "-log", "info", "-log-format", "json")
	if _, stderr, err := w.run(t, "xcurl", "-ihttp", "-url", "http://"+listen, "-s", "-o", "/dev/null", "http://www.httptap.test/"); err != nil {
		t.Fatalf("%v %s", err, stderr)
	}
	get := func(path, host string) (int, string) {
		q, err := http.NewRequest("GET", "http://"+listen+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Host = host
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var b bytes.Buffer
		b.ReadFrom(resp.Body)
		return resp.StatusCode, b.String()
	}
	const flood = 500
	for range flood {
		if status, _ := get("/recv", "evil.example"); status != 403 {
			t.Fatal(status)
		}
	}
	status, metrics := get("/metrics", listen)
	for _, want := range []string{
		"httptap_refused_requests_total 500\n", "httptap_lab_leases 0\n", // xcurl has given its lease back
		`httptap_streams_ended_total{reason="closed"} 1`, `httptap_frames_total{direction="out",kind="lab",port="lab"} `, `httptap_lab_dropped_packets_total{reason="arp"} 0`,
	} {
		if status != 200 || !strings.Contains(metrics, want) {
			t.Errorf("%d: %q is not in\n%s", status, want, metrics)
		}
	}
	s.stop(t)
	told := make(map[string]int)
	suppressed := 0.0
	for line := range bytes.Lines(s.out.Bytes()) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		told[m["msg"].(string)]++
		if n, ok := m["suppressed"].(float64); ok {
			suppressed += n
		}
	}
	for _, want := range []string{"listening", "client came", "lease", "stream opened", "stream ended", "request refused", "stopped"} {
		if told[want] == 0 {
			t.Errorf("nothing is said of %q: %v", want, told)
		}
	}
	if n := told["request refused"]; n > 30 || suppressed == 0 || float64(n)+suppressed < flood {
		t.Errorf("%d lines for %d refused requests, %v suppressed", n, flood, suppressed)
	}

	for flag, want := range map[string]string{"-log": "one of debug, info, warn, error", "-log-format": "text or json"} {
		if _, stderr, err := w.run(t, "httptap", flag, "loud"); err == nil || !strings.Contains(stderr, want) {
			t.Errorf("%s loud: %v %s", flag, err, stderr)
		}
	}
}
