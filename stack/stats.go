package stack

// Stats counts what a Host sent, received and refused. No frame disappears uncounted:
// FramesIn is the sum of what was delivered and of the drops by reason.
type Stats struct {
	FramesIn, FramesOut uint64
	BytesIn, BytesOut   uint64
	WriteErrors         uint64 // frames that the device refused

	DropShort      uint64 // frames shorter than an Ethernet header
	DropNotForUs   uint64 // other stations' unicast frames and groups that we are not in
	DropType       uint64 // EtherTypes that the host does not speak
	DropARP        uint64 // malformed or lying ARP packets
	DropIP         uint64 // malformed IPv4 packets, bad header checksums
	DropAddress    uint64 // IPv4 packets for another host, or from an impossible source
	DropFragment   uint64 // malformed fragments
	DropDuplicate  uint64 // fragments that came before
	DropOverlap    uint64 // fragments of datagrams whose fragments overlap or contradict each other
	DropTiny       uint64 // fragments of datagrams in too many pieces
	DropMarks      uint64 // fragments of datagrams whose congestion marks can't be joined
	DropIncomplete uint64 // fragments of datagrams that stayed incomplete for too long
	DropEvicted    uint64 // fragments of datagrams that had to make room for others
	DropProtocol   uint64 // IP protocols that the host does not speak
	DropICMP       uint64 // malformed ICMP messages, and those about nothing of ours
	DropUDP        uint64 // malformed datagrams, bad checksums
	DropUDPPort    uint64 // datagrams to a port where nobody listens
	DropUDPFull    uint64 // datagrams for a socket whose queue is full
	DropTCP        uint64 // malformed segments, bad checksums
	DropTCPRefused uint64 // segments that belong to no connection
	DropTCPState   uint64 // segments that their connection refused: out of window, bad ACK, ...
	DropBacklog    uint64 // connection requests beyond a listener's backlog
	DropTTL        uint64 // packets to other hosts whose TTL ends here
	DropForward    uint64 // connections, flows and pings to other hosts that nobody accepted in time
	DropDHCP       uint64 // DHCP messages that are malformed or not for us
	DropUnresolved uint64 // packets given up because ARP had no answer
	DropQueue      uint64 // packets given up because the output queue was full

	ForwardedTCP    uint64 // connections to other hosts that a Forwarder was offered
	ForwardedUDP    uint64 // flows of datagrams
	ForwardedEcho   uint64 // pings
	ForwardedAgain  uint64 // SYNs that came again before it was decided of the first
	Fragments       uint64 // fragments received
	Reassembled     uint64 // packets put together from them
	EchoReplies     uint64 // pings answered
	ResetsSent      uint64 // RST sent to segments that belong to nobody
	TimeWaitsCut    uint64 // connections whose TIME-WAIT ended early, because there were too many
	CookiesSent     uint64 // SYNs answered with a cookie, because too many handshakes were under way
	CookiesAccepted uint64 // connections opened by one
	Unreachables    uint64 // ICMP unreachable messages sent
	TimesExceeded   uint64 // ICMP messages sent about datagrams that stayed incomplete, and TTLs that ended
	ErrorsLimited   uint64 // ICMP errors not sent, because there were too many
	EchoesLimited   uint64 // pings not answered, because there were too many
}

// snapshot returns the counters as they are now, those that reassembly keeps among them.
func (e *engine) snapshot() Stats {
	s, r := e.stats, &e.reasm.Stats
	s.Fragments, s.Reassembled = r.Received, r.Completed
	s.DropFragment, s.DropDuplicate, s.DropOverlap = r.Malformed, r.Duplicate, r.Overlap
	s.DropTiny, s.DropMarks, s.DropIncomplete, s.DropEvicted = r.Tiny, r.Marks, r.TimedOut, r.Evicted
	return s
}
