package igmp_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/igmp"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

var samples = map[string]string{
	"query 1": "1100 0000 00000000", "report 1": "1200 0000 e1010101", "query 2": "1164 0000 00000000", "report 2": "1600 0000 e1010101", "leave": "1700 0000 e1010101",
	"query 3": "1164 0000 e1010101 0a7d 0001 c0000201", "query 3 at once": "1100 0000 e1010101 0a7d 0000", "report 3": "2200 0000 0000 0002 01000001 e1010101 c0000201 04010000 e1010102 aabbccdd",
	"create": "0101 0000 00000001 e1010101 1122334455667788", "create reply": "0201 0000 00000001 e1010101 1122334455667788",
	"trace": "1f20 0000 e1010101 c0000201 c0000202 c0000203 40000007", "trace reply": "1e20 0000 e1010101 c0000201 c0000202 c0000203 40000007 00000001 c0000201 c0000202 c0000203 00000001 00000002 00000003 01 20 58 00",
}

// odd are messages that Wireshark has otherwise, and broken ones.
var odd = map[string]string{
	"report with more": "1600 0000 e1010101 0102", "router": "3014 0000 007d 0002", "router solicitation": "3100 0000", "router termination": "3200 0000", "unknown": "f000 0000 01020304", "pim": "1400 0000 10000001",
	"query with a long time": "11c4 0000 00000000 02ff 0000", "sources that are not there": "1164 0000 e1010101 0a7d 0009 c0000201", "records that are not there": "2200 0000 0000 0009 01000000 e1010101",
	"record's sources that are not": "2200 0000 0000 0001 01000009 e1010101 c0000201", "data that is not there": "2200 0000 0000 0001 01090000 e1010101 aabb", "no group": "1600 0000 01010101",
}

func message(name string) []byte {
	h, ok := samples[name]
	if !ok {
		h = odd[name]
	}
	b := fieldtest.Hex(h)
	binary.BigEndian.PutUint16(b[2:], sum.Partial(0).Add(b).Checksum())
	return b
}

func all() (list [][]byte) {
	for name := range samples {
		list = append(list, message(name))
	}
	for name := range odd {
		list = append(list, message(name))
	}
	return list
}

func TestFields(t *testing.T) {
	bad := message("query 3")
	bad[3] ^= 1
	fieldtest.Run(t, &igmp.Layout, nil, []fieldtest.Case{
		{Name: "the type has a name", Bytes: message("leave"), Field: "igmp.type", Want: "Leave Group (0x17)"},
		{Name: "version 1 has no time", Bytes: message("query 1"), Field: "igmp.max_resp", Want: "absent"},
		{Name: "version 2 has", Bytes: message("query 2"), Field: "igmp.max_resp", Want: "100 tenths of a second"},
		{Name: "version 3 has, though it be 0", Bytes: message("query 3 at once"), Field: "igmp.max_resp", Want: "0 tenths of a second"},
		{Name: "a time with an exponent", Bytes: message("query with a long time"), Field: "igmp.max_resp.exp", Want: "0x4"},
		{Name: "the sources asked for", Bytes: message("query 3"), Field: "igmp.saddr", Want: "192.0.2.1"},
		{Name: "a record", Bytes: message("report 3"), Field: "igmp.record_type", Want: "Mode Is Include (1)"},
		{Name: "a record's data", Bytes: message("report 3"), Field: "igmp.aux_data", Want: "aabbccdd"},
		{Name: "version 0", Bytes: message("create reply"), Field: "igmp.reply", Want: "Request Denied, No Resources (1)"},
		{Name: "a router on the way", Bytes: message("trace reply"), Field: "igmp.mtrace.q_prevrtr", Want: "192.0.2.3"},
		{Name: "a multicast router", Bytes: message("router"), Field: "igmp.query_interval", Want: "2m5s (125)"},
		{Name: "of unknown types all is data", Bytes: fieldtest.Hex(odd["unknown"]), Field: "igmp.data", Want: "00000001020304"},
		{Name: "behind a message", Bytes: message("report with more"), Field: "igmp.data", Want: "0102"},
		{Name: "a wrong checksum", Bytes: bad, Field: "igmp.checksum", Fault: "checksum.bad"},
		{Name: "fewer sources than said", Bytes: message("sources that are not there"), Field: "igmp.num_src", Want: "9", Fault: "malformed.length"},
		{Name: "fewer records than said", Bytes: message("records that are not there"), Field: "igmp.num_grp_recs", Want: "9", Fault: "malformed.length"},
		{Name: "fewer of a record's sources", Bytes: message("record's sources that are not"), Field: "igmp.num_src", Want: "9", Fault: "malformed.length"},
		{Name: "less data than said", Bytes: message("data that is not there"), Field: "igmp.aux_data_len", Want: "9", Fault: "malformed.length"},
		{Name: "a group that is none", Bytes: message("no group"), Field: "igmp.maddr", Want: "1.1.1.1", Fault: "igmp.maddr.not_multicast"},
		{Name: "cut in the group", Bytes: message("leave")[:6], Field: "igmp.maddr", Fault: "malformed.truncated"},
	})
	c := fieldtest.Decode(t, &igmp.Layout, bad, nil)
	for _, s := range c.Spans {
		if s.Err == field.BadSum && s.Want != uint32(binary.BigEndian.Uint16(message("query 3")[2:])) {
			t.Errorf("the right checksum is said to be %#x", s.Want)
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &igmp.Layout, nil, all()...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		b := message(name)
		ip := fieldtest.Hex("45000000 00000000 01020000 c0000201 e0000001")
		binary.BigEndian.PutUint16(ip[2:], uint16(20+len(b)))
		binary.BigEndian.PutUint16(ip[10:], sum.Partial(0).Add(ip).Checksum())
		frames = append(frames, bytes.Join([][]byte{fieldtest.Hex("01005e000001 020000000001 0800"), ip, b}, nil))
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"igmp"},
		[]string{"igmp.checksum.status"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &igmp.Layout, nil, all()...) }
