package main

import (
	"strings"
	"testing"

	"httptap/httptap/internal/capture"
	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/link"
)

// A capture's filter sees a frame's fields and what the capture says of the frame.
func TestFilterOfCaptures(t *testing.T) {
	me, ip := link.LocalAddr("me"), [4]byte{10, 0, 0, 1}
	frame := arp.Append(ethernet.Append(nil, link.Broadcast, me, ethernet.TypeARP), arp.OpRequest, me, ip, link.Addr{}, [4]byte{10, 0, 0, 2})
	about := capture.Meta{Nanos: 5e9, Port: "client me", Number: 3, Comments: [][]byte{[]byte("client me to all"), []byte("impairment: lost")}}
	for text, want := range map[string]bool{
		"arp":                                          true,
		"arp.dst.proto_ipv4 == 10.0.0.2":               true,
		"arp.dst.proto_ipv4 == 10.0.0.3":               false,
		"tcp":                                          false,
		"frame.number == 3":                            true,
		`frame.interface_name == "client me"`:          true,
		`frame.interface_name == "tap0"`:               false,
		`frame.comment contains "lost"`:                true,
		`frame.comment contains "delayed"`:             false,
		"frame.time_relative == 0":                     true,
		`frame.len == 42 and eth.dst[0:3] == ff:ff:ff`: true,
	} {
		m, err := compileFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := m.Match(frame, about); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	m, err := compileFilter("frame.time_relative == 2")
	if err != nil {
		t.Fatal(err)
	}
	first := m.Match(frame, about)
	about.Nanos, about.Comments = 7e9, nil
	if second := m.Match(frame, about); first || !second {
		t.Errorf("two seconds after the first frame: %v and %v", first, second)
	}
	if _, err := compileFilter("tcp.prot == 80"); err == nil || !strings.Contains(err.Error(), "tcp.port") {
		t.Errorf("a mistake is %v", err)
	}
}
