package dhcpv4

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"httptap/stack/link"
)

// A pool holds the addresses that a server gives out and a record of each that it ever gave.
type pool struct {
	first, last uint32
	next        uint32 // the first address that was never given in its turn
	reserved    []uint32
	byKey       map[string]*record
	byAddr      map[uint32]*record
}

// A record is what is known of one address.
type record struct {
	addr     [4]byte
	key      string // the client, or the last that had it; "" while declined
	hw       link.Addr
	hostname string
	state    recordState
	until    time.Time // end of the state; in state free: when it became free
}

type recordState uint8

const (
	free recordState = iota
	offered
	leased
	declined
)

// active tells whether the address is not to be given to another client.
func (r *record) active(now time.Time) bool { return r.state != free && now.Before(r.until) }

func newPool(cfg ServerConfig) (p pool, ok bool) {
	network := number(cfg.Prefix.Masked().Addr().As4())
	end := network | ^uint32(0)>>cfg.Prefix.Bits()
	p = pool{first: network, last: end, byKey: map[string]*record{}, byAddr: map[uint32]*record{}}
	if cfg.Prefix.Bits() < 31 {
		p.first, p.last = network+1, end-1
	}
	if cfg.First.IsValid() || cfg.Last.IsValid() {
		if !cfg.Prefix.Contains(cfg.First) || !cfg.Prefix.Contains(cfg.Last) {
			return p, false
		}
		p.first, p.last = max(p.first, number(cfg.First.As4())), min(p.last, number(cfg.Last.As4()))
	}
	if p.first > p.last {
		return p, false
	}
	p.last = min(p.last, p.first+maxPool-1)
	p.next = p.first
	p.reserved = append(p.reserved, number(cfg.Addr))
	for _, list := range [][]netip.Addr{cfg.Router, cfg.DNS, cfg.NTP} {
		for _, a := range list {
			if a.Is4() {
				p.reserved = append(p.reserved, number(a.As4()))
			}
		}
	}
	return p, true
}

func number(a [4]byte) uint32 { return binary.BigEndian.Uint32(a[:]) }

// contains tells whether the address is the pool's to give.
func (p *pool) contains(a [4]byte) bool {
	n := number(a)
	return p.first <= n && n <= p.last && !slices.Contains(p.reserved, n)
}

// of returns the client's record, or nil.
func (p *pool) of(key []byte) *record { return p.byKey[string(key)] }

// choose returns the record of the address for a client, nil when there is none left.
//
// RFC 2131, 4.3.1: "the new address SHOULD be chosen as follows": the client's current address,
// its previous one, the one that it asks for, a new one. New ones are given in order, and only
// when each was given once the one is reused that has been free for the longest time.
func (p *pool) choose(now time.Time, key []byte, want [4]byte) *record {
	if r := p.of(key); r != nil {
		return r
	}
	if r := p.claim(now, key, want); r != nil {
		return r
	}
	for ; p.next <= p.last && p.next >= p.first; p.next++ {
		a := binary.BigEndian.AppendUint32(make([]byte, 0, 4), p.next)
		if p.contains([4]byte(a)) && p.byAddr[p.next] == nil {
			return p.assign([4]byte(a), key)
		}
	}
	var oldest *record
	for _, r := range p.byAddr {
		switch {
		case r.active(now):
		case oldest == nil || r.until.Before(oldest.until),
			r.until.Equal(oldest.until) && number(r.addr) < number(oldest.addr):
			oldest = r
		}
	}
	if oldest == nil {
		return nil
	}
	return p.assign(oldest.addr, key)
}

// claim returns the record of the address want for a client, nil when it is not in the pool or
// another client's.
func (p *pool) claim(now time.Time, key []byte, want [4]byte) *record {
	if !p.contains(want) {
		return nil
	}
	if r := p.byAddr[number(want)]; r != nil && r.key != string(key) && r.active(now) {
		return nil
	}
	return p.assign(want, key)
}

// assign makes the address the client's; what it had before is free.
func (p *pool) assign(addr [4]byte, key []byte) *record {
	r := p.byAddr[number(addr)]
	if r == nil {
		r = &record{addr: addr}
		p.byAddr[number(addr)] = r
	}
	if r.key == string(key) {
		return r
	}
	if old := p.of(key); old != nil {
		old.key, old.state = "", free
	}
	delete(p.byKey, r.key)
	*r = record{addr: addr, key: string(key)}
	p.byKey[r.key] = r
	return r
}

// quarantine takes the record's address out of use until a time, and from its client.
func (p *pool) quarantine(r *record, until time.Time) {
	delete(p.byKey, r.key)
	*r = record{addr: r.addr, state: declined, until: until}
}

func (p *pool) leases(now time.Time) []Binding {
	var list []Binding
	for _, r := range p.byAddr {
		if r.state == leased && r.active(now) {
			list = append(list, Binding{Addr: netip.AddrFrom4(r.addr), HardwareAddr: r.hw, Hostname: r.hostname, Expires: r.until})
		}
	}
	slices.SortFunc(list, func(a, b Binding) int { return a.Addr.Compare(b.Addr) })
	return list
}
