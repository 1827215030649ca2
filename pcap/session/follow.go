package session

import "net/netip"

// A Protocol is what carries a stream.
type Protocol uint8

// The protocols.
const (
	TCP Protocol = iota
	UDP
)

// A Chunk is the next bytes of a flow, or a gap in it.
type Chunk struct {
	Protocol Protocol
	Stream   uint64 // tcp.stream or udp.stream
	Src, Dst netip.AddrPort

	FromClient bool   // sent by who began the conversation, as far as was seen
	Frame      uint64 // the frame that made these bytes the next ones
	Data       []byte
	Gap        int64 // bytes that are missing here; Data is empty
}

func (p *packet) source(port uint16) netip.AddrPort      { return addrPort(p.src, port, p.v6) }
func (p *packet) destination(port uint16) netip.AddrPort { return addrPort(p.dst, port, p.v6) }

func addrPort(a [16]byte, port uint16, v6 bool) netip.AddrPort {
	if v6 {
		return netip.AddrPortFrom(netip.AddrFrom16(a), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a[:4])), port)
}

// follow hands a chunk of a flow of TCP over.
func (s *Session) follow(st *stream, flow int, data []byte, gap int64) {
	if s.cfg.Follow == nil {
		return
	}
	k := &st.key
	a, b := addrPort(k.a, k.aPort, k.v6), addrPort(k.b, k.bPort, k.v6)
	if flow == 1 {
		a, b = b, a
	}
	s.cfg.Follow(Chunk{Protocol: TCP, Stream: st.number, FromClient: flow == st.client, Src: a, Dst: b, Frame: s.number, Data: data, Gap: gap})
}
