package stat

import (
	"testing"
	"time"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/ethernet"
	"httptap/stack/field"
)

// TestStatisticsAreBounded: what is too much to be told apart is counted.
func TestStatisticsAreBounded(t *testing.T) {
	v := NewIntervals(time.Second)
	at := time.Unix(1, 0)
	for i := range MaxIntervals + 10 {
		v.Add(&pcap.Meta{Time: at, Relative: time.Duration(i) * time.Second}, nil, nil)
	}
	if v.Beyond != 10 || len(v.all) != MaxIntervals {
		t.Errorf("%d intervals, %d beyond", len(v.all), v.Beyond)
	}
	v.Add(&pcap.Meta{Time: at, Relative: -1}, nil, nil)
	v.Add(&pcap.Meta{}, nil, nil)
	if v.Without != 1 || v.Beyond != 11 {
		t.Errorf("%d without a time, %d beyond", v.Without, v.Beyond)
	}
	h := &Hierarchy{}
	specs := make([]field.Spec, MaxNodes+5)
	for i := range specs {
		specs[i].Kind = field.Layer
		h.Add(&pcap.Meta{}, nil, []field.Span{{Spec: &specs[i]}})
	}
	if h.Beyond != 5 || h.root.Frames != MaxNodes+5 {
		t.Errorf("%d beyond of %d", h.Beyond, h.root.Frames)
	}
	c := NewConversations("eth")
	frame := make([]byte, 14)
	var d pcap.Decoder
	for i := range MaxConversations + 3 {
		frame[9], frame[10], frame[11] = byte(i>>16), byte(i>>8), byte(i)
		c.Add(&pcap.Meta{}, frame, d.Decode(frame, 14))
	}
	if c.beyond[&ethernet.Layout.Spec] != 3 || len(c.all) != MaxConversations {
		t.Errorf("%d conversations, %d beyond", len(c.all), c.beyond[&ethernet.Layout.Spec])
	}
}

// TestFindings: faults of fields and remarks of a session, the worst first; a frame counts once for each.
func TestFindings(t *testing.T) {
	wrong := &field.Fault{Name: "x.bad", Label: "is wrong", Severity: field.Error}
	x := &field.Spec{Name: "x", Label: "X", Kind: field.Uint}
	e := NewFindings()
	e.Add(&pcap.Meta{Number: 1}, nil, []field.Span{{Spec: x}})
	e.Add(&pcap.Meta{Number: 2, Facts: []fact.Fact{{Spec: &fact.Retransmission}, {Spec: &fact.TCPStream}}}, nil, []field.Span{{Spec: x, Err: wrong}, {Spec: x, Err: wrong}})
	e.Add(&pcap.Meta{Number: 3, Facts: []fact.Fact{{Spec: &fact.Retransmission}}}, nil, nil)
	e.Add(&pcap.Meta{Number: 4, Messages: []fact.Message{{Spans: []field.Span{{Spec: x, Err: wrong}}}}}, nil, nil)
	list := e.List()
	if len(list) != 2 || e.Frames != 4 || e.Wrong != 3 {
		t.Fatalf("%d findings, %d of %d", len(list), e.Wrong, e.Frames)
	}
	if f := list[0]; f.Field != "x" || f.Frames != 2 || f.First != 2 || f.Filter() != "x.bad or x" {
		t.Errorf("%+v, %s", f, f.Filter())
	}
	if f := list[1]; f.Name != "tcp.analysis.retransmission" || f.Frames != 2 || f.Filter() != f.Name {
		t.Errorf("%+v", f)
	}
}

// TestConversationsAreOfLayers: and their filters are of the layers' own fields.
func TestConversationsAreOfLayers(t *testing.T) {
	frame := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 0x9c, 0x40, 0, 8, 0, 0}
	var d pcap.Decoder
	c := NewConversations("")
	c.Add(&pcap.Meta{Relative: time.Second, Wire: 60}, frame, d.Decode(frame, 60))
	copy(frame[26:], []byte{192, 0, 2, 2, 192, 0, 2, 1, 0x9c, 0x40, 0, 53})
	c.Add(&pcap.Meta{Relative: 3 * time.Second}, frame, d.Decode(frame, 0))
	var names []string
	for _, layer := range c.Layers() {
		list, beyond := c.List(layer)
		names = append(names, layer.Name)
		if beyond != 0 || len(list) != 1 {
			t.Errorf("%s: %d conversations, %d beyond", layer.Name, len(list), beyond)
		}
		if layer.Name == "udp" {
			v := list[0]
			if v.A.String() != "192.0.2.1:53" || v.Frames != [2]uint64{1, 1} || v.Bytes != [2]uint64{60, 42} || v.Last-v.First != 2*time.Second {
				t.Errorf("%+v", v)
			}
			if want := "ip.addr == 192.0.2.1 and udp.port == 53 and ip.addr == 192.0.2.2 and udp.port == 40000"; v.Filter() != want {
				t.Error(v.Filter())
			}
			if ends := c.Endpoints(layer); len(ends) != 2 || ends[0].Sent != [2]uint64{1, 60} || ends[0].Received != [2]uint64{1, 42} || ends[0].Filter() != "ip.addr == 192.0.2.1 and udp.port == 53" {
				t.Errorf("%+v", ends[0])
			}
		}
	}
	if len(names) != 3 || names[0] != "eth" || names[1] != "ip" || names[2] != "udp" {
		t.Error(names)
	}
}
