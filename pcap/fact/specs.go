package fact

import "httptap/stack/field"

// Facts of the frame itself and of the session.
var (
	TimeDelta = Spec{Name: "frame.time_delta", Label: "Time delta from previous captured frame", Type: Duration, Unit: "seconds"}
	Evicted   = Spec{Name: "session.evicted", Label: "Conversations given up to make room", Type: Uint, Severity: field.Note, Own: true}
)

// Facts of a conversation over UDP.
var (
	UDPStream   = Spec{Name: "udp.stream", Label: "Stream index", Layer: "udp", Type: Uint}
	UDPRelative = Spec{Name: "udp.time_relative", Label: "Time since first frame", Layer: "udp", Type: Duration, Unit: "seconds"}
	UDPDelta    = Spec{Name: "udp.time_delta", Label: "Time since previous frame", Layer: "udp", Type: Duration, Unit: "seconds"}
)

// A Reassembly names the facts of what was put together from several frames.
type Reassembly struct {
	In       Spec // on a piece: the frame that completes the whole
	Pieces   Spec // on the frame that completes it, as are those below
	Piece    Spec // the frame of each piece
	Error    Spec // the frame of one that contradicts the others
	Count    Spec
	Length   Spec
	Data     Spec
	Overlap  Spec // pieces with the same bytes twice
	Conflict Spec // with different ones: the first that came was taken
	Tails    Spec // two pieces that each are the last
	TooLong  Spec // a piece that reaches past the last
}

// IPv4, IPv6 and TCP are what is reassembled.
var (
	IPv4 = Reassembly{
		In:       Spec{Name: "ip.reassembled_in", Label: "Reassembled IPv4 in frame", Layer: "ip", Type: Frame},
		Pieces:   Spec{Name: "ip.fragments", Label: "IPv4 Fragments", Layer: "ip", Type: Bytes},
		Piece:    Spec{Name: "ip.fragment", Label: "IPv4 Fragment", Layer: "ip", Type: Frame},
		Error:    Spec{Name: "ip.fragment.error", Label: "Defragmentation error", Layer: "ip", Type: Frame, Severity: field.Error},
		Count:    Spec{Name: "ip.fragment.count", Label: "Fragment count", Layer: "ip", Type: Uint},
		Length:   Spec{Name: "ip.reassembled.length", Label: "Reassembled IPv4 length", Layer: "ip", Type: Uint, Unit: "bytes"},
		Data:     Spec{Name: "ip.reassembled.data", Label: "Reassembled IPv4 data", Layer: "ip", Type: Bytes},
		Overlap:  Spec{Name: "ip.fragment.overlap", Label: "Fragment overlap", Layer: "ip", Type: Present, Severity: field.Warn},
		Conflict: Spec{Name: "ip.fragment.overlap.conflict", Label: "Conflicting data in fragment overlap", Layer: "ip", Type: Present, Severity: field.Error},
		Tails:    Spec{Name: "ip.fragment.multipletails", Label: "Multiple tail fragments found", Layer: "ip", Type: Present, Severity: field.Error},
		TooLong:  Spec{Name: "ip.fragment.toolongfragment", Label: "Fragment too long", Layer: "ip", Type: Present, Severity: field.Error},
	}
	IPv6 = Reassembly{
		In:       Spec{Name: "ipv6.reassembled.in", Label: "Reassembled IPv6 in frame", Layer: "ipv6", Type: Frame},
		Pieces:   Spec{Name: "ipv6.fragments", Label: "IPv6 Fragments", Layer: "ipv6", Type: Present},
		Piece:    Spec{Name: "ipv6.fragment", Label: "IPv6 Fragment", Layer: "ipv6", Type: Frame},
		Error:    Spec{Name: "ipv6.fragment.error", Label: "Defragmentation error", Layer: "ipv6", Type: Frame, Severity: field.Error},
		Count:    Spec{Name: "ipv6.fragment.count", Label: "Fragment count", Layer: "ipv6", Type: Uint},
		Length:   Spec{Name: "ipv6.reassembled.length", Label: "Reassembled IPv6 length", Layer: "ipv6", Type: Uint, Unit: "bytes"},
		Data:     Spec{Name: "ipv6.reassembled.data", Label: "Reassembled IPv6 data", Layer: "ipv6", Type: Bytes},
		Overlap:  Spec{Name: "ipv6.fragment.overlap", Label: "Fragment overlap", Layer: "ipv6", Type: Present, Severity: field.Warn},
		Conflict: Spec{Name: "ipv6.fragment.overlap.conflict", Label: "Conflicting data in fragment overlap", Layer: "ipv6", Type: Present, Severity: field.Error},
		Tails:    Spec{Name: "ipv6.fragment.multipletails", Label: "Multiple tail fragments found", Layer: "ipv6", Type: Present, Severity: field.Error},
		TooLong:  Spec{Name: "ipv6.fragment.toolongfragment", Label: "Fragment too long", Layer: "ipv6", Type: Present, Severity: field.Error},
	}
	TCP = Reassembly{
		In:       Spec{Name: "tcp.reassembled_in", Label: "Reassembled PDU in frame", Layer: "tcp", Type: Frame},
		Pieces:   Spec{Name: "tcp.segments", Label: "Reassembled TCP Segments", Layer: "tcp", Type: Present},
		Piece:    Spec{Name: "tcp.segment", Label: "TCP Segment", Layer: "tcp", Type: Frame},
		Error:    Spec{Name: "tcp.segment.error", Label: "Reassembling error", Layer: "tcp", Type: Frame, Severity: field.Error},
		Count:    Spec{Name: "tcp.segment.count", Label: "Segment count", Layer: "tcp", Type: Uint},
		Length:   Spec{Name: "tcp.reassembled.length", Label: "Reassembled TCP length", Layer: "tcp", Type: Uint, Unit: "bytes"},
		Data:     Spec{Name: "tcp.reassembled.data", Label: "Reassembled TCP Data", Layer: "tcp", Type: Bytes},
		Overlap:  Spec{Name: "tcp.segment.overlap", Label: "Segment overlap", Layer: "tcp", Type: Present, Severity: field.Note},
		Conflict: Spec{Name: "tcp.segment.overlap.conflict", Label: "Conflicting data in segment overlap", Layer: "tcp", Type: Present, Severity: field.Error},
		Tails:    Spec{Name: "tcp.segment.multipletails", Label: "Multiple tail segments found", Layer: "tcp", Type: Present, Severity: field.Error},
		TooLong:  Spec{Name: "tcp.segment.toolongfragment", Label: "Segment too long", Layer: "tcp", Type: Present, Severity: field.Error},
	}
)

