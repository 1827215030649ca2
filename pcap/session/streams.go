package session

import (
	"bytes"
	"encoding/binary"
	"unsafe"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
)

// A streamKey names a conversation, whichever way a packet goes.
type streamKey struct {
	a, b         [16]byte
	aPort, bPort uint16
	v6           bool
}

// key returns the conversation of a packet and which of its two flows the packet is of.
func (p *packet) key(src, dst uint16) (streamKey, int) {
	c := bytes.Compare(p.src[:], p.dst[:])
	if c < 0 || c == 0 && src < dst {
		return streamKey{p.src, p.dst, src, dst, p.v6}, 0
	}
	return streamKey{p.dst, p.src, dst, src, p.v6}, 1
}

// A stream is a conversation.
type stream struct {
	key          streamKey
	number       uint64
	first, last  int64   // times of its frames
	older, newer *stream // by when it was used last
	client       int     // the flow of who began it, as far as was seen

	*tcpState     // nil for UDP
	charged   int // bytes of it in Stats.Held
}

// tcpState is what a conversation of TCP has besides its place.
type tcpState struct {
	flows        [2]flow
	syn          int64 // when the last SYN was seen
	synSeen      bool
	rtt          int64 // from the SYN to the last segment of the handshake; 0: not known
	completeness uint64

	layout   *field.Layout // of its messages
	protocol protocol
	http     httpState
}

// streams are the conversations of one protocol.
type streams struct {
	open           map[streamKey]*stream
	oldest, newest *stream
	begun          uint64
	round          uint64 // counts frames, so that memory that a result points at is left alone
}

// stream returns the conversation of a packet, and whether it is a new one.
func (s *Session) stream(t *streams, k streamKey) (*stream, bool) {
	if st := t.open[k]; st != nil {
		t.unlink(st)
		t.link(st)
		return st, false
	}
	return s.begun(t, k), true
}

// begun begins a conversation, where there is one of the same addresses and ports in its place.
func (s *Session) begun(t *streams, k streamKey) *stream {
	if old := t.open[k]; old != nil {
		s.finish(old)
		s.remove(old)
	} else if len(t.open) >= s.cfg.Streams {
		s.evict(t.oldest)
	}
	st := &stream{key: k, number: t.begun, first: s.now, last: s.now}
	t.begun++
	st.charged = int(unsafe.Sizeof(stream{}))
	if t == &s.tcp {
		s.stats.TCPStreams++
		st.tcpState = &tcpState{}
		st.charged += int(unsafe.Sizeof(tcpState{}))
		for i := range st.flows {
			st.flows[i].window, st.flows[i].scale, st.flows[i].countable = ^uint32(0), scaleUnknown, true
		}
		st.layout = pcap.Lookup(field.Next{Table: field.TCPPort, Key: uint32(min(k.aPort, k.bPort)), Alt: uint32(max(k.aPort, k.bPort))})
		st.protocol = protocolOf(st.layout)
	} else {
		s.stats.UDPStreams++
	}
	s.stats.Held += st.charged
	t.open[k] = st
	t.link(st)
	return st
}

// layouts are those of the layers' roots.
var layouts = func() map[*field.Spec]*field.Layout {
	m := map[*field.Spec]*field.Layout{}
	for l := range pcap.Layouts() {
		m[&l.Spec] = l
	}
	return m
}()

// adopt takes for a conversation's layout what the decoder found in a payload, whatever the ports.
func (st *stream) adopt(sc *scope, at int) {
	if i := sc.rootAt(at); i >= 0 {
		st.layout = layouts[sc.spans[i].Spec]
		st.protocol = protocolOf(st.layout)
	}
}

func (t *streams) link(st *stream) {
	st.older, st.newer = t.newest, nil
	if t.newest != nil {
		t.newest.newer = st
	} else {
		t.oldest = st
	}
	t.newest = st
}

func (t *streams) unlink(st *stream) {
	if st.older != nil {
		st.older.newer = st.newer
	} else {
		t.oldest = st.newer
	}
	if st.newer != nil {
		st.newer.older = st.older
	} else {
		t.newest = st.older
	}
}

// evict gives a conversation up to make room.
func (s *Session) evict(st *stream) {
	s.stats.EvictedStreams++
	s.finish(st)
	s.remove(st)
}

func (s *Session) remove(st *stream) {
	t := &s.udp
	if st.tcpState != nil {
		t = &s.tcp
	}
	t.unlink(st)
	delete(t.open, st.key)
	s.stats.Held -= st.charged
}

// charge brings Held up to date with what a conversation holds.
func (s *Session) charge(st *stream) {
	n := int(unsafe.Sizeof(stream{})) + int(unsafe.Sizeof(tcpState{})) + st.http.memory()
	for i := range st.flows {
		f := &st.flows[i]
		n += f.memory() + cap(f.unacked)*int(unsafe.Sizeof(unacked{}))
	}
	s.stats.Held += n - st.charged
	st.charged = n
}

// enforce makes the oldest conversations and datagrams go until Held is within its limit.
func (s *Session) enforce() {
	for s.stats.Held > s.cfg.Bytes {
		switch {
		case s.tcp.oldest != nil && s.tcp.oldest != s.tcp.newest:
			s.evict(s.tcp.oldest)
		case len(s.datagrams.byAge) > 0:
			s.stats.EvictedDatagrams++
			s.forget(s.datagrams.byAge[0])
		case s.udp.oldest != nil && s.udp.oldest != s.udp.newest:
			s.evict(s.udp.oldest)
		case s.tcp.oldest != nil:
			s.evict(s.tcp.oldest)
		default:
			return
		}
	}
}

// datagram notes what a UDP header tells.
func (s *Session) datagram(sc *scope, p *packet, layer int, b []byte) {
	if len(b) < 8 {
		return
	}
	p.srcPort, p.dstPort = binary.BigEndian.Uint16(b[0:2]), binary.BigEndian.Uint16(b[2:4])
	if binary.BigEndian.Uint16(b[4:6]) < 8 {
		return
	}
	k, flow := p.key(p.srcPort, p.dstPort)
	st, fresh := s.stream(&s.udp, k)
	if fresh {
		st.client = flow
	}
	s.fact(sc, layer, &fact.UDPStream, st.number)
	if p.quoted || binary.BigEndian.Uint16(b[4:6]) == 8 {
		return // as in Wireshark an empty datagram has no times
	}
	s.fact(sc, layer, &fact.UDPRelative, uint64(s.now-st.first))
	s.fact(sc, layer, &fact.UDPDelta, uint64(s.now-st.last))
	st.last = s.now
	if s.cfg.Follow == nil {
		return
	}
	n := min(int(binary.BigEndian.Uint16(b[4:6])), len(b))
	if n == 8 {
		return // its data were not captured
	}
	s.cfg.Follow(Chunk{Protocol: UDP, Stream: st.number, FromClient: flow == st.client, Src: p.source(p.srcPort), Dst: p.destination(p.dstPort), Frame: s.number, Data: b[8:n]})
}
