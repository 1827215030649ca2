package file

import (
	"encoding/binary"
	"io"
	"math"
	"time"

	"httptap/pcap/pcapng"
)

// A Writer writes a capture file from the records of one Reader. Where that reads the same format, a record
// is copied as it is, to the byte; else it is made anew. It must not be used by two goroutines at once.
type Writer struct {
	// Changed says that not everything is written that was read. Blocks that must not be copied then are left
	// out, and sections no longer say how long they are.
	Changed bool

	w      io.Writer
	name   string
	format Format
	buf    []byte
	off    int64
	err    error

	begun bool // the header of a pcap file, or of the section that stands for one, is written
	same  bool // records of a pcap file are copied
	nanos bool // of a pcap file: the fraction is of nanoseconds
	first *Interface
	left  [numKinds]uint64
	notes uint64
}

// writeAt is how much is written at once.
const writeAt = 64 << 10

// NewWriter returns a writer to w, which is called name in errors.
func NewWriter(w io.Writer, name string, f Format) *Writer {
	return &Writer{w: w, name: name, format: f, buf: make([]byte, 0, writeAt+4096)}
}

// Write writes a record. What the format has no place for is counted: see Left.
func (w *Writer) Write(r *Record) error {
	if w.err != nil {
		return w.err
	}
	if w.format == PCAPNG {
		w.err = w.block(r)
	} else {
		w.err = w.packet(r)
	}
	if w.err == nil && len(w.buf) >= writeAt {
		w.err = w.Flush()
	}
	return w.err
}

// Close writes what is left, and the header of a file without packets. It does not close what it writes to.
func (w *Writer) Close() error {
	if w.err == nil && w.format == PCAP && !w.begun && w.first != nil {
		w.begin()
	}
	if w.err != nil {
		return w.err
	}
	return w.Flush()
}

// Flush writes what Write has kept back, for there to be fewer calls.
func (w *Writer) Flush() error {
	n, err := w.w.Write(w.buf)
	w.off += int64(n)
	w.buf = w.buf[:0]
	if err != nil && w.err == nil {
		w.err = &Error{File: w.name, Offset: w.off, Reason: "writing failed: " + err.Error(), Err: err}
	}
	return w.err
}

// Left returns how many records of a kind were not written, because the format has no place for them. A pcap
// file has none for interfaces and what is said of them, which every pcapng file has: they are not counted.
func (w *Writer) Left(k Kind) uint64 { return w.left[k] }

// LeftComments returns how many comments of packets were not written.
func (w *Writer) LeftComments() uint64 { return w.notes }

func (w *Writer) fail(err error, reason string) error {
	return &Error{File: w.name, Offset: w.off + int64(len(w.buf)), Reason: reason, Err: err}
}

// block writes a record to a pcapng file.
func (w *Writer) block(r *Record) error {
	if r.Format == PCAPNG {
		if r.Kind == KindNoCopy && w.Changed {
			// Section 4.8: "should not be copied to a new file if the pcapng file is manipulated by an application".
			w.left[KindNoCopy]++
			return nil
		}
		start := len(w.buf)
		w.buf = append(w.buf, r.Raw...)
		if r.Kind == KindSection && w.Changed {
			// What the section is long is no longer so when a packet is left out. Section 4.1: "-1: the size of
			// the section is not specified".
			binary.LittleEndian.PutUint64(w.buf[start+16:], ^uint64(0))
		}
		return nil
	}
	switch r.Kind {
	case KindHeader:
		w.buf = pcapng.AppendSection(w.buf, &pcapng.Section{})
		w.buf = pcapng.AppendInterface(w.buf, &pcapng.Interface{LinkType: r.Interface.LinkType, SnapLen: r.Interface.SnapLen})
		w.begun = true
	case KindPacket:
		if !w.begun {
			return w.fail(ErrNoFile, "a packet came before the header of its file")
		}
		p := &r.Packet
		w.buf = pcapng.AppendPacket(w.buf, &pcapng.Packet{Nanos: p.Time.UnixNano(), Data: p.Data, Length: p.Wire})
	}
	return nil
}

// packet writes a record to a pcap file.
func (w *Writer) packet(r *Record) error {
	if w.first == nil {
		w.first = r.Interface
	}
	switch {
	case r.Kind == KindHeader:
		w.begun, w.same = true, true
		w.buf = append(w.buf, r.Raw...)
		return nil
	case w.same:
		w.buf = append(w.buf, r.Raw...)
		return nil
	case r.Kind == KindSection, r.Kind == KindInterface:
		return nil // the first packet tells what is needed of them
	case r.Kind != KindPacket:
		w.left[r.Kind]++
		return nil
	}
	p := &r.Packet
	if !w.begun {
		w.first = r.Interface
		w.begin()
	}
	if r.Interface.LinkType != w.first.LinkType {
		return w.fail(ErrLinkType, "this packet has the link type "+LinkName(r.Interface.LinkType)+", those before it "+LinkName(w.first.LinkType)+
			", and a pcap file has one: write pcapng, or filter for one of them")
	}
	sec, frac := int64(0), uint32(0)
	if !p.Time.IsZero() {
		sec, frac = p.Time.Unix(), uint32(p.Time.Nanosecond())
	}
	if !w.nanos {
		frac /= uint32(time.Microsecond)
	}
	if sec < 0 || sec > math.MaxUint32 {
		return w.fail(ErrTime, "a packet of "+p.Time.UTC().Format(time.RFC3339)+", where a pcap file has times from 1970 to 2106: write pcapng")
	}
	w.notes += uint64(len(p.Comments))
	w.buf = le.AppendUint32(le.AppendUint32(w.buf, uint32(sec)), frac)
	w.buf = le.AppendUint32(le.AppendUint32(w.buf, uint32(len(p.Data))), uint32(p.Wire))
	w.buf = append(w.buf, p.Data...)
	return nil
}

// begin writes the header of a pcap file. A packet of another interface with finer times than the first
// one's loses what is under a microsecond, as every pcap file does that is not of nanoseconds.
func (w *Writer) begin() {
	i := w.first
	w.begun, w.nanos = true, i.Digits() > 6
	magic := uint32(0xa1b2c3d4)
	if w.nanos {
		magic = 0xa1b23c4d
	}
	snap := i.SnapLen
	if snap == 0 {
		snap = MaxPacket
	}
	w.buf = le.AppendUint32(w.buf, magic)
	w.buf = le.AppendUint16(le.AppendUint16(w.buf, 2), 4)
	w.buf = append(w.buf, 0, 0, 0, 0, 0, 0, 0, 0)
	w.buf = le.AppendUint32(le.AppendUint32(w.buf, snap), uint32(i.LinkType))
}

var le = binary.LittleEndian