// An Exchange names the facts of a request and its response.
type Exchange struct {
	ResponseIn Spec // on the request: the frame of the response
	ResponseTo Spec // on the response: the frame of the request
	Time       Spec // on the response: since the request
}

// The exchanges. Wireshark has no such fields for DHCP and ARP.
var (
	DNS = Exchange{
		Spec{Name: "dns.response_in", Label: "Response In", Layer: "dns", Type: Frame},
		Spec{Name: "dns.response_to", Label: "Request In", Layer: "dns", Type: Frame},
		Spec{Name: "dns.time", Label: "Time", Layer: "dns", Type: Duration, Unit: "seconds"},
	}
	DHCP = Exchange{
		Spec{Name: "dhcp.response_in", Label: "Response In", Layer: "dhcp", Type: Frame, Own: true},
		Spec{Name: "dhcp.response_to", Label: "Request In", Layer: "dhcp", Type: Frame, Own: true},
		Spec{Name: "dhcp.time", Label: "Time", Layer: "dhcp", Type: Duration, Unit: "seconds", Own: true},
	}
	NTP = Exchange{
		Spec{Name: "ntp.response_in", Label: "Response In", Layer: "ntp", Type: Frame},
		Spec{Name: "ntp.request_in", Label: "Request In", Layer: "ntp", Type: Frame},
		Spec{Name: "ntp.delta_time", Label: "Delta Time", Layer: "ntp", Type: Duration, Unit: "seconds"},
	}
	ICMP = Exchange{
		Spec{Name: "icmp.resp_in", Label: "Response frame", Layer: "icmp", Type: Frame},
		Spec{Name: "icmp.resp_to", Label: "Request frame", Layer: "icmp", Type: Frame},
		Spec{Name: "icmp.resptime", Label: "Response time", Layer: "icmp", Type: Float, Unit: "ms"},
	}
	ICMPv6 = Exchange{
		Spec{Name: "icmpv6.resp_in", Label: "Response In", Layer: "icmpv6", Type: Frame},
		Spec{Name: "icmpv6.resp_to", Label: "Response To", Layer: "icmpv6", Type: Frame},
		Spec{Name: "icmpv6.resptime", Label: "Response Time", Layer: "icmpv6", Type: Float, Unit: "ms"},
	}
	ARP = Exchange{
		Spec{Name: "arp.response_in", Label: "Response In", Layer: "arp", Type: Frame, Own: true},
		Spec{Name: "arp.response_to", Label: "Request In", Layer: "arp", Type: Frame, Own: true},
		Spec{Name: "arp.time", Label: "Time", Layer: "arp", Type: Duration, Unit: "seconds", Own: true},
	}
	HTTP = Exchange{
		Spec{Name: "http.response_in", Label: "Response in frame", Layer: "http", Type: Frame},
		Spec{Name: "http.request_in", Label: "Request in frame", Layer: "http", Type: Frame},
		Spec{Name: "http.time", Label: "Time since request", Layer: "http", Type: Duration, Unit: "seconds"},
	}
)

