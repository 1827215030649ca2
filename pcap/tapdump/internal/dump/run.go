package dump

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"httptap/pcap"
	"httptap/pcap/file"
	"httptap/pcap/filter"
	"httptap/pcap/pcapng"
	"httptap/pcap/session"
	"httptap/stack/field"
)

// A Config says what to do. Frames are printed unless Quiet is set or there are Stats or a WriteTo.
type Config struct {
	Input    Input
	Filter   *filter.Filter // nil: all frames
	Session  bool           // compare frames with those before them
	Count    uint64         // end after so many frames that the filter lets through; 0: never
	Quiet    bool           // decode, print no frame
	Print    Print
	Stats    []Statistic
	WriteTo  string // a file, "-" for Stdout; "": none
	Progress io.Writer
	Stdout   io.Writer
	Stderr   io.Writer
}

// flushAt is how much output is kept back, for there to be fewer writes.
const flushAt = 64 << 10

// A dump is one run.
type dump struct {
	Config
	in       *file.Reader
	rec      *file.Record
	decoder  pcap.Decoder
	spans    []field.Span
	packet   filter.Packet
	texts    []string // of comments
	meta     pcap.Meta
	first    time.Time // of the capture's first frame that has a time
	matched  uint64
	printer  *printer
	out      []byte
	outErr   error
	writer   *output
	progress *progress
	strange  map[uint16]bool // link types that were said to be not known
	raw      [1]field.Span
	session  *session.Session // nil: frames are not compared
	found    *session.Result  // of this frame
}

// Run does what the configuration says, until the input or ctx ends. The error is an *Error, but when it is of
// the process's own output.
func Run(ctx context.Context, c Config) (err error) {
	d := &dump{Config: c}
	if c.Session {
		d.session = session.New(session.Config{Follow: d.follow()})
	}
	if d.in, err = c.Input.open(ctx, d.idle); err != nil {
		return err
	}
	defer d.in.Close()
	if c.WriteTo != "" {
		if d.writer, err = create(c.WriteTo, c.Input.Name, d.in.Format(), c.Stdout); err != nil {
			return err
		}
		d.writer.Changed = c.Filter != nil || c.Count > 0
	}
	if !c.Quiet && len(c.Stats) == 0 && c.WriteTo == "" {
		d.printer = newPrinter(c.Print)
		d.out = d.printer.begin(d.out)
	}
	if c.Progress != nil {
		d.progress = newProgress(c.Progress, time.Now())
	}
	return d.end(ctx, d.loop(ctx))
}

// follow returns who is handed the bytes of streams; nil: nobody.
func (d *dump) follow() func(session.Chunk) {
	var all []*follow
	for _, s := range d.Stats {
		if f, ok := s.(*follow); ok {
			all = append(all, f)
		}
	}
	if all == nil {
		return nil
	}
	return func(c session.Chunk) {
		for _, f := range all {
			f.take(c)
		}
	}
}

// loop treats all records.
func (d *dump) loop(ctx context.Context) error {
	for n := 0; ; n++ {
		if n&0xff == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if d.progress != nil {
				used, size := d.in.Consumed()
				d.progress.update(time.Now, used, size, d.rec)
			}
		}
		rec, err := d.in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return readError(err)
		}
		d.rec = rec
		if rec.Kind == file.KindPacket {
			wanted := d.frame(rec)
			if d.printer != nil {
				d.printer.clock.before = rec.Packet.Time
			}
			if !wanted {
				continue
			}
		}
		if d.writer != nil {
			if err := d.writer.Write(rec); err != nil {
				return &Error{ExitFailed, err}
			}
		}
		if d.Count > 0 && d.matched == d.Count {
			return nil
		}
		if len(d.out) >= flushAt {
			d.flush()
		}
		if d.outErr != nil {
			return d.outErr
		}
	}
}

// frame treats a packet and tells whether the filter lets it through.
func (d *dump) frame(rec *file.Record) bool {
	p := &rec.Packet
	if d.first.IsZero() {
		d.first = p.Time
	}
	if d.Filter == nil && d.writer != nil && len(d.Stats) == 0 && d.session == nil {
		d.matched++
		return true // nobody looks into it
	}
	d.spans = d.decode(rec)
	d.about(rec)
	if d.session != nil {
		d.found = d.session.Add(&session.Frame{Number: p.Number, Time: p.Time, Data: p.Data, Wire: p.Wire, Spans: d.spans})
		d.meta.Facts, d.meta.Messages = d.found.Facts, d.found.Messages
	}
	if d.Filter != nil && !d.Filter.Match(d.facts()) {
		return false
	}
	d.matched++
	for _, s := range d.Stats {
		s.Add(&d.meta, p.Data, d.spans)
	}
	if d.printer != nil {
		d.out = d.printer.frame(d.out, d)
	}
	return true
}

