package relay

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/httptap/internal/logs"
	"httptap/stack/link"
)

// maxScrapes is how many scrapes are answered at once.
const maxScrapes = 4

// metricsHandler answers /metrics. Nothing is counted twice: a scrape reads the counters of /stats.
// There are at most as many ports as the switch has, so the series of a scrape are bounded.
func (r *Relay) metricsHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{r})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: maxScrapes, ErrorHandling: promhttp.HTTPErrorOnError,
		ErrorLog: logs.Std(r.cfg.Log, slog.LevelError, "metrics"),
	})
}

// A metric is a name with its labels.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("httptap_"+name, help, labels, nil), prometheus.CounterValue}
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("httptap_"+name, help, labels, nil), prometheus.GaugeValue}
}

// The metrics. A port's direction is "in" from what is behind it into the switch, "out" to it.
var (
	frames = counter("frames_total", "Frames that came from behind a port (in), or were read for what is behind it (out).", "port", "kind", "direction")
	octets = counter("frame_bytes_total", "Bytes of these frames.", "port", "kind", "direction")

	refusedFrames  = counter("refused_frames_total", "Frames that the switch did not take: shorter than a header, longer than the MTU, from a group's address.", "port", "kind", "reason")
	queuedFrames   = counter("queued_frames_total", "Copies put into a port's queue; with those returned: read, dropped (queue_full, too_long, gone) or still queued.", "port", "kind")
	returnedFrames = counter("returned_frames_total", "Frames that were read and put back into the queue, or dropped as gone, because their reader vanished.", "port", "kind")
	queueLength    = gauge("queue_frames", "Frames that wait in a port's queue.", "port", "kind")
	droppedFrames  = counter("dropped_frames_total", "Frames dropped behind a port's entry. Reasons that begin with impaired are those of an impairment.", "port", "kind", "direction", "reason")
	writeErrors    = counter("write_errors_total", "Frames that were read for a device which refused them.", "port", "kind")

	impairedFrames = counter("impaired_frames_total", "Frames that an impairment altered.", "port", "kind", "direction", "effect")
	impairedFlight = gauge("impaired_in_flight_frames", "Frames on their way over an impairment.", "port", "kind", "direction")

	stations        = gauge("stations", "Hardware addresses that the switch knows.")
	clients         = gauge("clients", "Clients that have called lately.")
	requestsServed  = counter("requests_total", "HTTP requests.")
	requestsFailed  = counter("failed_requests_total", "HTTP requests that were answered with an error, the refused ones among them.")
	requestsRefused = counter("refused_requests_total", "HTTP requests refused for their Host, Origin or token.")
	requestsLimited = counter("limited_requests_total", "HTTP requests refused because they were too many a second.")
	crowded         = counter("crowded_connections_total", "Connections refused because there were too many.")
	streamsOpen     = gauge("streams", "Streams that are open.")
	streamsOpened   = counter("streams_opened_total", "Streams that were opened.")
	streamsEnded    = counter("streams_ended_total", "Streams that have ended, by reason.", "reason")
	deviceDropped   = counter("device_dropped_frames_total", "Frames lost in the device: too long, or too many for the kernel.")
	labLeases       = gauge("lab_leases", "Leases of the built-in DHCP server that are in force.")
	labDropped      = counter("lab_dropped_packets_total", "Frames and packets that the lab's host refused.", "reason")

	gatewayOpen    = gauge("gateway_flows", "Flows of clients to the real network that are open.")
	gatewayFlows   = counter("gateway_flows_total", "Flows of clients to the real network that were made.", "protocol")
	gatewayRefused = counter("gateway_refused_flows_total", "Flows of clients that were not made.", "reason")
	gatewayEnded   = counter("gateway_broken_flows_total", "Flows that did not end by their ends' wish.", "reason")
	gatewayPings   = counter("gateway_pings_total", "Echo requests passed on, answers passed back, requests that could not be sent.", "result")
	gatewayBytes   = counter("gateway_bytes_total", "Bytes of TCP and UDP payload, up from clients and down to them.", "direction")
	gatewayLost    = counter("gateway_lost_datagrams_total", "Datagrams of clients that could not be sent.")
)

// all are the metrics of a collector, so that the registry can check their names.
var all = []metric{
	frames, octets, refusedFrames, queuedFrames, returnedFrames, queueLength, droppedFrames, writeErrors, impairedFrames, impairedFlight,
	stations, clients, requestsServed, requestsFailed, requestsRefused, requestsLimited, crowded, streamsOpen, streamsOpened, streamsEnded,
	deviceDropped, labLeases, labDropped,
	gatewayOpen, gatewayFlows, gatewayRefused, gatewayEnded, gatewayPings, gatewayBytes, gatewayLost,
}

