package relay

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// scrape returns the metrics by name, and the text.
func scrape(t testing.TB, url string) (map[string]*dto.MetricFamily, string) {
	t.Helper()
	status, body := call(t, "GET", url+api.PathMetrics, "")
	if status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	all, err := p.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return all, body
}

// value returns the sum of a metric's series that have all the labels, "name=value".
func value(all map[string]*dto.MetricFamily, name string, labels ...string) (sum float64) {
	for _, m := range all["httptap_"+name].GetMetric() {
		has := make(map[string]bool)
		for _, l := range m.GetLabel() {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		matches := true
		for _, l := range labels {
			matches = matches && has[l]
		}
		if matches {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// readStats asks for /stats, strictly: a field that the contract does not name is an error.
func readStats(t testing.TB, url string) (s api.Stats, text string) {
	t.Helper()
	status, body := call(t, "GET", url+api.PathStats, "")
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); status != 200 || err != nil {
		t.Fatalf("%d %v: %s", status, err, body)
	}
	return s, body
}

// traffic makes every counter of the switch move: impairments, queues that overflow, frames that are
// refused, clients that come and go, one that vanishes with frames in hand.
func traffic(t testing.TB, h *hub.Hub, wire *hub.Port) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var ports []*hub.Port
	for i := range 5 {
		cfg := hub.PortConfig{Name: fmt.Sprintf("client %d", i), Kind: hub.Client, Queue: 10}
		if i%2 == 1 {
			cfg.Up = link.ImpairConfig{Seed: 1, Loss: 0.2, Duplicate: 0.2, Corrupt: 0.5, Reorder: 0.1, MTU: 300}
			cfg.Down = link.ImpairConfig{Seed: 2, Loss: 0.2, Truncate: 0.2, MTU: 400}
		}
		p, err := h.Attach(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	ports = append(ports, wire)
	long := make([]byte, 2000)
	group := frame("a group's")
	group[6] |= 1
	bufs, sizes := [][]byte{make([]byte, 1514), make([]byte, 100)}, make([]int, 2)
	for range 2000 {
		p := ports[random.IntN(len(ports))]
		switch random.IntN(8) {
		case 0:
			p.Send(long)
		case 1:
			p.Send(frame("")[:13])
		case 2:
			p.Send(group)
		case 3, 4:
			n, err := p.Poll(bufs, sizes)
			if err == nil && n > 0 && random.IntN(3) == 0 {
				p.Unread([][]byte{bufs[0][:sizes[0]]})
			}
		default:
			p.Send(frame(strings.Repeat("x", random.IntN(500))))
		}
	}
	ports[0].Close()
	wire.Send(frame("for a reader that vanishes with its port"))
	if _, err := ports[2].Poll(bufs[:1], sizes); err != nil || sizes[0] == 0 {
		t.Fatal("no frame", err)
	}
	ports[2].Close()
	ports[2].Unread([][]byte{bufs[0][:sizes[0]]})
}

// gatewayStats has another number in each field.
func gatewayStats() (s api.GatewayStats) {
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanUint() {
			f.SetUint(uint64(i + 1))
		} else {
			f.SetInt(int64(i + 1))
		}
	}
	return s
}

// Both ways to ask for the counters give the same, and in them every frame is accounted for.
func TestMetricsAgreeWithStats(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	r.cfg.Dropped = func() uint64 { return 17 }
	r.cfg.Lab = func() api.LabStats {
		return api.LabStats{Leases: 3, Dropped: map[string]uint64{"arp": 4, "udp_port": 5}}
	}
	r.cfg.Gateway = gatewayStats
	traffic(t, r.cfg.Hub, wire)
	call(t, "GET", url+"/nowhere", "")
	call(t, "GET", url+"/info", "", "Host", "evil.example")
	c := open(t, url)
	c.Close()
	streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 })

	s, _ := readStats(t, url)
	all, text := scrape(t, url)
	same := func(name string, want uint64, labels ...string) {
		t.Helper()
		if got := value(all, name, labels...); got != float64(want) {
			t.Errorf("%s %v is %v, and %d in /stats", name, labels, got, want)
		}
	}
	// What has to move for the test to mean something.
	moved := make(map[string]uint64)
	gone := s.Gone
	gone.Kind = "gone"
	for _, p := range append(s.Ports, gone) {
		port, kind := "port="+p.Name, "kind="+p.Kind
		same("frames_total", p.FramesIn, port, kind, "direction=in")
		same("frames_total", p.FramesOut+p.Returned, port, kind, "direction=out")
		same("frame_bytes_total", p.BytesIn, port, kind, "direction=in")
		same("frame_bytes_total", p.BytesOut+p.ReturnedBytes, port, kind, "direction=out")
		same("refused_frames_total", p.RefusedShort, port, kind, "reason=short")
		same("refused_frames_total", p.RefusedLong, port, kind, "reason=long")
		same("refused_frames_total", p.RefusedSource, port, kind, "reason=source")
		same("queued_frames_total", p.QueuedTotal, port, kind)
		same("returned_frames_total", p.Returned, port, kind)
		same("queue_frames", uint64(p.Queued), port, kind)
		same("dropped_frames_total", p.Nobody, port, kind, "direction=in", "reason=nobody")
		same("dropped_frames_total", p.Spoilt, port, kind, "direction=in", "reason=impaired_source")
		same("dropped_frames_total", p.DroppedFull, port, kind, "direction=out", "reason=queue_full")
		same("dropped_frames_total", p.DroppedLong, port, kind, "direction=out", "reason=too_long")
		same("dropped_frames_total", p.DroppedGone, port, kind, "direction=out", "reason=gone")
		same("write_errors_total", p.WriteErrors, port, kind)
		for direction, line := range map[string]*api.ImpairStats{"in": p.Up, "out": p.Down} {
			if line == nil {
				continue
			}
			at := []string{port, kind, "direction=" + direction}
			for reason, n := range map[string]uint64{"lost": line.Lost, "too_long": line.TooLong, "queue_full": line.QueueFull, "abandoned": line.Abandoned} {
				same("dropped_frames_total", n, append(at, "reason=impaired_"+reason)...)
				moved[direction+" "+reason] += n
			}
			for effect, n := range map[string]uint64{"duplicated": line.Duplicated, "reordered": line.Reordered, "corrupted": line.Corrupted, "truncated": line.Truncated} {
				same("impaired_frames_total", n, append(at, "effect="+effect)...)
				moved[direction+" "+effect] += n
			}
			same("impaired_in_flight_frames", line.InFlight, at...)
			if line.Frames != line.Passed+line.Lost+line.TooLong+line.QueueFull+line.Abandoned+line.InFlight {
				t.Errorf("%s: a frame is missing on the way %s: %+v", p.Name, direction, line)
			}
		}
		moved["in"] += p.FramesIn
		moved["out"] += p.FramesOut
		moved["short"] += p.RefusedShort
		moved["long"] += p.RefusedLong
		moved["source"] += p.RefusedSource
		moved["full"] += p.DroppedFull
		moved["too long"] += p.DroppedLong
		moved["gone"] += p.DroppedGone
		moved["returned"] += p.Returned
		moved["queued"] += uint64(p.Queued)
		// The invariant, from the metrics alone.
		of := func(name string, labels ...string) float64 { return value(all, name, append(labels, port, kind)...) }
		var dropped float64
		for _, reason := range []string{"queue_full", "too_long", "gone"} {
			dropped += of("dropped_frames_total", "direction=out", "reason="+reason)
		}
		if in, out := of("queued_frames_total")+of("returned_frames_total"), of("frames_total", "direction=out")+dropped+of("queue_frames"); in != out {
			t.Errorf("%s: %v frames for it, %v accounted for", p.Name, in, out)
		}
	}
	for _, what := range []string{"in", "out", "short", "long", "source", "full", "too long", "gone", "returned", "queued",
		"in lost", "in too_long", "in duplicated", "in corrupted", "out lost", "out too_long", "out truncated"} {
		if moved[what] == 0 {
			t.Errorf("nothing moved %q", what)
		}
	}
	same("stations", uint64(s.Stations))
	same("clients", uint64(s.Clients))
	same("requests_total", s.Requests+1) // the scrape itself
	same("failed_requests_total", s.Failed)
	same("refused_requests_total", s.Refused)
	same("limited_requests_total", s.Limited)
	same("crowded_connections_total", s.Crowded)
	same("streams", uint64(s.Streams.Open))
	same("streams_opened_total", s.Streams.Opened)
	same("streams_ended_total", s.Streams.Ended["closed"], "reason=closed")
	same("streams_ended_total", s.Streams.Opened)
	same("device_dropped_frames_total", 17)
	same("lab_leases", 3)
	same("lab_dropped_packets_total", 4, "reason=arp")
	same("lab_dropped_packets_total", 9)
	same("gateway_flows", 1)
	same("gateway_flows_total", 2, "protocol=tcp")
	same("gateway_flows_total", 3, "protocol=udp")
	same("gateway_flows_total", 4, "protocol=icmp")
	for i, reason := range []string{"denied", "limit", "limit_client", "refused", "unreachable", "silent", "failed", "withdrawn"} {
		same("gateway_refused_flows_total", uint64(5+i), "reason="+reason)
	}
	same("gateway_broken_flows_total", 13, "reason=reset")
	same("gateway_broken_flows_total", 14, "reason=idle")
	same("gateway_pings_total", 15, "result=sent")
	same("gateway_pings_total", 16, "result=answered")
	same("gateway_pings_total", 17, "result=lost")
	same("gateway_bytes_total", 18, "direction=up")
	same("gateway_bytes_total", 19, "direction=down")
	same("gateway_lost_datagrams_total", 20)
	if s.Failed < 2 || s.Refused != 1 || s.Streams.Opened != 1 || s.Lab.Leases != 3 {
		t.Errorf("%+v", s)
	}

	// The names and units are what Prometheus' own lint takes.
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", err, problems)
	}
	for name := range all {
		if !strings.HasPrefix(name, "httptap_") {
			t.Errorf("%s is not ours", name)
		}
	}
}

