package main

import (
	"time"

	"httptap/httptap/internal/capture"
	"httptap/pcap"
	"httptap/pcap/filter"
)

// A matcher is a display filter over the frames of one capture.
type matcher struct {
	filter  *filter.Filter
	decoder pcap.Decoder
	packet  filter.Packet
	first   int64 // when the first frame was seen, in ns since 1970; 0: none was
}

// compileFilter is relay.Config.Filter: the language is that of package pcap/filter.
func compileFilter(text string) (capture.Matcher, error) {
	f, err := filter.Compile(text)
	if err != nil {
		return nil, err
	}
	return &matcher{filter: f}, nil
}

// Match implements capture.Matcher.
func (m *matcher) Match(frame []byte, about capture.Meta) bool {
	if m.first == 0 {
		m.first = about.Nanos
	}
	p := &m.packet
	p.Frame, p.Wire, p.Spans = frame, len(frame), m.decoder.Decode(frame, len(frame))
	p.Number, p.Interface = about.Number, about.Port
	p.Time, p.Relative = time.Unix(0, about.Nanos), time.Duration(about.Nanos-m.first)
	p.Comments = p.Comments[:0]
	for _, c := range about.Comments {
		p.Comments = append(p.Comments, string(c))
	}
	return m.filter.Match(p)
}
