package dns

import (
	"encoding/binary"

	"httptap/stack/field"
)

// Operations whose messages have a form of their own. RFC 2136, 1.3; RFC 8490, 5.4
const (
	opcodeUpdate   Opcode = 5
	opcodeStateful Opcode = 6
)

var updateCounts = [...]*field.Spec{&countZones, &countPrerequisites, &countUpdates}

// A decoder turns one message into spans.
type decoder struct {
	c       *field.Context
	counts  []field.Spec // the counts of the four sections
	names   *[numNames]field.Spec
	base    int          // the byte where the message begins
	steps   int          // what its names may still cost
	lacking *field.Fault // why bytes are missing at the end, nil when nothing excuses that
	broken  bool         // the next entry can't be found
	flush   bool         // classes have a flag: multicast DNS
	update  bool         // the counts have their names of an update
}

func tail(c *field.Context)          { datagram(c, head[countHead:], false) }
func multicastTail(c *field.Context) { datagram(c, head[countHead:], true) }
func localTail(c *field.Context)     { datagram(c, localHead[countHead:], false) }

func datagram(c *field.Context, counts []field.Spec, flush bool) {
	d := decoder{c: c, counts: counts, names: &names, base: c.Start, flush: flush}
	if c.Missing() > 0 || c.Quoted {
		d.lacking = field.Snapped
	}
	d.message()
}

func streamTail(c *field.Context) {
	end := c.Start + 2 + int(binary.BigEndian.Uint16(c.Frame[c.Start:]))
	length := c.Find(&streamHead[0])
	d := decoder{c: c, counts: streamHead[1+countHead:], names: &streamNames, base: c.Start + 2}
	switch {
	case end < c.Pos():
		c.Fault(length, field.TooShort, 0)
		return
	case end <= c.Limit:
		limit := c.Limit
		c.Limit = end
		d.message()
		c.Limit = limit
		return
	case c.Missing() > 0 || c.Quoted:
		d.lacking = field.Snapped
	default:
		// RFC 7766, 8: a message may take several segments; here is the first of them.
		d.lacking = &faultSegment
		c.Fault(length, &faultSegment, 0)
	}
	d.message()
	if last := &c.Spans[len(c.Spans)-1]; c.Cut() && last.Err == field.Truncated {
		last.Err = d.lacking
	}
}

// streamNext says that another message follows in the segment.
func streamNext(c *field.Context) field.Next {
	if len(c.Rest()) == 0 || c.Spans[c.Find(&streamHead[0])].Err != nil {
		return field.Next{}
	}
	return field.Next{Again: true}
}

// message appends what follows the header.
func (d *decoder) message() {
	c := d.c
	all := budget(c.Limit - d.base)
	d.steps = all
	d.entries()
	c.Cost += all - d.steps
}

// entries appends the four sections.
func (d *decoder) entries() {
	c := d.c
	counts := c.Frame[d.base+4:]
	switch Opcode(c.Frame[d.base+2] >> 3 & 15) {
	case opcodeUpdate:
		for i, s := range updateCounts {
			c.Spans[c.Find(&d.counts[i])].Spec = s
		}
		d.update = true
	case opcodeStateful:
		if binary.BigEndian.Uint64(counts) == 0 {
			d.stateful()
			return
		}
	}
	for s := Questions; s < numSections && !d.broken; s++ {
		count := int(binary.BigEndian.Uint16(counts[2*s:]))
		if count == 0 {
			continue
		}
		if c.Pos() >= c.Limit {
			d.lack(s, 0)
			continue
		}
		group := c.Open(&sections[s])
		for i := range count {
			if c.Pos() >= c.Limit {
				d.lack(s, i)
				break
			}
			if s == Questions {
				d.question()
			} else {
				d.record()
			}
			if d.broken {
				break
			}
		}
		c.Close(group)
	}
	if n := len(c.Rest()); n > 0 {
		i := c.AddBytes(&field.Undecoded, n)
		if !d.broken {
			c.Fault(i, &faultTrail, 0)
		}
	}
}

