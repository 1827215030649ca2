package session

import (
	"strings"

	"httptap/pcap/fact"
)

// A difference is a field of a frame of which a Session and Wireshark do not say the same.
type difference struct {
	spec         *fact.Spec
	theirs, ours []string
	frame        *caught
	facts        map[*fact.Spec][]string
	explained    bool // a layout is known for what the last stream carries
}

// accepted are the differences that are meant, each with its reason.
var accepted = []struct {
	reason string
	is     func(d difference) bool
}{
	{"no room of this decoder explains what the stream carries", func(d difference) bool {
		name := d.spec.Name
		app := strings.HasPrefix(name, "http.") || strings.HasPrefix(name, "tcp.reassembled") || strings.HasPrefix(name, "tcp.segment")
		return app && len(d.ours) == 0 && !d.explained
	}},
	{"the frame of the fragment that contradicts says so, too: the datagram may never be complete", func(d difference) bool {
		r := &fact.IPv4
		return (d.spec == &r.Overlap || d.spec == &r.Conflict || d.spec == &r.Tails || d.spec == &r.TooLong) && len(d.theirs) == 0 && d.facts[&r.Count] == nil
	}},
	{"Wireshark compares copies within reassembled messages only", func(d difference) bool {
		return (d.spec == &fact.TCP.Conflict || d.spec == &fact.TCP.Overlap) && len(d.theirs) == 0
	}},
}

// excuse returns why a difference is accepted, or "".
func excuse(d difference) string {
	for _, a := range accepted {
		if a.is(d) {
			return a.reason
		}
	}
	return ""
}
