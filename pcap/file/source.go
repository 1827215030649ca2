package file

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back a zstd frame may refer: as much as the zstd command takes without being told.
const maxWindow = 128 << 20

// Open opens a capture file. "-" is standard input.
func Open(name string, o Options) (*Reader, error) {
	if name == "-" {
		if o.Name == "" {
			o.Name = "standard input"
		}
		return NewReader(os.Stdin, o)
	}
	return open(name, o, func(f *os.File) io.Reader { return f })
}

// Follow opens a capture file that somebody else is still writing: at its end it waits for more, until ctx
// ends.
func Follow(ctx context.Context, name string, o Options) (*Reader, error) {
	return open(name, o, func(f *os.File) io.Reader { return &follower{ctx: ctx, f: f, name: name} })
}

func open(name string, o Options, source func(*os.File) io.Reader) (*Reader, error) {
	if o.Name == "" {
		o.Name = name
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	i, err := f.Stat()
	if err == nil && i.IsDir() {
		f.Close()
		return nil, &Error{File: o.Name, Reason: "this is a directory", Err: ErrFormat}
	}
	r, err := NewReader(source(f), o)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.close = append([]io.Closer{f}, r.close...)
	if i != nil && i.Mode().IsRegular() {
		r.size = i.Size()
	}
	return r, nil
}

// decompress puts a decompressor before the source where its first bytes ask for one. What follows is in
// bytes of what comes out.
func (r *Reader) decompress() error {
	b, err := r.w.peek(4)
	if err != nil && err != io.EOF {
		return r.readError(err)
	}
	isGzip := strings.HasPrefix(string(b), "\x1f\x8b")
	isZstd := strings.HasPrefix(string(b), "\x28\xb5\x2f\xfd") || len(b) == 4 && b[0]&0xf0 == 0x50 && string(b[1:]) == "\x2a\x4d\x18"
	if !isGzip && !isZstd {
		return nil
	}
	packed := r.w
	r.packed = &packed
	if isGzip {
		z, err := gzip.NewReader(r.packed)
		if err != nil {
			return r.fail(ErrFormat, "it begins as gzip, but has no whole header of it: %v", err)
		}
		r.w = window{src: z}
		return nil
	}
	// One goroutine, and no more memory than the window: the bound is ours, not the file's.
	z, err := zstd.NewReader(r.packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return r.readError(err)
	}
	r.w = window{src: z}
	r.close = append(r.close, z.IOReadCloser())
	return nil
}

// remedyOf returns what to do about an error of a decompressor.
func remedyOf(err error) string {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return "it was compressed with a longer window than is read here: zstd -dc --long=31 FILE | tapdump - reads it"
	}
	return "the compressed file is damaged or was cut"
}
