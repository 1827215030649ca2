package fact

import "httptap/stack/field"

// Facts of a TCP segment.
var (
	TCPStream       = tcp("stream", "Stream index", Uint, "")
	TCPCompleteness = Spec{Name: "tcp.completeness", Label: "Conversation completeness", Layer: "tcp", Type: Uint, Values: completeness}
	TCPSeq          = tcp("seq", "Sequence Number", Uint, "")
	TCPNext         = tcp("nxtseq", "Next Sequence Number", Uint, "")
	TCPAck          = tcp("ack", "Acknowledgment Number", Uint, "")
	TCPLen          = tcp("len", "TCP Segment Len", Uint, "bytes")
	TCPWindow       = tcp("window_size", "Calculated window size", Uint, "bytes")
	TCPWindowScale  = Spec{Name: "tcp.window_size_scalefactor", Label: "Window size scaling factor", Layer: "tcp", Type: Int,
		Values: field.Values{^uint64(0): "unknown", ^uint64(1): "no window scaling used"}}
	TCPRelative = tcp("time_relative", "Time since first frame in this TCP stream", Duration, "seconds")
	TCPDelta    = tcp("time_delta", "Time since previous frame in this TCP stream", Duration, "seconds")
)

// What the comparison of a segment with those before it says. RFC 9293 has no names for these;
// they are Wireshark's.
var (
	Analysis       = tcp("analysis", "SEQ/ACK analysis", Present, "")
	AcksFrame      = tcp("analysis.acks_frame", "This is an ACK to the segment in frame", Frame, "")
	AckRTT         = tcp("analysis.ack_rtt", "The RTT to ACK the segment was", Duration, "seconds")
	InitialRTT     = tcp("analysis.initial_rtt", "iRTT", Duration, "seconds")
	BytesInFlight  = tcp("analysis.bytes_in_flight", "Bytes in flight", Uint, "bytes")
	PushBytes      = tcp("analysis.push_bytes_sent", "Bytes sent since last PSH flag", Uint, "bytes")
	RTO            = tcp("analysis.rto", "The RTO for this segment was", Duration, "seconds")
	RTOFrame       = tcp("analysis.rto_frame", "RTO based on delta from frame", Frame, "")
	DuplicateAckNo = tcp("analysis.duplicate_ack_num", "Duplicate ACK #", Uint, "")
	DuplicateAckOf = tcp("analysis.duplicate_ack_frame", "Duplicate to the ACK in frame", Frame, "")
	AnalysisFlags  = tcp("analysis.flags", "TCP Analysis Flags", Present, "")

	Retransmission     = flag("retransmission", "This frame is a (suspected) retransmission", field.Note)
	FastRetransmission = flag("fast_retransmission", "This frame is a (suspected) fast retransmission", field.Note)
	SpuriousRetrans    = flag("spurious_retransmission", "This frame is a (suspected) spurious retransmission", field.Note)
	OutOfOrder         = flag("out_of_order", "This frame is a (suspected) out-of-order segment", field.Warn)
	ReusedPorts        = flag("reused_ports", "A new tcp session is started with the same ports as an earlier session in this trace", field.Note)
	LostSegment        = flag("lost_segment", "Previous segment(s) not captured (common at capture start)", field.Warn)
	AckLostSegment     = flag("ack_lost_segment", "ACKed segment that wasn't captured (common at capture start)", field.Warn)
	WindowUpdate       = flag("window_update", "TCP window update", field.Note)
	WindowFull         = flag("window_full", "TCP window specified by the receiver is now completely full", field.Warn)
	KeepAlive          = flag("keep_alive", "TCP keep-alive segment", field.Note)
	KeepAliveAck       = flag("keep_alive_ack", "ACK to a TCP keep-alive segment", field.Note)
	DuplicateAck       = flag("duplicate_ack", "Duplicate ACK", field.Note)
	ZeroWindowProbe    = flag("zero_window_probe", "TCP Zero Window Probe", field.Note)
	ZeroWindow         = flag("zero_window", "TCP Zero Window segment", field.Warn)
	ZeroWindowProbeAck = flag("zero_window_probe_ack", "ACK to a TCP Zero Window Probe", field.Note)
)

// The parts of a conversation that TCPCompleteness has a bit for.
const (
	SynSent = 1 << iota
	SynAck
	Acked
	Data
	Fin
	Rst
)

// completeness names the sets of parts.
var completeness = func() field.Values {
	v := field.Values{}
	for n := range uint64(64) {
		const handshake = SynSent | SynAck | Acked
		switch {
		case n == SynSent:
			v[n] = "Incomplete, SYN_SENT"
		case n == SynSent|SynAck:
			v[n] = "Incomplete, CLIENT_ESTABLISHED"
		case n == handshake:
			v[n] = "Incomplete, ESTABLISHED"
		case n == handshake|Data:
			v[n] = "Incomplete, DATA"
		case n&handshake == handshake && n&Data != 0:
			v[n] = "Complete, WITH_DATA"
		case n&handshake == handshake:
			v[n] = "Complete, NO_DATA"
		default:
			v[n] = "Incomplete"
		}
	}
	return v
}()

func tcp(name, label string, t Type, unit string) Spec {
	return Spec{Name: "tcp." + name, Label: label, Layer: "tcp", Type: t, Unit: unit}
}

func flag(name, label string, s field.Severity) Spec {
	return Spec{Name: "tcp.analysis." + name, Label: label, Layer: "tcp", Type: Present, Severity: s}
}

var tcpSpecs = []*Spec{&TCPStream, &TCPCompleteness, &TCPSeq, &TCPNext, &TCPAck, &TCPLen, &TCPWindow, &TCPWindowScale, &TCPRelative, &TCPDelta,
	&Analysis, &AcksFrame, &AckRTT, &InitialRTT, &BytesInFlight, &PushBytes, &RTO, &RTOFrame, &DuplicateAckNo, &DuplicateAckOf, &AnalysisFlags,
	&Retransmission, &FastRetransmission, &SpuriousRetrans, &OutOfOrder, &ReusedPorts, &LostSegment, &AckLostSegment, &WindowUpdate, &WindowFull,
	&KeepAlive, &KeepAliveAck, &DuplicateAck, &ZeroWindowProbe, &ZeroWindow, &ZeroWindowProbeAck}
