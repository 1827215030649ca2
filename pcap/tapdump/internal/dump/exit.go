package dump

import (
	"errors"
	"fmt"

	"httptap/pcap/file"
)

// The exit statuses.
const (
	ExitFailed    = 1   // reading or writing failed
	ExitUsage     = 2   // a wrong flag, field or filter
	ExitNoCapture = 3   // there is no such file, it is no capture, or no httptap answers
	ExitDamaged   = 4   // the capture is cut or damaged: all that came before was treated
	ExitInterrupt = 130 // interrupted before the end of a file
)

// An Error is a failure with its exit status.
type Error struct {
	Code int
	Err  error
}

// Error returns the text of Err.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Usagef returns an error of who calls.
func Usagef(format string, args ...any) error {
	return &Error{ExitUsage, fmt.Errorf(format, args...)}
}

// readError gives an error of reading its exit status.
func readError(err error) error {
	switch {
	case errors.Is(err, file.ErrFormat):
		return &Error{ExitNoCapture, err}
	case file.Unread(err):
		return &Error{ExitFailed, err}
	}
	return &Error{ExitDamaged, err}
}
