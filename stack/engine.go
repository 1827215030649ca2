package stack

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"httptap/stack/arp"
	"httptap/stack/dhcpv4"
	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// An engine is the host as one machine: it takes frames and the time, gives frames, and says
// when it next wants to be asked. It has no lock, no goroutine, no clock and does no I/O.
type engine struct {
	hw     link.Addr
	mtu    int
	secret [32]byte // keys the initial sequence numbers, RFC 6528
	rand   *rand.Rand
	stats  Stats

	net    network
	arp    arp.Cache
	reasm  ipv4.Reassembler
	errors icmpv4.Limiter // of ICMP errors, by whom they are for
	echoes icmpv4.Limiter // of answers to pings
	ipID   uint16
	paths  paths
	ttl    uint8
	tos    uint8 // without the ECN bits

	dhcp         dhcpv4.Client
	dhcpOn       bool
	dhcpGen      uint32
	claim        claim // the lease that is being checked for duplicates
	release      release
	conflictWith link.Addr // who used the address that was given back last; zero: nobody
	linkMTU      int       // the device's; mtu may be less by DHCP
	arpGen       uint32
	outgoing     queue // packets whose turn it is
	parked       queue // packets that wait for ARP
	own          int   // of both, those that the host itself sends
	free         *packet
	freeLen      int

	conns     map[tuple]*Conn
	recent    *Conn // the one that a segment came for last
	listeners map[uint16]*Listener
	sockets   map[uint16]*UDPConn // unconnected, by local port
	flows     map[tuple]*UDPConn  // connected
	ready     connQueue           // connections that have a segment to send
	stalled   connQueue           // connections that wait for ARP
	timers    timerHeap
	pings     map[uint32]*ping
	nextPing  uint32

	timeWaits timeWaits
	cookies   tcp.Cookies
	forwarder *Forwarder                        // nil: the host is no router
	onSegment func(frame []byte, info tcp.Info) // Config.OnSegment

	event func() // tells the shell that an address, a neighbour or a ping has news
}

// A tuple names a connection. Its local address is the host's only one, and then zero here, or the
// one that a neighbour asked a Forwarder for.
type tuple struct {
	remote       [4]byte
	lport, rport uint16
	local        [4]byte
}

// connection returns the connection that a segment is for, nil when there is none. One segment mostly
// follows another of the same connection: that is seen faster than looked up.
func (e *engine) connection(t tuple) *Conn {
	if c := e.recent; c != nil && c.key == t {
		return c
	}
	c := e.conns[t]
	if c != nil {
		e.recent = c
	}
	return c
}

// localAddr returns the local address of t.
func (e *engine) localAddr(t tuple) [4]byte {
	if t.local != [4]byte{} {
		return t.local
	}
	return e.net.addr
}

// network is what the host knows of where it is.
type network struct {
	addr   [4]byte // zero: none yet
	prefix netip.Prefix
	router [4]byte
	routes []dhcpv4.Route
	dns    []netip.Addr
}

func (n *network) configured() bool { return n.addr != [4]byte{} }

func (n *network) onLink(a [4]byte) bool { return contains(n.prefix, a) }

func contains(p netip.Prefix, a [4]byte) bool { return p.Contains(netip.AddrFrom4(a)) }

// directed returns the network's broadcast address, and false where it has none.
func (n *network) directed() ([4]byte, bool) {
	if !n.configured() || n.prefix.Bits() > 30 {
		return [4]byte{}, false
	}
	host := ^uint32(0) >> n.prefix.Bits()
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(n.addr[:])|host)
	return b, true
}

// oneHost tells whether dst is a single host's address.
func (n *network) oneHost(dst [4]byte) bool {
	directed, ok := n.directed()
	return dst != broadcast && !isMulticast(dst) && !(ok && dst == directed)
}

var broadcast = [4]byte{255, 255, 255, 255}

func isMulticast(a [4]byte) bool { return a[0]>>4 == 14 }

func (e *engine) init(info link.Info, hw link.Addr, seed [32]byte) {
	e.hw, e.mtu, e.linkMTU, e.secret = hw, info.MTU, info.MTU, seed
	e.rand = rand.New(rand.NewChaCha8(sha256.Sum256(seed[:])))
	e.cookies.Key = sha256.Sum256(append([]byte("SYN cookies"), seed[:]...))
	e.arp.Reset(arp.Config{HardwareAddr: hw, Seed: e.rand.Uint64()})
	e.reasm.Reset(ipv4.ReassemblerConfig{})
	e.errors.Reset(errorsInAll, errorsToOne)
	e.echoes.Reset(echoesInAll, echoesToOne)
	e.ipID = uint16(e.rand.Uint32())
	e.nextPing = e.rand.Uint32()
	e.paths = make(paths)
	e.ttl = defaultTTL
	e.conns = make(map[tuple]*Conn)
	e.listeners = make(map[uint16]*Listener)
	e.sockets = make(map[uint16]*UDPConn)
	e.flows = make(map[tuple]*UDPConn)
	e.pings = make(map[uint32]*ping)
}