// lack marks the count of a section that has only n entries.
func (d *decoder) lack(s Section, n int) {
	f := d.lacking
	if f == nil {
		f = &faultCount
	}
	count := &d.counts[s]
	if d.update && int(s) < len(updateCounts) {
		count = updateCounts[s]
	}
	d.c.Fault(d.c.Find(count), f, uint32(n))
}

func (d *decoder) question() {
	c := d.c
	group, ok := d.named(queryRun, &specQuery, nameQuery)
	if ok {
		if !d.flush && c.AddRun(questionRun, 0) >= 0 {
			c.Close(group)
			return
		}
		c.Add(&specQryType, 16)
		if d.flush {
			c.Add(&specQU, 1)
			c.Add(&specQryClass15, 15)
		} else {
			c.Add(&specQryClass, 16)
		}
		d.broken = c.Cut()
	} else {
		d.broken = true
	}
	c.Close(group)
}

func (d *decoder) record() {
	c := d.c
	group, ok := d.named(recordRun, &specRecord, nameRecord)
	if ok {
		d.recordBody()
		d.broken = c.Cut()
	} else {
		d.broken = true
	}
	c.Close(group)
}

// What most records have, each in one go. The names are of a message that begins its layer.
var (
	queryRun    = field.NewOptionRun(&specQuery, nil, nil, &names[nameQuery])
	recordRun   = field.NewOptionRun(&specRecord, nil, nil, &names[nameRecord])
	questionRun = field.NewRun(&specQryType, &specQryClass)
	bodyRun     = field.NewRun(&specType, &specClass, &specTTL, &specLen)
	optRun      = field.NewRun(&specType, &specUDPSize, &specExtCode, &specVersion, &specZ, &specLen)
)

// named opens a group that begins with a name. It tells whether what follows that can be read.
func (d *decoder) named(run *field.Run, group *field.Spec, name int) (i int, ok bool) {
	c, at := d.c, d.c.Pos()
	if d.names == &names {
		steps := d.steps
		if next, err := checkName(c.Frame[d.base:c.Limit], at-d.base, &d.steps); err == nil {
			if i = c.AddRun(run, d.base+next-at); i >= 0 {
				c.Inside()
				return i, true
			}
		}
		d.steps = steps
	}
	i = c.Open(group)
	return i, d.name(&d.names[name], unbounded)
}

// recordBody appends what follows a record's name.
func (d *decoder) recordBody() {
	c, at := d.c, d.c.Pos()
	if !d.flush && at+bodyLen <= c.Limit {
		b := c.Frame[at:]
		typ, class, n := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), int(binary.BigEndian.Uint16(b[8:]))
		if f := formOf(typ, class); f.run != nil && n == f.size && c.AddRun(f.run, 0) >= 0 {
			return
		}
	}
	if !d.flush && at+2 <= c.Limit {
		run, length := bodyRun, 3
		if binary.BigEndian.Uint16(c.Frame[at:]) == TypeOPT {
			run, length = optRun, 7
		}
		if i := c.AddRun(run, 0); i >= 0 {
			d.rest(at, i+length)
			return
		}
	}
	c.Add(&specType, 16)
	if c.Cut() {
		return
	}
	typ := binary.BigEndian.Uint16(c.Frame[at:])
	if d.flush {
		c.Add(&specFlush, 1)
	}
	if typ == TypeOPT {
		if d.flush {
			c.Add(&specUDPSize15, 15)
		} else {
			c.Add(&specUDPSize, 16)
		}
		c.Add(&specExtCode, 8)
		c.Add(&specVersion, 8)
		c.Add(&specZ, 16)
	} else {
		if d.flush {
			c.Add(&specClass15, 15)
		} else {
			c.Add(&specClass, 16)
		}
		c.Add(&specTTL, 32)
	}
	length := c.Add(&specLen, 16)
	if !c.Cut() {
		d.rest(at, length)
	}
}

