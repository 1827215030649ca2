package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"
)

// Whatever a file has in it: its records tile it up to the place that the error names, one byte at a time
// it is the same, and a copy is the same to the byte.
func FuzzPcapng(f *testing.F) {
	f.Add(everything(binary.LittleEndian, binary.BigEndian))
	f.Add(everything(binary.BigEndian, binary.BigEndian)[:300])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 4 || binary.LittleEndian.Uint32(b) != 0x0a0d0d0a {
			return
		}
		fuzzFile(t, b, PCAPNG)
	})
}

func FuzzPcap(f *testing.F) {
	for _, magic := range []uint32{0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x1c0001ac} {
		f.Add(classicFile(binary.LittleEndian, magic, 4))
		f.Add(classicFile(binary.BigEndian, magic, 3))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c classic
		if len(b) < 4 || !c.detect(b) {
			return
		}
		fuzzFile(t, b, PCAP)
	})
}

// FuzzCompressed: what a decompressor makes of anything ends, and an error says what it is.
func FuzzCompressed(f *testing.F) {
	f.Add(gzipped(classicFile(binary.LittleEndian, 0xa1b2c3d4, 4)))
	f.Add(zstandard(f, classicFile(binary.LittleEndian, 0xa1b2c3d4, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, err := readAll(t, bytes.NewReader(b), nil)
		var e *Error
		if err != nil && (!errors.As(err, &e) || Unread(err)) {
			t.Fatalf("%v", err)
		}
	})
}

func fuzzFile(t *testing.T, b []byte, f Format) {
	all, _, err := readAll(t, bytes.NewReader(b), b)
	var e *Error
	if err != nil && (!errors.As(err, &e) || Unread(err) || e.Offset > int64(len(b))) {
		t.Fatalf("an error without a place: %v", err)
	}
	slow, _, slowErr := readAll(t, iotest.OneByteReader(bytes.NewReader(b)), b)
	if len(slow) != len(all) || (err == nil) != (slowErr == nil) || err != nil && err.Error() != slowErr.Error() {
		t.Fatalf("%d packets and %v, but byte by byte %d and %v", len(all), err, len(slow), slowErr)
	}
	r, err := NewReader(bytes.NewReader(b), Options{})
	if err != nil {
		return // nothing to copy
	}
	var same, other bytes.Buffer
	copies := []*Writer{NewWriter(&same, "same", f), NewWriter(&other, "other", 1-f)}
	var otherErr error
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if err := copies[0].Write(rec); err != nil {
			t.Fatal(err)
		}
		if otherErr == nil {
			otherErr = copies[1].Write(rec)
		}
	}
	if err := errors.Join(copies[0].Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(same.Bytes(), b[:r.Offset()]) {
		t.Fatal("a copy is not the same")
	}
	if otherErr != nil {
		if !errors.Is(otherErr, ErrLinkType) && !errors.Is(otherErr, ErrTime) {
			t.Fatal(otherErr)
		}
		return
	}
	if err := copies[1].Close(); err != nil {
		t.Fatal(err)
	}
	if other.Len() == 0 {
		return // there was no interface
	}
	converted, _, err := readAll(t, &other, nil)
	if err != nil || len(converted) != len(all) {
		t.Fatalf("in the other format there are %d packets, not %d: %v", len(converted), len(all), err)
	}
	unit := time.Duration(1)
	if !copies[1].nanos && f == PCAPNG {
		unit = time.Microsecond
	}
	for i, g := range converted {
		w := all[i]
		if g.data != w.data || g.wire != w.wire || !w.time.IsZero() && !g.time.Equal(w.time.Truncate(unit)) && f == PCAPNG {
			t.Fatalf("packet %d in the other format\n got %+v\nwant %+v", i+1, g, w)
		}
	}
	if _, err := r.Next(); err == nil || err == io.ErrUnexpectedEOF {
		t.Fatalf("after the end: %v", err)
	}
}
