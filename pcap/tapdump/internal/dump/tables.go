package dump

import (
	"encoding/json"
	"fmt"
	"strings"

	"httptap/pcap/stat"
	"httptap/stack/field"
)

// hierarchy prints which protocols lie in which.
type hierarchy struct{ stat.Hierarchy }

// Append implements Statistic.
func (h *hierarchy) Append(dst []byte) []byte {
	dst = append(dst, "Protocol hierarchy\n"...)
	t := table{align: "lr"}
	t.row("protocol", "frames", "% of frames", "bytes", "% of bytes")
	var all *stat.Node
	percent := func(part, all uint64) string {
		if all == 0 {
			return "0.0"
		}
		return fmt.Sprintf("%.1f", 100*float64(part)/float64(all))
	}
	for depth, n := range h.All() {
		if all == nil {
			all = n
		}
		t.row(strings.Repeat("  ", depth)+layerName(n.Layer), count(n.Frames), percent(n.Frames, all.Frames), count(n.Bytes), percent(n.Bytes, all.Bytes))
	}
	dst = t.append(dst)
	if h.Beyond > 0 {
		dst = fmt.Appendf(dst, "%d frames nest their layers in further ways: over %d are not told apart\n", h.Beyond, stat.MaxNodes)
	}
	return dst
}

func layerName(s *field.Spec) string {
	if s == nil {
		return "frame"
	}
	return s.Name
}

// MarshalJSON implements json.Marshaler.
func (h *hierarchy) MarshalJSON() ([]byte, error) {
	type node struct {
		Layer  string `json:"layer"`
		Depth  int    `json:"depth"`
		Frames uint64 `json:"frames"`
		Bytes  uint64 `json:"bytes"`
	}
	all := []node{}
	for depth, n := range h.All() {
		all = append(all, node{layerName(n.Layer), depth, n.Frames, n.Bytes})
	}
	return json.Marshal(all)
}

// expert prints what is wrong.
type expert struct{ *stat.Findings }

// Append implements Statistic: the worst first.
func (e *expert) Append(dst []byte) []byte {
	dst = append(dst, "What is wrong: "+count(e.Wrong)+" of "+count(e.Frames)+" frames\n"...)
	list := e.List()
	if len(list) == 0 {
		return dst
	}
	t := table{align: "lrrl"}
	t.row("severity", "frames", "first", "field", "what")
	for _, f := range list {
		t.row(f.Severity.String(), count(f.Frames), count(f.First), f.Field, f.Label)
	}
	return t.append(dst)
}

// MarshalJSON implements json.Marshaler.
func (e *expert) MarshalJSON() ([]byte, error) {
	type finding struct {
		Severity string `json:"severity"`
		Name     string `json:"name"`
		Field    string `json:"field"`
		Label    string `json:"label"`
		Frames   uint64 `json:"frames"`
		First    uint64 `json:"first"`
	}
	all := []finding{}
	for _, f := range e.List() {
		all = append(all, finding{f.Severity.String(), f.Name, f.Field, f.Label, f.Frames, f.First})
	}
	return json.Marshal(all)
}

// intervals print how much came when.
type intervals struct{ *stat.Intervals }

// Append implements Statistic.
func (v *intervals) Append(dst []byte) []byte {
	dst = fmt.Appendf(dst, "Intervals of %s, without those that have no frame\n", v.Every)
	t := table{align: "r"}
	t.row("from", "to", "frames", "bytes", "bit/s")
	for _, i := range v.List() {
		t.row(seconds(i.From, v.Digits), seconds(i.From+v.Every, v.Digits), count(i.Frames), count(i.Bytes), fmt.Sprintf("%.0f", float64(8*i.Bytes)/v.Every.Seconds()))
	}
	dst = t.append(dst)
	if v.Beyond > 0 {
		dst = fmt.Appendf(dst, "%d frames of further intervals: over %d are not told apart\n", v.Beyond, stat.MaxIntervals)
	}
	if v.Without > 0 {
		dst = fmt.Appendf(dst, "%d frames have no time\n", v.Without)
	}
	return dst
}

// MarshalJSON implements json.Marshaler.
func (v *intervals) MarshalJSON() ([]byte, error) {
	type interval struct {
		From   float64 `json:"from"` // seconds since the first frame
		Length float64 `json:"length"`
		Frames uint64  `json:"frames"`
		Bytes  uint64  `json:"bytes"`
	}
	all := []interval{}
	for _, i := range v.List() {
		all = append(all, interval{i.From.Seconds(), v.Every.Seconds(), i.Frames, i.Bytes})
	}
	return json.Marshal(all)
}

// exchanges print who answered whom, and how soon.
type exchanges struct{ stat.Exchanges }

// Append implements Statistic.
func (e *exchanges) Append(dst []byte) []byte {
	list := e.List()
	dst = fmt.Appendf(dst, "Exchanges: %d\n", len(list))
	if len(list) == 0 {
		return dst
	}
	t := table{align: "lrrrrl"}
	t.row("protocol", "request", "response", "at", "took", "response says")
	for _, x := range list {
		t.row(x.Layer, count(x.Request), count(x.Response), seconds(x.At, 6), seconds(x.Took, 6), x.What)
	}
	dst = t.append(dst)
	if e.Beyond > 0 {
		dst = fmt.Appendf(dst, "%d further ones: over %d are not kept\n", e.Beyond, stat.MaxExchanges)
	}
	return dst
}

// MarshalJSON implements json.Marshaler.
func (e *exchanges) MarshalJSON() ([]byte, error) {
	type exchange struct {
		Layer    string  `json:"layer"`
		Request  uint64  `json:"request"`
		Response uint64  `json:"response"`
		At       float64 `json:"at"` // seconds since the first frame
		Took     float64 `json:"took"`
		What     string  `json:"what"`
	}
	all := []exchange{}
	for _, x := range e.List() {
		all = append(all, exchange{x.Layer, x.Request, x.Response, x.At.Seconds(), x.Took.Seconds(), x.What})
	}
	return json.Marshal(all)
}