// The answer of /stats is api.Stats, to the last field.
func TestStatsAreTheContract(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	r.cfg.Lab = func() api.LabStats { return api.LabStats{Leases: 1, Dropped: map[string]uint64{"arp": 1}} }
	r.cfg.Gateway = gatewayStats
	traffic(t, r.cfg.Hub, wire)
	s, text := readStats(t, url)
	again, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var here, there any
	if err := json.Unmarshal([]byte(text), &here); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &there); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(here), fmt.Sprint(there); a != b {
		t.Errorf("the answer\n%s\nis in the contract\n%s", a, b)
	}
}

// As many clients as there can be make a bounded answer, and scrapes at once do no harm.
func TestMetricsAreBounded(t *testing.T) {
	r, url, _ := start(t, 1500, 0)
	for i := range MaxClients + 10 {
		c, err := r.client(fmt.Sprintf("%0*d", api.MaxClientName, i))
		if (err == nil) != (i < MaxClients) {
			t.Fatalf("client %d: %v", i, err)
		}
		if err == nil {
			r.leave(c)
		}
	}
	all, text := scrape(t, url)
	series := 0
	for _, f := range all {
		series += len(f.GetMetric())
	}
	if most := 20 * (MaxClients + 10); series > most || len(text) > 2<<20 {
		t.Errorf("%d series, %d bytes", series, len(text))
	}
	t.Logf("%d series, %d bytes", series, len(text))
	var scrapes sync.WaitGroup
	for range 20 {
		scrapes.Go(func() {
			if status, body := call(t, "GET", url+api.PathMetrics, ""); status != 200 && status != 503 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	scrapes.Wait()
}

// A name that is no UTF-8 does not take the others' metrics away.
func TestMetricsOfAnOddName(t *testing.T) {
	r, url, _ := start(t, 1500, 0)
	if _, err := r.cfg.Hub.Attach(hub.PortConfig{Name: "tap\xff", Kind: hub.Device}); err != nil {
		t.Fatal(err)
	}
	if all, text := scrape(t, url); value(all, "queue_frames", "port=tap?") != 0 || !strings.Contains(text, `port="tap?"`) {
		t.Errorf("%s", text)
	}
	if status, body := call(t, "POST", url+api.PathMetrics, ""); status != 405 || !strings.Contains(body, "takes GET") {
		t.Errorf("POST: %d %s", status, body)
	}
	if status, _ := call(t, "GET", url+api.PathMetrics, "", "Host", "evil.example"); status != 403 {
		t.Errorf("a rebound name: %d", status)
	}
}
