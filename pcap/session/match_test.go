package session

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/sum"
)

// dnsMessage is a question, or an answer to it without records.
func dnsMessage(id uint16, response bool) []byte {
	return []byte(dnsOverTCP(id, response, 20)[2:])
}

func echoMessage(reply bool, id, number uint16, data string) []byte {
	b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8, 0, 0, 0}, id), number)
	if reply {
		b[0] = 0
	}
	b = append(b, data...)
	binary.BigEndian.PutUint16(b[2:], sum.Partial(0).Add(b).Checksum())
	return b
}

// ntpMessage is one of a mode with its origin and transmit timestamps.
func ntpMessage(mode byte, origin, transmit uint64) []byte {
	b := make([]byte, 48)
	b[0], b[1] = 4<<3|mode, 1
	binary.BigEndian.PutUint64(b[24:], origin)
	binary.BigEndian.PutUint64(b[40:], transmit)
	return b
}

// dhcpMessage is one of an operation with a message type.
func dhcpMessage(op byte, xid uint32, typ byte) []byte {
	b := make([]byte, 240, 244)
	b[0], b[1], b[2] = op, 1, 6
	binary.BigEndian.PutUint32(b[4:], xid)
	copy(b[28:], []byte{2, 0, 0, 0, 0, 1})
	binary.BigEndian.PutUint32(b[236:], 0x63825363)
	return append(b, 53, 1, typ, 255)
}

// An asked is a frame and the facts of its exchange, as "time=14ms to=3 in=9", in which "in" is known
// later.
type asked struct {
	ms   int
	data []byte
	want string
}

func udp4(back bool, port uint16, data []byte) []byte {
	if back {
		return datagram4(bob, alice, port, 4000, data)
	}
	return datagram4(alice, bob, 4000, port, data)
}

func icmp4(back bool, data []byte) []byte {
	if back {
		return packet4(bob, alice, ipv4.ProtoICMP, data)
	}
	return packet4(alice, bob, ipv4.ProtoICMP, data)
}

func arp4(op uint16, sender byte, senderIP [4]byte, target byte, targetIP [4]byte) []byte {
	b := ethernet.Append(nil, link.Broadcast, link.Addr{2, 0, 0, 0, 0, sender}, ethernet.TypeARP)
	return arp.Append(b, op, link.Addr{2, 0, 0, 0, 0, sender}, senderIP, link.Addr{2, 0, 0, 0, 0, target}, targetIP)
}

var exchanges = []asked{
	{0, udp4(false, 53, dnsMessage(1, false)), "in=2"},
	{20, udp4(true, 53, dnsMessage(1, true)), "to=1 time=20"},
	{30, udp4(true, 53, dnsMessage(1, true)), "again=2"},
	{40, udp4(false, 53, dnsMessage(2, false)), "in=6"},
	{1040, udp4(false, 53, dnsMessage(2, false)), "resent=4"},
	{1060, udp4(true, 53, dnsMessage(2, true)), "to=4 time=1020"},
	{1070, udp4(true, 53, dnsMessage(3, true)), ""},
	{1080, udp4(false, 53, dnsMessage(1, false)), "in=9"},
	{1090, udp4(true, 53, dnsMessage(1, true)), "to=8 time=10"},
	{1100, udp4(false, 53, dnsMessage(4, false)), ""},
	{9100, udp4(false, 53, dnsMessage(4, false)), "in=12"},
	{9110, udp4(true, 53, dnsMessage(4, true)), "to=11 time=10"},
	{9120, icmp4(false, echoMessage(false, 7, 1, "abcdefgh")), "in=14"},
	{9122, icmp4(true, echoMessage(true, 7, 1, "abcdefgh")), "to=13 time=2"},
	{9123, icmp4(true, echoMessage(true, 7, 1, "abcdefgh")), ""},
	{9130, icmp4(true, echoMessage(true, 7, 2, "abcdefgh")), ""},
	{9140, icmp4(false, echoMessage(false, 7, 3, "abcdefgh")), ""},
	{9150, icmp4(false, echoMessage(false, 7, 3, "abcdefgh")), "in=19"},
	{9160, icmp4(true, echoMessage(true, 7, 3, "abcdefgh")), "to=18 time=10"},
	{9170, udp4(false, 123, ntpMessage(3, 0, 0xe000000080000000)), "in=21"},
	{9180, udp4(true, 123, ntpMessage(4, 0xe000000080000000, 0xe000000090000000)), "to=20 time=10"},
	{9190, udp4(true, 123, ntpMessage(4, 0xe000000070000000, 0xe000000090000000)), ""},
	{9200, datagram4([4]byte{}, [4]byte{255, 255, 255, 255}, 68, 67, dhcpMessage(1, 99, 1)), "in=24"},
	{9210, datagram4(bob, alice, 67, 68, dhcpMessage(2, 99, 2)), "to=23 time=10"},
	{9220, datagram4([4]byte{10, 0, 0, 3}, alice, 67, 68, dhcpMessage(2, 99, 2)), "to=23 time=20"},
	{9230, datagram4([4]byte{}, [4]byte{255, 255, 255, 255}, 68, 67, dhcpMessage(1, 99, 3)), "in=27"},
	{9240, datagram4(bob, alice, 67, 68, dhcpMessage(2, 99, 5)), "to=26 time=10"},
	{9250, datagram4(bob, alice, 67, 68, dhcpMessage(2, 98, 5)), ""},
	{9260, arp4(1, 1, alice, 0, bob), "in=30"},
	{9261, arp4(2, 2, bob, 1, alice), "to=29 time=1"},
	{9262, arp4(2, 9, bob, 1, alice), "to=29 time=2"},
	{9270, arp4(1, 1, [4]byte{}, 0, [4]byte{10, 0, 0, 7}), "in=33"},
	{9271, arp4(2, 7, [4]byte{10, 0, 0, 7}, 1, [4]byte{}), "to=32 time=1"},
	{9280, arp4(2, 7, [4]byte{10, 0, 0, 7}, 1, alice), ""},
}

