package syslog_test

import (
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/syslog"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var (
	fresh   = []byte("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed")
	data    = []byte(`<165>1 2003-10-11T22:14:15.003Z h evntslog 123 ID47 [exampleSDID@32473 iut="3"] An event`)
	old     = []byte("<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!")
	plain   = []byte("<13>a text of no form")
	none    = []byte("no priority at all")
	high    = []byte("<999>much")
	zeros   = []byte("<007>zeros")
	only    = []byte("<13>")
	halfway = []byte("<13>1 2003-10-11T22:14:15.003Z")
	all     = [][]byte{fresh, data, old, plain, none, high, zeros, only, halfway, {}, []byte("<"), []byte("<1234>x")}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &syslog.Layout, nil, []fieldtest.Case{
		{Name: "the facility", Bytes: fresh, Field: "syslog.facility", Want: "security/authorization messages (4)"},
		{Name: "the level", Bytes: fresh, Field: "syslog.level", Want: "Critical (2)"},
		{Name: "the time", Bytes: fresh, Field: "syslog.timestamp", Want: `"2003-10-11T22:14:15.003Z"`},
		{Name: "the host", Bytes: fresh, Field: "syslog.hostname", Want: `"mymachine.example.com"`},
		{Name: "who says it", Bytes: fresh, Field: "syslog.appname", Want: `"su"`},
		{Name: "the rest", Bytes: data, Field: "syslog.msgid", Want: `"ID47 [exampleSDID@32473 iut=\"3\"] An event"`},
		{Name: "the old time", Bytes: old, Field: "syslog.timestamp_rfc3164", Want: `"Feb  5 17:32:18"`},
		{Name: "the old host", Bytes: old, Field: "syslog.hostname", Want: `"10.0.0.99"`},
		{Name: "no form", Bytes: plain, Field: "syslog.msg", Want: `"a text of no form"`},
		{Name: "no priority", Bytes: none, Field: "syslog.msg", Fault: "syslog.facility.missing"},
		{Name: "no such priority", Bytes: high, Field: "syslog.facility", Want: "124", Fault: "syslog.facility.unknown"},
		{Name: "zeros", Bytes: zeros, Field: "syslog.level", Want: "Debug (7)"},
		{Name: "an end halfway", Bytes: halfway, Field: "syslog.version", Want: `"1"`},
	})
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &syslog.Layout, nil, all...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	var frames [][]byte
	for _, b := range [][]byte{fresh, data, old, plain, none} {
		frames = append(frames, fieldtest.UDPFrame(40000, 514, b))
	}
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"syslog"}, []string{"syslog.sp", "syslog.facility", "syslog.level"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &syslog.Layout, nil, all...) }
