package dump

import (
	"encoding/json"
	"fmt"
	"strings"

	"httptap/pcap/stat"
)

// conversations print who speaks with whom, or the ends alone.
type conversations struct {
	*stat.Conversations
	ends bool
}

// Append implements Statistic: a table a layer, those with the most bytes first.
func (c *conversations) Append(dst []byte) []byte {
	layers := c.Layers()
	if len(layers) == 0 {
		what := "conversations"
		if c.ends {
			what = "endpoints"
		}
		return append(dst, strings.TrimLeft(strings.ToUpper(c.Only)+" "+what+": 0\n", " ")...)
	}
	for i, layer := range layers {
		if i > 0 {
			dst = append(dst, '\n')
		}
		list, beyond := c.List(layer)
		name := strings.ToUpper(layer.Name)
		if c.ends {
			dst = c.appendEnds(dst, name, c.Endpoints(layer))
		} else {
			dst = fmt.Appendf(dst, "%s conversations: %d\n", name, len(list))
			t := table{align: "llr"}
			t.row("A", "B", "frames A→B", "bytes A→B", "frames B→A", "bytes B→A", "frames", "bytes", "start", "duration")
			for _, v := range list {
				frames, bytes := v.Total()
				t.row(v.A.String(), v.B.String(), count(v.Frames[0]), count(v.Bytes[0]), count(v.Frames[1]), count(v.Bytes[1]),
					count(frames), count(bytes), seconds(v.First, v.Digits), seconds(v.Last-v.First, v.Digits))
			}
			dst = t.append(dst)
		}
		if beyond > 0 {
			dst = fmt.Appendf(dst, "%d frames of further conversations: over %d are not told apart\n", beyond, stat.MaxConversations)
		}
	}
	return dst
}

func (c *conversations) appendEnds(dst []byte, name string, ends []*stat.Total) []byte {
	dst = fmt.Appendf(dst, "%s endpoints: %d\n", name, len(ends))
	t := table{align: "lr"}
	t.row("endpoint", "frames", "bytes", "frames sent", "bytes sent", "frames received", "bytes received")
	for _, e := range ends {
		t.row(e.String(), count(e.Sent[0]+e.Received[0]), count(e.Sent[1]+e.Received[1]), count(e.Sent[0]), count(e.Sent[1]), count(e.Received[0]), count(e.Received[1]))
	}
	return t.append(dst)
}

// MarshalJSON implements json.Marshaler.
func (c *conversations) MarshalJSON() ([]byte, error) {
	type amount struct {
		Frames uint64 `json:"frames"`
		Bytes  uint64 `json:"bytes"`
	}
	type conversation struct {
		A        string  `json:"a"`
		B        string  `json:"b"`
		FromA    amount  `json:"from_a"`
		FromB    amount  `json:"from_b"`
		Start    float64 `json:"start"` // seconds since the first frame
		Duration float64 `json:"duration"`
	}
	type end struct {
		Endpoint string `json:"endpoint"`
		Sent     amount `json:"sent"`
		Received amount `json:"received"`
	}
	type table struct {
		Layer         string         `json:"layer"`
		Conversations []conversation `json:"conversations,omitempty"`
		Endpoints     []end          `json:"endpoints,omitempty"`
		Beyond        uint64         `json:"beyond,omitempty"` // frames of conversations that were too many
	}
	all := []table{}
	for _, layer := range c.Layers() {
		list, beyond := c.List(layer)
		t := table{Layer: layer.Name, Beyond: beyond}
		if c.ends {
			for _, e := range c.Endpoints(layer) {
				t.Endpoints = append(t.Endpoints, end{e.String(), amount{e.Sent[0], e.Sent[1]}, amount{e.Received[0], e.Received[1]}})
			}
		} else {
			for _, v := range list {
				t.Conversations = append(t.Conversations, conversation{v.A.String(), v.B.String(), amount{v.Frames[0], v.Bytes[0]}, amount{v.Frames[1], v.Bytes[1]},
					v.First.Seconds(), (v.Last - v.First).Seconds()})
			}
		}
		all = append(all, t)
	}
	return json.Marshal(all)
}
