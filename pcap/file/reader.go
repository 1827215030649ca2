package file

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"httptap/pcap/pcapng"
)

// Bounds of what a file may say of itself.
const (
	MaxPacket     = 256 << 10 // bytes captured of a packet: libpcap's and Wireshark's longest
	MaxBlock      = 16 << 20  // bytes of any other block
	maxInterfaces = 1 << 16   // of a section
	maxName       = 256       // bytes that are kept of an interface's or a section's texts
	maxComments   = 64        // that are shown of a packet
)

// Options say how a file is read.
type Options struct {
	// Name is the file's, for errors.
	Name string
	// Idle is called before every read from the source, which may take long: it is the time to write what
	// waits to be written.
	Idle func()
}

// A Reader reads a capture file. It must not be used by two goroutines at once.
type Reader struct {
	o      Options
	w      window
	packed *window // the compressed bytes, when they are
	format Format
	order  pcapng.Order
	rec    Record
	number uint64
	err    error // once there is one, there is nothing more
	close  []io.Closer
	size   int64 // of a file on a disk

	comments [][]byte
	classic  classic
	section  *Section
	sections int
}

// NewReader returns a reader of what src is: pcap or pcapng, perhaps compressed with gzip or zstd. It reads
// as much as it needs to know. The error is ErrFormat when it is none of these.
func NewReader(src io.Reader, o Options) (*Reader, error) {
	r := &Reader{o: o, w: window{src: src, idle: o.Idle}}
	if err := r.decompress(); err != nil {
		r.Close()
		return nil, err
	}
	if err := r.detect(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close closes what Open has opened. It does not close what NewReader was given.
func (r *Reader) Close() (err error) {
	for i := len(r.close) - 1; i >= 0; i-- {
		err = errors.Join(err, r.close[i].Close())
	}
	r.close = nil
	return err
}

// Format returns the format of the file.
func (r *Reader) Format() Format { return r.format }

// Offset returns how many bytes of the file are read and returned, decompressed.
func (r *Reader) Offset() int64 { return r.w.off }

// Consumed returns how many bytes of the file are used, as they lie in it, and how long it is, 0 when it has no
// end that is known.
func (r *Reader) Consumed() (used, size int64) {
	if r.packed != nil {
		return r.packed.off, r.size
	}
	return r.w.off, r.size
}

// Next returns the next record. The error is io.EOF at the end of the file, or an *Error: then everything
// before the place that it names was returned.
func (r *Reader) Next() (*Record, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.format == PCAP {
		r.err = r.classic.next(r)
	} else {
		r.err = r.nextBlock()
	}
	if r.err != nil {
		return nil, r.err
	}
	return &r.rec, nil
}

// detect finds out the format.
func (r *Reader) detect() error {
	b, err := r.w.peek(4)
	switch {
	case err != nil && err != io.EOF:
		return r.readError(err)
	case len(b) == 0:
		return r.fail(ErrFormat, "the file is empty: a capture file has a header at least")
	case err != nil:
		return r.fail(ErrFormat, "the file has %d bytes: a capture file has a header of 24 at least", len(b))
	}
	if pcapng.Little.Uint32(b) == pcapng.TypeSection {
		r.format = PCAPNG
		return nil
	}
	if r.classic.detect(b) {
		r.format, r.order = PCAP, r.classic.order
		return nil
	}
	reason := fmt.Sprintf("it begins with % x, which is neither pcap nor pcapng", b)
	b, _ = r.w.peek(8)
	for _, k := range strangers {
		if strings.HasPrefix(string(b), k.magic) {
			return r.fail(ErrFormat, "%s: it looks like %s; %s", reason, k.name, k.remedy)
		}
	}
	return r.fail(ErrFormat, "%s; if Wireshark knows it, editcap -F pcapng IN OUT makes a file that can be read here", reason)
}

// strangers are what is taken for a capture file, and what to do about it.
var strangers = []struct{ magic, name, remedy string }{
	{"\xfd7zXZ\x00", "xz", "xz -dc FILE | tapdump - reads it"},
	{"BZh", "bzip2", "bzip2 -dc FILE | tapdump - reads it"},
	{"\x04\x22\x4d\x18", "lz4", "lz4 -dc FILE | tapdump - reads it"},
	{"PK\x03\x04", "a zip archive", "unzip -p FILE | tapdump - reads what is in it"},
	{"snoop\x00\x00\x00", "a capture of snoop", "editcap -F pcapng IN OUT makes a pcapng file of it"},
	{"GMBU", "a capture of Microsoft's Network Monitor", "editcap -F pcapng IN OUT makes a pcapng file of it"},
	{"\x1f\x8b", "gzip inside of gzip or zstd", "decompress it once before"},
	{"\x28\xb5\x2f\xfd", "zstd inside of gzip or zstd", "decompress it once before"},
	{"<", "a page of HTML or XML", "was the download an error page?"},
	{"{", "JSON", "a capture file is binary"},
}

// fail returns an error at the record that begins at the current place.
func (r *Reader) fail(err error, format string, args ...any) error {
	return &Error{File: r.o.Name, Offset: r.w.off, Reason: fmt.Sprintf(format, args...), Err: err}
}

// short returns the error of a record of which less is there than it needs; err is what the source said.
func (r *Reader) short(err error, what Kind, have, want int) error {
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return r.readError(err)
	}
	return r.fail(ErrTruncated, "the file ends inside a %s: %d of its %d bytes are there, all records before it are whole; "+
		"it was cut when it was written or copied, or is still being written (tapdump -f waits for more)", what, have, want)
}

// readError returns the error of a source that can't be read.
func (r *Reader) readError(err error) error {
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case r.packed != nil && (r.packed.err == nil || r.packed.err == io.EOF):
		// The compressed bytes were read without an error: it is they that are wrong.
		return r.fail(ErrCorrupt, "nothing more can be decompressed (%v): %s; all records before this place are whole", err, remedyOf(err))
	}
	return &Error{File: r.o.Name, Offset: r.w.off, Reason: "reading failed: " + err.Error(), Err: err}
}
