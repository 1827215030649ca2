package pcapng

import "errors"

// Errors of the Parse functions. They say what is wrong inside a block; where it lies is known to who
// reads the file.
var (
	ErrShort   = errors.New("the block is shorter than its type needs")
	ErrCaptLen = errors.New("the packet is longer than its block")
	ErrOption  = errors.New("an option reaches past the end of its block")
	ErrVersion = errors.New("the version of the format is not 1")
)

// An Option is one of a block's. Section 3.5
type Option struct {
	Code  uint16
	Value []byte
}

// NextOption takes the first option off b, which is a list of them. At the end of the list, with or without
// an end mark, its Code is 0.
func NextOption(b []byte, o Order) (opt Option, rest []byte, err error) {
	if len(b) == 0 {
		return Option{}, nil, nil
	}
	if len(b) < 4 {
		return Option{}, nil, ErrOption
	}
	code, n := o.Uint16(b), int(o.Uint16(b[2:]))
	if code == optEnd {
		return Option{}, nil, nil
	}
	b = b[4:]
	if n > len(b) {
		return Option{}, nil, ErrOption
	}
	return Option{code, b[:n]}, b[min((n+3)&^3, len(b)):], nil
}

// walk calls f with each option of a list.
func walk(b []byte, o Order, f func(Option)) error {
	for {
		opt, rest, err := NextOption(b, o)
		if err != nil || opt.Code == optEnd {
			return err
		}
		f(opt)
		b = rest
	}
}

// ParseSection takes the body of a section header apart, of which ParseOrder has found the order. Of
// several comments it returns the first.
func ParseSection(body []byte, o Order) (s Section, err error) {
	if len(body) < 16 {
		return s, ErrShort
	}
	if o.Uint16(body[4:]) != 1 {
		return s, ErrVersion
	}
	err = walk(body[16:], o, func(opt Option) {
		switch opt.Code {
		case optComment:
			first(&s.Comment, opt.Value)
		case shbHardware:
			first(&s.Hardware, opt.Value)
		case shbOS:
			first(&s.OS, opt.Value)
		case shbUserAppl:
			first(&s.Application, opt.Value)
		}
	})
	return s, err
}

func first(s *string, b []byte) {
	if *s == "" {
		*s = string(b)
	}
}

// ParseInterface takes the body of an interface description apart.
func ParseInterface(body []byte, o Order) (i Interface, c Clock, err error) {
	c = DefaultClock
	if len(body) < 8 {
		return i, c, ErrShort
	}
	i.LinkType, i.SnapLen = o.Uint16(body), o.Uint32(body[4:])
	err = walk(body[8:], o, func(opt Option) {
		switch v := opt.Value; opt.Code {
		case optComment:
			first(&i.Comment, v)
		case ifName:
			first(&i.Name, v)
		case ifDescription:
			first(&i.Description, v)
		case ifOS:
			first(&i.OS, v)
		case ifHardware:
			first(&i.Hardware, v)
		case ifMACAddr:
			copy(i.MAC[:], v)
		case ifSpeed:
			if len(v) >= 8 {
				i.Speed = o.Uint64(v)
			}
		case ifTsResol:
			if len(v) >= 1 {
				c.Resolution = v[0]
			}
		case ifTsOffset:
			if len(v) >= 8 {
				c.Offset = int64(o.Uint64(v))
			}
		}
	})
	return i, c, err
}

// A RawPacket is a packet as it lies in a block. Its bytes are the block's.
type RawPacket struct {
	Interface uint32
	Stamp     uint64 // in the interface's Clock
	HasStamp  bool   // a Simple Packet has none
	Data      []byte
	Length    uint32 // in bytes on the wire
	Options   []byte // for NextOption
}

// ParsePacket takes the body of a block of type TypePacket, TypeSimplePacket or TypeOldPacket apart. How
// much of a simple packet was captured follows from the first interface's snapLen; 0 is no limit.
func ParsePacket(typ uint32, body []byte, o Order, snapLen uint32) (p RawPacket, err error) {
	if typ == TypeSimplePacket {
		if len(body) < 4 {
			return p, ErrShort
		}
		p.Length = o.Uint32(body)
		n := p.Length
		// Section 4.4: "the SnapLen value MUST be used to determine the size of the Packet Data field length."
		if snapLen > 0 {
			n = min(n, snapLen)
		}
		if body = body[4:]; uint64(n) > uint64(len(body)) {
			return p, ErrCaptLen
		}
		p.Data = body[:n]
		return p, nil
	}
	if len(body) < 20 {
		return p, ErrShort
	}
	if p.Interface = o.Uint32(body); typ == TypeOldPacket {
		p.Interface = uint32(o.Uint16(body)) // two more bytes count drops
	}
	p.Stamp, p.HasStamp = uint64(o.Uint32(body[4:]))<<32|uint64(o.Uint32(body[8:])), true
	n := o.Uint32(body[12:])
	p.Length = o.Uint32(body[16:])
	if body = body[20:]; uint64(n) > uint64(len(body)) {
		return p, ErrCaptLen
	}
	p.Data = body[:n]
	p.Options = body[min((int(n)+3)&^3, len(body)):]
	return p, nil
}

// Codes of the options of a packet. Section 4.3
const (
	OptComment = optComment
	OptFlags   = epbFlags
)

// DirectionOf returns the direction that a value of OptFlags has.
func DirectionOf(value []byte, o Order) Direction {
	if len(value) < 4 {
		return Unknown
	}
	return Direction(o.Uint32(value) & 3)
}