// More facts of messages of DNS and HTTP.
var (
	DNSRetransmission     = Spec{Name: "dns.retransmission", Label: "Retransmission", Layer: "dns", Type: Present, Severity: field.Note}
	DNSRetransmitRequest  = Spec{Name: "dns.retransmit_request_in", Label: "Retransmitted request. Original request in", Layer: "dns", Type: Frame}
	DNSRetransmitResponse = Spec{Name: "dns.retransmit_response_in", Label: "Retransmitted response. Original response in", Layer: "dns", Type: Frame}

	HTTPRequestNumber  = Spec{Name: "http.request_number", Label: "Request number", Layer: "http", Type: Uint}
	HTTPResponseNumber = Spec{Name: "http.response_number", Label: "Response number", Layer: "http", Type: Uint}
	HTTPPrevRequest    = Spec{Name: "http.prev_request_in", Label: "Prev request in frame", Layer: "http", Type: Frame}
	HTTPPrevResponse   = Spec{Name: "http.prev_response_in", Label: "Prev response in frame", Layer: "http", Type: Frame}
	HTTPNextRequest    = Spec{Name: "http.next_request_in", Label: "Next request in frame", Layer: "http", Type: Frame}
	HTTPNextResponse   = Spec{Name: "http.next_response_in", Label: "Next response in frame", Layer: "http", Type: Frame}
)

// Exchanges are all of them.
var Exchanges = []*Exchange{&DNS, &DHCP, &NTP, &ICMP, &ICMPv6, &ARP, &HTTP}

// IsResponseTime tells whether a field says how long a response took.
func IsResponseTime(s *Spec) bool {
	for _, e := range Exchanges {
		if s == &e.Time {
			return true
		}
	}
	return false
}

// Specs returns every field that a fact can be of.
func Specs() []*Spec {
	list := []*Spec{&TimeDelta, &Evicted, &UDPStream, &UDPRelative, &UDPDelta, &DNSRetransmission, &DNSRetransmitRequest, &DNSRetransmitResponse,
		&HTTPRequestNumber, &HTTPResponseNumber, &HTTPPrevRequest, &HTTPPrevResponse, &HTTPNextRequest, &HTTPNextResponse}
	for _, r := range []*Reassembly{&IPv4, &IPv6, &TCP} {
		list = append(list, &r.In, &r.Pieces, &r.Piece, &r.Error, &r.Count, &r.Length, &r.Data, &r.Overlap, &r.Conflict, &r.Tails, &r.TooLong)
	}
	for _, e := range Exchanges {
		list = append(list, &e.ResponseIn, &e.ResponseTo, &e.Time)
	}
	return append(list, tcpSpecs...)
}