// decode explains a frame. Those of another link type than Ethernet are data, which is said once.
func (d *dump) decode(rec *file.Record) []field.Span {
	p := &rec.Packet
	link := rec.Interface.LinkType
	if link == file.LinkEthernet {
		return d.decoder.Decode(p.Data, p.Wire)
	}
	if !d.strange[link] {
		if d.strange == nil {
			d.strange = map[uint16]bool{}
		}
		d.strange[link] = true
		fmt.Fprintf(d.Stderr, "tapdump: frames of the link type %s are shown as data: only Ethernet is decoded\n", file.LinkName(link))
	}
	d.raw[0] = field.Span{Spec: &field.Data, Len: int32(8 * len(p.Data))}
	return d.raw[:]
}

// about notes what is known of a frame besides its bytes.
func (d *dump) about(rec *file.Record) {
	p := &rec.Packet
	d.meta = pcap.Meta{Number: p.Number, Time: p.Time, Digits: rec.Interface.Digits(), Wire: p.Wire, Interface: rec.Interface.Name, Comments: p.Comments}
	if !p.Time.IsZero() {
		d.meta.Relative = p.Time.Sub(d.first)
	}
	switch p.Direction {
	case pcapng.Inbound:
		d.meta.Direction = "IN"
	case pcapng.Outbound:
		d.meta.Direction = "OUT"
	}
}

// facts is the frame as filters and columns see it.
func (d *dump) facts() *filter.Packet {
	p := &d.packet
	p.Frame, p.Wire, p.Spans = d.rec.Packet.Data, d.rec.Packet.Wire, d.spans
	p.Number, p.Time, p.Relative, p.Interface = d.meta.Number, d.meta.Time, d.meta.Relative, d.meta.Interface
	for i, c := range d.meta.Comments {
		if i == len(d.texts) {
			d.texts = append(d.texts, "")
		}
		if d.texts[i] != string(c) { // most frames say what the one before said
			d.texts[i] = string(c)
		}
	}
	p.Comments = d.texts[:len(d.meta.Comments)]
	p.Facts = d.meta.Facts
	p.AddMessages(d.meta.Messages)
	return p
}

// idle writes what waits: the next frame may be long in coming.
func (d *dump) idle() {
	d.flush()
	if d.writer != nil && d.Input.live() {
		d.writer.Flush()
	}
}

func (d *dump) flush() {
	if len(d.out) == 0 || d.outErr != nil {
		return
	}
	if d.progress != nil {
		d.progress.clear()
	}
	if _, err := d.Stdout.Write(d.out); err != nil {
		d.outErr = &Error{ExitFailed, fmt.Errorf("writing failed: %w", err)}
	}
	d.out = d.out[:0]
}

// end completes the output, whatever loop says, and returns the error of the run.
func (d *dump) end(ctx context.Context, err error) error {
	if d.progress != nil {
		d.progress.clear()
	}
	if d.printer != nil {
		d.out = d.printer.end(d.out)
	}
	if d.session != nil {
		d.session.Close()
	}
	d.out = d.appendStats(d.out)
	d.flush()
	if d.writer != nil {
		err = errors.Join(err, d.writer.close(d.Stderr))
	}
	switch {
	case d.outErr != nil:
		return d.outErr
	case err != nil && errors.Is(err, context.Canceled) && ctx.Err() != nil:
		if d.Input.live() {
			return nil // there is no other end
		}
		return &Error{ExitInterrupt, errors.New("interrupted before the end of the file")}
	}
	return err
}

// appendStats appends what was counted: tables, or with the style JSON an array of one element a statistic.
func (d *dump) appendStats(dst []byte) []byte {
	if d.Print.Style == JSON && len(d.Stats) > 0 {
		b, err := json.Marshal(d.Stats)
		if err != nil {
			d.outErr = &Error{ExitFailed, err}
			return dst
		}
		return append(append(dst, b...), '\n')
	}
	for i, s := range d.Stats {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = s.Append(dst)
	}
	return dst
}

// sameFile tells whether two names are of one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
