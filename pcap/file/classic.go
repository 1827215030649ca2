package file

import (
	"io"
	"time"

	"httptap/pcap/pcapng"
)

// A classic is what is to be known of a pcap file. draft-ietf-opsawg-pcap-05
//
//	┌─────────────────────────────────────────┬──────────────────────────────────┬──────┬─────┐
//	│ magic, version 2.4, snaplen, link type  │ seconds, fraction, caplen, len   │ data │ ... │
//	└─────────────────────────────────────────┴──────────────────────────────────┴──────┴─────┘
type classic struct {
	order   pcapng.Order
	nanos   bool // the fraction is of nanoseconds, else of microseconds
	more    int  // bytes that the header of a record has behind its first 16
	trailer bool // the file header has a length behind it: IXIA
	swapped swap // of caplen and len
	iface   *Interface
}

// A swap says whether a record has its length on the wire before its captured one.
type swap uint8

const (
	swapNever  swap = iota
	swapAlways      // before version 2.3
	swapMaybe       // in version 2.3
)

const (
	classicHeaderLen = 24
	classicRecordLen = 16
)

// magics are the first four bytes of the variants, as numbers in the file's byte order.
var magics = []struct {
	magic   uint32
	nanos   bool
	more    int
	trailer bool
}{
	{0xa1b2c3d4, false, 0, false},
	{0xa1b23c4d, true, 0, false},
	{0xa1b2cd34, false, 8, false}, // of a patched libpcap: interface, protocol and packet type follow
	{0x1c0001ac, true, 0, true},   // IXIA lcap, hardware
	{0x1c0001ab, true, 0, true},   // IXIA lcap, software
}

// detect tells whether b begins a pcap file, and of what kind it is.
func (c *classic) detect(b []byte) bool {
	for _, order := range []pcapng.Order{pcapng.Little, pcapng.Big} {
		for _, m := range magics {
			if order.Uint32(b) == m.magic {
				c.order, c.nanos, c.more, c.trailer = order, m.nanos, m.more, m.trailer
				return true
			}
		}
	}
	return false
}

// next reads the file's header, then a packet at each call.
func (c *classic) next(r *Reader) error {
	if c.iface == nil {
		return c.header(r)
	}
	n := classicRecordLen + c.more
	b, err := r.w.peek(n)
	if len(b) < n {
		if len(b) == 0 && err == io.EOF {
			return err
		}
		return r.short(err, KindPacket, len(b), n)
	}
	sec, frac, captured, wire := c.order.Uint32(b), c.order.Uint32(b[4:]), c.order.Uint32(b[8:]), c.order.Uint32(b[12:])
	if c.swapped == swapAlways || c.swapped == swapMaybe && captured > wire {
		captured, wire = wire, captured
	}
	if captured > MaxPacket {
		return r.fail(ErrCorrupt, "a packet of %d captured bytes: none has over %d, so this is no packet's header; "+
			"all records before it are whole", captured, MaxPacket)
	}
	all := n + int(captured)
	if b, err = r.w.peek(all); len(b) < all {
		return r.short(err, KindPacket, len(b), all)
	}
	nsec := int64(frac)
	if !c.nanos {
		nsec *= 1000
	}
	r.number++
	rec := &r.rec
	rec.Kind, rec.Offset, rec.Raw = KindPacket, r.w.off, b
	rec.Packet = Packet{Number: r.number, Time: time.Unix(int64(sec), nsec), Data: b[n:], Wire: int(max(wire, captured))}
	r.w.skip(all)
	return nil
}

// header reads the file's header.
func (c *classic) header(r *Reader) error {
	n := classicHeaderLen
	if c.trailer {
		n += 4
	}
	b, err := r.w.peek(n)
	if len(b) < n {
		return r.short(err, KindHeader, len(b), n)
	}
	major, minor := c.order.Uint16(b[4:]), c.order.Uint16(b[6:])
	if major != 2 {
		return r.fail(ErrFormat, "version %d.%d of the pcap format: 2.4 is what everybody writes, so its header is damaged", major, minor)
	}
	switch {
	case minor < 3:
		c.swapped = swapAlways
	case minor == 3:
		c.swapped = swapMaybe
	}
	// Behind the link type's 16 bits, the upper ones say how long the frame check sequences are.
	c.iface = &Interface{Interface: pcapng.Interface{LinkType: uint16(c.order.Uint32(b[20:])), SnapLen: c.order.Uint32(b[16:])}, Clock: pcapng.DefaultClock}
	if c.nanos {
		c.iface.Clock.Resolution = 9
	}
	r.section = &Section{Interfaces: []*Interface{c.iface}}
	r.rec = Record{Kind: KindHeader, Format: PCAP, Order: c.order, Offset: r.w.off, Raw: b, Section: r.section, Interface: c.iface}
	r.w.skip(n)
	return nil
}