// rest appends the data of the record whose type is at the byte at and whose length is the span
// length.
func (d *decoder) rest(at, length int) {
	c := d.c
	typ, n := binary.BigEndian.Uint16(c.Frame[at:]), int(binary.BigEndian.Uint16(c.Frame[at+8:]))
	end := c.Pos() + n
	if end > c.Limit && d.lacking == nil {
		c.Fault(length, field.Overrun, 0)
	}
	class := binary.BigEndian.Uint16(c.Frame[at+2:])
	if n == 0 && (class == ClassANY || class == ClassNONE) {
		return // RFC 2136, 2.4: an update's record may have none
	}
	d.data(typ, class, length, end)
}

// bodyLen is how long what follows a record's name is, without its data.
const bodyLen = 10

// unbounded is the end of a name that is in no record's data.
const unbounded = 1 << 30

// name appends the name at Pos as field s. It has to end at byte end, or before. It tells
// whether what follows the name can be read.
func (d *decoder) name(s *field.Spec, end int) bool {
	c, at := d.c, d.c.Pos()
	msg := c.Frame[d.base:min(end, c.Limit)]
	next, err := checkName(msg, at-d.base, &d.steps)
	if err == nil {
		c.AddBytes(s, d.base+next-at)
		return true
	}
	next, bad := extent(msg, at-d.base)
	switch {
	case bad == ErrTruncated && end > c.Limit:
		c.AddBytes(s, d.base+next-at) // which cuts the layer
		return false
	case bad == ErrTruncated:
		c.Fault(c.AddBytes(s, end-at), &faultNameEnd, 0)
		return false
	}
	i := c.AddBytes(s, d.base+next-at)
	switch {
	case bad == ErrLabel:
		c.Fault(i, &faultLabel, 0)
		return false
	case err == ErrName:
		c.Fault(i, &faultName, 0)
	case err == ErrCost:
		c.Fault(i, &faultCost, 0)
	default:
		c.Fault(i, &faultPointer, 0)
	}
	return true
}

// extent returns the offset behind the name at off, wherever its pointer leads. It fails with
// ErrLabel, and the offset is behind the label's first byte, or with ErrTruncated, and the
// offset is behind the end of b.
func extent(b []byte, off int) (end int, err error) {
	for off < len(b) {
		c := int(b[off])
		switch c & 0xc0 {
		case 0:
			if c == 0 {
				return off + 1, nil
			}
			off += 1 + c
		case 0xc0:
			if off+2 <= len(b) {
				return off + 2, nil
			}
			off += 2
		default:
			return off + 1, ErrLabel
		}
	}
	return len(b) + 1, ErrTruncated
}

// formatName appends the name at msg[off:] for people. It may be any bytes.
func formatName(dst, msg []byte, off, n int) []byte {
	steps := 4 * MaxName
	msg = msg[:off+n]
	_, err := checkName(msg, off, &steps)
	if err == nil {
		name := Name{msg, off}
		if name.IsRoot() {
			return append(dst, "<Root>"...)
		}
		return name.AppendText(dst)
	}
	// As far as it goes, and why not farther.
	for segment, total := off, 0; off < len(msg) && total <= MaxName; {
		c := int(msg[off])
		if c&0xc0 == 0xc0 && off+1 < len(msg) {
			p := c&0x3f<<8 | int(msg[off+1])
			if p >= segment || p < HeaderLen {
				break
			}
			segment, off, total = p, p, total+1
			continue
		}
		if c == 0 || c&0xc0 != 0 {
			break
		}
		end := min(off+1+c, len(msg))
		dst = appendLabel(dst, msg[off+1:end])
		dst = append(dst, '.')
		off, total = off+1+c, total+1+c
	}
	switch err {
	case ErrTruncated:
		return append(dst, "<truncated>"...)
	case ErrLabel:
		return append(dst, "<bad label>"...)
	case ErrPointer:
		return append(dst, "<bad pointer>"...)
	}
	return append(dst, "<too long>"...)
}

func formatStreamName(dst, msg []byte, off, n int) []byte {
	return formatName(dst, msg[2:], off-2, n)
}
