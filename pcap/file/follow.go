package file

import (
	"context"
	"io"
	"os"
	"time"
)

// lookEvery is how often a file is looked at that had nothing new.
const lookEvery = 100 * time.Millisecond

// A follower reads a file that grows. Polling works on every file system, those of other machines, too.
type follower struct {
	ctx  context.Context
	f    *os.File
	name string
	off  int64
}

// Read implements io.Reader: it waits until there is something, and returns io.EOF when ctx has ended.
func (f *follower) Read(p []byte) (int, error) {
	for {
		n, err := f.f.Read(p)
		f.off += int64(n)
		if n > 0 || err != nil && err != io.EOF {
			return n, err
		}
		if i, err := f.f.Stat(); err == nil && i.Mode().IsRegular() && i.Size() < f.off {
			return 0, &Error{File: f.name, Offset: i.Size(), Err: ErrShrunk,
				Reason: "the file became shorter while it was read: somebody has written it anew; start again to read what is there now"}
		}
		t := time.NewTimer(lookEvery)
		select {
		case <-t.C:
		case <-f.ctx.Done():
			t.Stop()
			return 0, io.EOF
		}
	}
}
