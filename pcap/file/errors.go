package file

import (
	"errors"
	"fmt"
)

// Errors of reading and writing, wrapped in an *Error.
var (
	ErrFormat    = errors.New("this is no capture file")
	ErrTruncated = errors.New("the file ends inside a record")
	ErrCorrupt   = errors.New("the file is damaged")
	ErrLinkType  = errors.New("a pcap file has one link type")
	ErrTime      = errors.New("a pcap file has no room for this time")
	ErrNoFile    = errors.New("a record came before the header of its file")
	ErrShrunk    = errors.New("the file has become shorter")
)

// An Error says where a file is wrong.
type Error struct {
	File   string // its name; "" when it has none
	Offset int64  // byte at which the record begins, of what a compressed file decompresses to
	Reason string // what is wrong, and the way out
	Err    error  // one of the errors above, or of the system
}

// Error returns "FILE: at byte 24: what is wrong".
func (e *Error) Error() string {
	s := fmt.Sprintf("at byte %d: %s", e.Offset, e.Reason)
	if e.File != "" {
		s = e.File + ": " + s
	}
	return s
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Unread tells whether err says that a file could not be read, not that it is wrong.
func Unread(err error) bool {
	for _, e := range []error{ErrFormat, ErrTruncated, ErrCorrupt, ErrShrunk} {
		if errors.Is(err, e) {
			return false
		}
	}
	return err != nil
}