func exchangeFrames() (frames []caught) {
	for i, x := range exchanges {
		frames = append(frames, caught{fmt.Sprintf("exchange %d", i+1), start.Add(time.Duration(x.ms) * ms), x.data, len(x.data)})
	}
	return frames
}

func TestExchanges(t *testing.T) {
	got := make([][]string, len(exchanges)+1)
	s := New(Config{})
	var d pcap.Decoder
	for i, f := range exchangeFrames() {
		r := s.Add(&Frame{Number: uint64(i + 1), Time: f.at, Data: f.data, Spans: d.Decode(f.data, f.wire)})
		for _, x := range r.Facts {
			short := ""
			for _, e := range []*fact.Exchange{&fact.DNS, &fact.ICMP, &fact.NTP, &fact.DHCP, &fact.ARP} {
				switch x.Spec {
				case &e.ResponseTo:
					short = fmt.Sprintf("to=%d", x.N)
				case &e.Time:
					short = fmt.Sprintf("time=%d", x.Elapsed()/1e6)
					if x.Spec.Type == fact.Float {
						short = fmt.Sprintf("time=%g", x.Float())
					}
				}
			}
			switch x.Spec {
			case &fact.DNSRetransmitRequest:
				short = fmt.Sprintf("resent=%d", x.N)
			case &fact.DNSRetransmitResponse:
				short = fmt.Sprintf("again=%d", x.N)
			}
			if short == "" {
				continue
			}
			if x.Message != -1 || x.Layer < 0 || f.data == nil {
				t.Errorf("frame %d: %s is of layer %d, message %d", i+1, short, x.Layer, x.Message)
			}
			got[i+1] = append(got[i+1], short)
		}
		for _, e := range r.Earlier {
			got[e.Frame] = append(got[e.Frame], fmt.Sprintf("in=%d", e.N))
		}
	}
	for i, x := range exchanges {
		w := strings.Fields(x.want)
		slices.Sort(w)
		slices.Sort(got[i+1])
		if !slices.Equal(w, got[i+1]) {
			t.Errorf("frame %d: %v, want %v", i+1, got[i+1], w)
		}
	}
}

func TestExchangesAgainstWireshark(t *testing.T) {
	compare(t, exchangeFrames(), 100)
}

// TestRequestsAreBounded: the oldest request goes, and is counted.
func TestRequestsAreBounded(t *testing.T) {
	s := New(Config{Requests: 4})
	var d pcap.Decoder
	n := uint64(0)
	add := func(b []byte) *Result {
		n++
		return s.Add(&Frame{Number: n, Time: start.Add(time.Duration(n) * ms), Data: b, Spans: d.Decode(b, len(b))})
	}
	for id := range uint16(10) {
		add(udp4(false, 53, dnsMessage(id, false)))
	}
	if got := s.Stats().EvictedRequests; got != 6 {
		t.Errorf("%d requests evicted, want 6", got)
	}
	for id := range uint16(10) {
		r := add(udp4(true, 53, dnsMessage(id, true)))
		if found := len(r.Earlier) > 0; found != (id >= 6) {
			t.Errorf("the response to %d of 10 is matched: %v", id, found)
		}
	}
}