// receive takes one frame off the link.
func (e *engine) receive(now time.Time, b []byte) {
	e.stats.FramesIn++
	e.stats.BytesIn += uint64(len(b))
	f, err := ethernet.Parse(b)
	if err != nil {
		e.stats.DropShort++
		return
	}
	if dst := f.Dst(); dst != e.hw && !dst.IsMulticast() {
		e.stats.DropNotForUs++
		return
	}
	switch f.Type() {
	case ethernet.TypeARP:
		if e.arp.Receive(now, f.Payload()) != nil {
			e.stats.DropARP++
		}
		e.afterARP(now)
	case ethernet.TypeIPv4:
		e.receiveIP(now, f)
	default:
		e.stats.DropType++
	}
}

// transmit writes the next frame into frame, which must hold the MTU and a header, and
// returns its length; 0 when there is nothing to send at now. Due timers run here.
func (e *engine) transmit(now time.Time, frame []byte) int {
	e.expire(now)
	for {
		n := e.next(now, frame)
		if n == 0 {
			return 0
		}
		if link.Addr(frame[0:6]) == e.hw {
			// To ourselves: no link would bring it back, so it arrives here and now.
			e.receive(now, frame[:n])
			continue
		}
		e.stats.FramesOut++
		e.stats.BytesOut += uint64(n)
		return n
	}
}

// deadline returns when transmit has to be called next though nothing was received; the zero
// time when there is nothing to wait for.
func (e *engine) deadline() time.Time {
	d := earliest(e.arp.Deadline(), e.reasm.Deadline())
	if e.dhcpOn {
		d = earliest(d, e.dhcp.Deadline())
	}
	d = earliest(d, e.claim.giveUp)
	if len(e.timers) > 0 {
		d = earliest(d, e.timers[0].deadline)
	}
	return d
}

// expire runs what is due at now and produces no frame by itself.
func (e *engine) expire(now time.Time) {
	e.expireFragments(now)
	e.checkClaim(now)
	for len(e.timers) > 0 && !now.Before(e.timers[0].deadline) {
		c := e.timers[0]
		switch d := c.tcb.Deadline(); {
		case d.IsZero():
			e.timers.remove(c)
		case now.Before(d):
			e.timers.later(c, d)
		default:
			e.timers.remove(c)
			e.ready.push(c)
		}
	}
}

// expireFragments gives up the datagrams that stayed incomplete.
//
// RFC 1122, 3.3.2: "If this timeout expires, the partially-reassembled datagram MUST be discarded
// and an ICMP Time Exceeded message sent to the source host (if fragment zero has been received)."
func (e *engine) expireFragments(now time.Time) {
	for {
		first, ok := e.reasm.Expire(now)
		if !ok {
			return
		}
		if first.Valid() {
			a := arrival{Packet: first, unicast: e.isOwn(first.Dst())}
			if e.forwards(first) {
				a.local, a.unicast = first.Dst(), true
			}
			e.sendError(now, a, icmpv4.TypeTimeExceeded, icmpv4.CodeReassembly, &e.stats.TimesExceeded)
		}
	}
}

// earliest returns the earlier of two deadlines of which the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// iss returns an initial send sequence number.
//
// RFC 6528, 3: "ISN = M + F(localip, localport, remoteip, remoteport, secretkey)", where M
// is the 4 microsecond timer and F a pseudorandom function.
func (e *engine) iss(now time.Time, t tuple) seq.Value {
	f, _ := e.hash(t)
	return seq.Value(f) + seq.Value(now.UnixMicro()/4)
}

// timeOffset returns where the timestamps of a connection begin that is opened at now: they tell
// nothing of the host, but go on where those of the last connection between the same ends stopped.
// A peer in TIME-WAIT takes the SYN for a new one by that: RFC 6191, 2.
func (e *engine) timeOffset(now time.Time, t tuple) uint32 {
	_, f := e.hash(t)
	return f + uint32(now.UnixMilli())
}

// hash is F of RFC 6528, 3, twice.
func (e *engine) hash(t tuple) (number, stamp uint32) {
	var b [44]byte
	copy(b[:], e.secret[:])
	local := e.localAddr(t)
	copy(b[32:], local[:])
	copy(b[36:], t.remote[:])
	binary.BigEndian.PutUint16(b[40:], t.lport)
	binary.BigEndian.PutUint16(b[42:], t.rport)
	f := sha256.Sum256(b[:])
	return binary.BigEndian.Uint32(f[:]), binary.BigEndian.Uint32(f[4:])
}

// The dynamic ports: RFC 6056, 3.2 would use all from 1024; IANA's range 49152 to 65535 keeps
// out of the way of services that users start on the same host.
const (
	firstDynamic = 49152
	numDynamic   = 65536 - firstDynamic
)

// localPort picks a random local port for which taken is false; 0 when there is none.
// RFC 6056, 3.3.1: "Simple Port Randomization Algorithm".
func (e *engine) localPort(taken func(port uint16) bool) uint16 {
	start := e.rand.IntN(numDynamic)
	for i := range numDynamic {
		if p := uint16(firstDynamic + (start+i)%numDynamic); !taken(p) {
			return p
		}
	}
	return 0
}
