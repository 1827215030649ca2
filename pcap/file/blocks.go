package file

import (
	"bytes"
	"io"
	"strings"
	"time"

	"httptap/pcap/pcapng"
)

// blockLen is the length in bytes of a block without a body: its type and, twice, its length.
const blockLen = 12

var kinds = map[uint32]Kind{
	pcapng.TypeNames: KindNames, pcapng.TypeStatistics: KindStatistics, pcapng.TypeSecrets: KindSecrets,
	pcapng.TypeJournal: KindJournal, pcapng.TypeCustom: KindCustom, pcapng.TypeCustomNoCopy: KindNoCopy,
}

// nextBlock reads a block of a pcapng file.
func (r *Reader) nextBlock() error {
	b, err := r.w.peek(blockLen)
	if len(b) < blockLen {
		if len(b) == 0 && err == io.EOF {
			return err
		}
		return r.short(err, KindUnknown, len(b), blockLen)
	}
	typ := r.order.Uint32(b)
	if typ == pcapng.TypeSection { // the same number in both orders
		order, ok := pcapng.ParseOrder(b[8:])
		if !ok {
			return r.fail(ErrCorrupt, "a section header without a byte-order magic: % x stands there instead of 1a 2b 3c 4d", b[8:12])
		}
		r.order = order
	}
	n := r.order.Uint32(b[4:])
	isPacket := typ == pcapng.TypePacket || typ == pcapng.TypeSimplePacket || typ == pcapng.TypeOldPacket
	switch {
	case n < blockLen || n%4 != 0:
		return r.fail(ErrCorrupt, "a block of type %#x that is %d bytes long: a length is a multiple of 4 and at least 12; "+
			"all blocks before it are whole", typ, n)
	case n > MaxBlock:
		return r.fail(ErrCorrupt, "a block of type %#x that is %d bytes long: over %d are not read, and none is known to need them; "+
			"all blocks before it are whole", typ, n, MaxBlock)
	}
	kind := r.kindOf(typ)
	if b, err = r.w.peek(int(n)); len(b) < int(n) {
		return r.short(err, kind, len(b), int(n))
	}
	if again := r.order.Uint32(b[n-4:]); again != n {
		return r.fail(ErrCorrupt, "a %s of type %#x that is %d bytes long by its head and %d by its end; all blocks before it are whole",
			kind, typ, n, again)
	}
	body := b[8 : n-4]
	switch {
	case kind == KindSection:
		err = r.beginSection(body)
	case kind == KindInterface:
		err = r.describe(body)
	case isPacket:
		err = r.packet(typ, body)
	default:
		r.rec.Interface = nil
	}
	if err != nil {
		return err
	}
	rec := &r.rec
	rec.Kind, rec.Format, rec.Order, rec.Offset, rec.Raw, rec.Section = kind, PCAPNG, r.order, r.w.off, b, r.section
	r.w.skip(int(n))
	return nil
}

func (r *Reader) kindOf(typ uint32) Kind {
	switch typ {
	case pcapng.TypePacket, pcapng.TypeSimplePacket, pcapng.TypeOldPacket:
		return KindPacket
	case pcapng.TypeSection:
		return KindSection
	case pcapng.TypeInterface:
		return KindInterface
	}
	if k, ok := kinds[typ]; ok {
		return k
	}
	return KindUnknown
}

// beginSection reads a section header. The interfaces of the section before are no longer known.
func (r *Reader) beginSection(body []byte) error {
	s, err := pcapng.ParseSection(body, r.order)
	if err != nil {
		return r.fail(ErrCorrupt, "a section header: %v", err)
	}
	for _, t := range []*string{&s.Hardware, &s.OS, &s.Application, &s.Comment} {
		*t = shorten(*t, 4*maxName)
	}
	r.section = &Section{Section: s, Number: r.sections}
	r.sections++
	r.rec.Interface = nil
	return nil
}

// describe reads an interface description.
func (r *Reader) describe(body []byte) error {
	s := r.section
	if len(s.Interfaces) == maxInterfaces {
		return r.fail(ErrCorrupt, "a section with more than %d interfaces; all blocks before this one are whole", maxInterfaces)
	}
	i, clock, err := pcapng.ParseInterface(body, r.order)
	if err != nil {
		return r.fail(ErrCorrupt, "an interface description: %v", err)
	}
	for _, t := range []*string{&i.Name, &i.Description, &i.Comment, &i.OS, &i.Hardware} {
		*t = shorten(*t, maxName)
	}
	r.rec.Interface = &Interface{Interface: i, Number: uint32(len(s.Interfaces)), Clock: clock}
	s.Interfaces = append(s.Interfaces, r.rec.Interface)
	return nil
}

// shorten returns a copy of s of at most n bytes, so that what it was cut from is not kept.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:n], ""))
}

// packet reads a packet of one of the three types.
func (r *Reader) packet(typ uint32, body []byte) error {
	snap := uint32(0)
	if len(r.section.Interfaces) > 0 {
		snap = r.section.Interfaces[0].SnapLen
	}
	raw, err := pcapng.ParsePacket(typ, body, r.order, snap)
	switch {
	case err != nil:
		return r.fail(ErrCorrupt, "a packet: %v; all blocks before it are whole", err)
	case len(raw.Data) > MaxPacket:
		return r.fail(ErrCorrupt, "a packet of %d captured bytes: none has over %d; all blocks before it are whole", len(raw.Data), MaxPacket)
	case int64(raw.Interface) >= int64(len(r.section.Interfaces)):
		return r.fail(ErrCorrupt, "a packet of interface %d, where %d are described before it; all blocks before it are whole",
			raw.Interface, len(r.section.Interfaces))
	}
	r.number++
	i := r.section.Interfaces[raw.Interface]
	p := &r.rec.Packet
	*p = Packet{Number: r.number, Data: raw.Data, Wire: max(int(raw.Length), len(raw.Data)), Comments: r.comments[:0]}
	if r.rec.Interface = i; raw.HasStamp {
		p.Time = i.Clock.Time(raw.Stamp)
	} else {
		p.Time = time.Time{}
	}
	for b := raw.Options; len(b) > 0; {
		opt, rest, err := pcapng.NextOption(b, r.order)
		if err != nil {
			return r.fail(ErrCorrupt, "a packet: %v; all blocks before it are whole", err)
		}
		switch b = rest; opt.Code {
		case pcapng.OptComment:
			if len(p.Comments) < maxComments {
				p.Comments = append(p.Comments, bytes.TrimRight(opt.Value, "\x00"))
			}
		case pcapng.OptFlags:
			p.Direction = pcapng.DirectionOf(opt.Value, r.order)
		}
	}
	r.comments = p.Comments
	return nil
}
