package dump

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"httptap/pcap/file"
)

// An output is a capture file that is written.
type output struct {
	*file.Writer
	closers []io.Closer // the innermost first
}

// create makes a capture file. Its name decides the format and the compression; a name that says nothing keeps
// the input's format.
func create(name, input string, format file.Format, stdout io.Writer) (*output, error) {
	plain, packed := strings.CutSuffix(name, ".gz")
	switch {
	case strings.HasSuffix(plain, ".pcap"), strings.HasSuffix(plain, ".cap"):
		format = file.PCAP
	case strings.HasSuffix(plain, ".pcapng"), strings.HasSuffix(plain, ".ntar"):
		format = file.PCAPNG
	case strings.HasSuffix(plain, ".zst"):
		return nil, Usagef("-w %s: zstd is read, not written: -w - | zstd > %s", name, name)
	}
	if name == "-" {
		return &output{Writer: file.NewWriter(stdout, "standard output", format)}, nil
	}
	if sameFile(name, input) {
		return nil, Usagef("-w %s is the file that is read: give it another name", name)
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, &Error{ExitFailed, err}
	}
	if !packed {
		return &output{Writer: file.NewWriter(f, name, format), closers: []io.Closer{f}}, nil
	}
	b := bufio.NewWriter(f)
	z := gzip.NewWriter(b)
	return &output{Writer: file.NewWriter(z, name, format), closers: []io.Closer{z, flusher{b}, f}}, nil
}

type flusher struct{ *bufio.Writer }

func (f flusher) Close() error { return f.Flush() }

// close ends the file and says what it has no place for.
func (o *output) close(stderr io.Writer) error {
	err := o.Writer.Close()
	for _, c := range o.closers {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return &Error{ExitFailed, err}
	}
	var left []string
	if n := o.LeftComments(); n > 0 {
		left = append(left, fmt.Sprintf("%d comments", n))
	}
	for _, k := range []file.Kind{file.KindNames, file.KindStatistics, file.KindSecrets, file.KindJournal, file.KindCustom, file.KindUnknown} {
		if n := o.Left(k); n > 0 {
			left = append(left, fmt.Sprintf("%d × %s", n, k))
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(stderr, "tapdump: pcap has no place for %s: a .pcapng file has\n", strings.Join(left, ", "))
	}
	if n := o.Left(file.KindNoCopy); n > 0 {
		fmt.Fprintf(stderr, "tapdump: %d custom blocks were left out, as their maker asks when frames are\n", n)
	}
	return nil
}