// A collector reads a relay's counters when it is asked.
type collector struct{ r *Relay }

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range all {
		out <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	w := writer(func(m metric, value float64, labels ...string) {
		made, err := prometheus.NewConstMetric(m.desc, m.kind, value, labels...)
		if err != nil {
			made = prometheus.NewInvalidMetric(m.desc, err)
		}
		out <- made
	})
	s := c.r.statistics()
	for _, p := range s.Ports {
		w.port(p)
	}
	s.Gone.Kind = "gone"
	w.port(s.Gone)
	w(stations, float64(s.Stations))
	w(clients, float64(s.Clients))
	w(requestsServed, float64(s.Requests))
	w(requestsFailed, float64(s.Failed))
	w(requestsRefused, float64(s.Refused))
	w(requestsLimited, float64(s.Limited))
	w(crowded, float64(s.Crowded))
	w(streamsOpen, float64(s.Streams.Open))
	w(streamsOpened, float64(s.Streams.Opened))
	w.each(streamsEnded, s.Streams.Ended)
	w(deviceDropped, float64(s.Dropped))
	if s.Lab != nil {
		w(labLeases, float64(s.Lab.Leases))
		w.each(labDropped, s.Lab.Dropped)
	}
	if s.Gateway != nil {
		w.gateway(*s.Gateway)
	}
}

// A writer takes a value of a metric.
type writer func(m metric, value float64, labels ...string)

func (w writer) port(p hub.PortStats) {
	// An interface's name is any bytes but '/' and white space; a label's value is UTF-8.
	port, kind := strings.ToValidUTF8(p.Name, "?"), string(p.Kind)
	w(frames, float64(p.FramesIn), port, kind, "in")
	w(frames, float64(p.FramesOut+p.Returned), port, kind, "out") // FramesOut alone can go back
	w(octets, float64(p.BytesIn), port, kind, "in")
	w(octets, float64(p.BytesOut+p.ReturnedBytes), port, kind, "out")
	w(refusedFrames, float64(p.RefusedShort), port, kind, "short")
	w(refusedFrames, float64(p.RefusedLong), port, kind, "long")
	w(refusedFrames, float64(p.RefusedSource), port, kind, "source")
	w(queuedFrames, float64(p.QueuedTotal), port, kind)
	w(returnedFrames, float64(p.Returned), port, kind)
	w(queueLength, float64(p.Queued), port, kind)
	w(droppedFrames, float64(p.Nobody), port, kind, "in", "nobody")
	w(droppedFrames, float64(p.DroppedFull), port, kind, "out", "queue_full")
	w(droppedFrames, float64(p.DroppedLong), port, kind, "out", "too_long")
	w(droppedFrames, float64(p.DroppedGone), port, kind, "out", "gone")
	w(writeErrors, float64(p.WriteErrors), port, kind)
	w.line(p.Up, port, kind, "in")
	w.line(p.Down, port, kind, "out")
	if p.Up != (link.ImpairStats{}) {
		w(droppedFrames, float64(p.Spoilt), port, kind, "in", "impaired_source")
	}
}

func (w writer) gateway(s api.GatewayStats) {
	w(gatewayOpen, float64(s.Open))
	w.each(gatewayFlows, map[string]uint64{"tcp": s.TCP, "udp": s.UDP, "icmp": s.Echo})
	w.each(gatewayRefused, map[string]uint64{
		"denied": s.Denied, "limit": s.Limit, "limit_client": s.LimitClient, "refused": s.Refused,
		"unreachable": s.Unreachable, "silent": s.Silent, "failed": s.Failed, "withdrawn": s.Withdrawn,
	})
	w.each(gatewayEnded, map[string]uint64{"reset": s.Reset, "idle": s.Idle})
	w.each(gatewayPings, map[string]uint64{"sent": s.Pings, "answered": s.Answers, "lost": s.PingsLost})
	w.each(gatewayBytes, map[string]uint64{"up": s.BytesUp, "down": s.BytesDown})
	w(gatewayLost, float64(s.DatagramsLost))
}

// each writes the values of a metric's one label.
func (w writer) each(m metric, values map[string]uint64) {
	for label, n := range values {
		w(m, float64(n), label)
	}
}

// line is about an impairment; most ports have none.
func (w writer) line(s link.ImpairStats, port, kind, direction string) {
	if s == (link.ImpairStats{}) {
		return
	}
	for reason, n := range map[string]uint64{
		"impaired_lost": s.Lost, "impaired_too_long": s.TooLong, "impaired_queue_full": s.QueueFull, "impaired_abandoned": s.Abandoned,
	} {
		w(droppedFrames, float64(n), port, kind, direction, reason)
	}
	for effect, n := range map[string]uint64{
		"duplicated": s.Duplicated, "reordered": s.Reordered, "corrupted": s.Corrupted, "truncated": s.Truncated,
	} {
		w(impairedFrames, float64(n), port, kind, direction, effect)
	}
	w(impairedFlight, float64(s.InFlight), port, kind, direction)
}
