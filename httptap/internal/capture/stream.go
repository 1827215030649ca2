package capture

import (
	"runtime"
	"strconv"
	"time"

	"httptap/httptap/internal/hub"
	"httptap/pcap/pcapng"
)

// A Matcher tells which frames are wanted. It is asked by one goroutine at a time.
type Matcher interface {
	Match(frame []byte, m Meta) bool
}

// Meta is what is known of a frame besides its bytes.
type Meta struct {
	Nanos  int64  // when the switch had it, in ns since 1970
	Port   string // that it was seen at: the interface's name
	Out    bool   // on its way out of the switch
	Number uint64 // in this capture, from 1 on, if it matches

	Comments [][]byte // of the frame; they hold until Match returns
}

// maxInterfaces bounds what a Stream remembers. Interfaces can't be taken back: the one that would be
// too many begins a section of its own.
const maxInterfaces = 4096

// StreamOptions say what a Stream looks like.
type StreamOptions struct {
	SnapLen     int     // bytes of a frame at most; 0: all of it
	Filter      Matcher // nil: all frames
	MTU         int     // of the switch
	Application string
	Comment     string // of the whole
	Start       time.Time
}

// A Stream turns frames into pcapng: an interface a port, which is described when its first frame
// comes, and statistics at the end. Its methods append to a buffer.
type Stream struct {
	o      StreamOptions
	ports  map[string]*iface
	order  []*iface
	number uint64 // of frames that matched
	lost   uint64 // to be said with the next frame

	packet   pcapng.Packet
	comments [3][]byte
	list     [][]byte
}

type iface struct {
	name  string
	stats pcapng.Statistics
}

// NewStream returns a stream that nothing was appended of yet.
func NewStream(o StreamOptions) *Stream {
	return &Stream{o: o, ports: make(map[string]*iface)}
}

// Begin appends the head of the stream.
func (s *Stream) Begin(dst []byte) []byte {
	return pcapng.AppendSection(dst, &pcapng.Section{OS: runtime.GOOS + "/" + runtime.GOARCH, Application: s.o.Application, Comment: s.o.Comment})
}

// Port appends the description of a port that has none yet.
func (s *Stream) Port(dst []byte, name string, kind hub.Kind) []byte {
	if s.ports[name] == nil {
		dst, _ = s.describe(dst, name, string(kind))
	}
	return dst
}

func (s *Stream) describe(dst []byte, name, kind string) ([]byte, *iface) {
	if len(s.order) == maxInterfaces {
		dst = s.Begin(s.End(dst, time.Unix(0, s.packet.Nanos)))
		clear(s.ports)
		s.order = s.order[:0]
	}
	i := &iface{name: name, stats: pcapng.Statistics{Interface: uint32(len(s.order)), Start: s.o.Start.UnixNano()}}
	what := "httptap"
	if kind != "" {
		what += ": the port of a " + kind
	}
	if s.o.MTU > 0 {
		what += ", MTU " + strconv.Itoa(s.o.MTU)
	}
	s.ports[name] = i
	s.order = append(s.order, i)
	return pcapng.AppendInterface(dst, &pcapng.Interface{
		LinkType: pcapng.LinkEthernet, SnapLen: uint32(s.o.SnapLen), Name: name, Description: what}), i
}

// Frame appends a frame, if it matches the filter, and tells whether it did.
func (s *Stream) Frame(dst []byte, f *Frame) ([]byte, bool) {
	i := s.ports[string(f.Port)]
	if i == nil {
		dst, i = s.describe(dst, string(f.Port), string(f.Kind))
	}
	i.stats.Received++
	comments := s.comment(f)
	if s.o.Filter != nil && !s.o.Filter.Match(f.Bytes, Meta{Nanos: f.Nanos, Port: i.name, Out: f.Out, Number: s.number + 1, Comments: comments}) {
		return dst, false
	}
	s.number++
	i.stats.Accepted++
	i.stats.Delivered++
	p := &s.packet
	p.Interface, p.Nanos, p.Data, p.Length = i.stats.Interface, f.Nanos, f.Bytes, len(f.Bytes)
	if s.o.SnapLen > 0 && len(p.Data) > s.o.SnapLen {
		p.Data = p.Data[:s.o.SnapLen]
	}
	p.Direction = pcapng.Inbound
	if f.Out {
		p.Direction = pcapng.Outbound
	}
	p.Comments = s.withGap(comments)
	return pcapng.AppendPacket(dst, p), true
}

// comment says where a frame went, what an impairment did to it, and what its sender says of it.
func (s *Stream) comment(f *Frame) [][]byte {
	where := s.comments[0][:0]
	switch {
	case f.Out:
		where = append(append(where, "to "...), f.Port...)
	case f.Fate.Dropped():
		where = append(append(where, "from "...), f.Port...)
	case f.Targeted:
		where = append(append(append(where, f.Port...), " to "...), f.Target...)
	default:
		where = append(append(where, f.Port...), " to all"...)
	}
	s.comments[0] = where
	s.list = append(s.list[:0], where)
	if fate := f.Fate.AppendText(append(s.comments[1][:0], impaired...)); len(fate) > len(impaired) {
		s.comments[1] = fate
		s.list = append(s.list, fate)
	}
	if len(f.Note) > 0 {
		s.list = append(s.list, f.Note)
	}
	return s.list
}

// withGap adds to the comments of a frame that is appended what is missing before it.
func (s *Stream) withGap(comments [][]byte) [][]byte {
	if s.lost == 0 {
		return comments
	}
	gap := strconv.AppendUint(s.comments[2][:0], s.lost, 10)
	s.comments[2] = append(gap, " frames before this one are missing: the reader of this capture was too slow"...)
	s.list, s.lost = append(comments, s.comments[2]), 0
	return s.list
}

const impaired = "impairment: "

// Lost appends statistics that say that frames of a port are missing here.
func (s *Stream) Lost(dst []byte, now time.Time, l Loss) []byte {
	s.lost += l.Frames
	i := s.ports[l.Port]
	if i == nil {
		dst, i = s.describe(dst, l.Port, l.Kind)
	}
	i.stats.Received += l.Frames
	i.stats.Dropped += l.Frames
	i.stats.Nanos = now.UnixNano()
	i.stats.Comment = "the reader of this capture was too slow"
	return pcapng.AppendStatistics(dst, &i.stats)
}

// Count returns how many frames were appended.
func (s *Stream) Count() uint64 { return s.number }

// End appends the statistics of every port.
func (s *Stream) End(dst []byte, now time.Time) []byte {
	for _, i := range s.order {
		i.stats.Nanos, i.stats.End = now.UnixNano(), now.UnixNano()
		dst = pcapng.AppendStatistics(dst, &i.stats)
	}
	return dst
}
