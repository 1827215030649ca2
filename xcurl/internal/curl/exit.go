package curl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Exit codes, as curl has them. curl(1), EXIT CODES
const (
	ExitProtocol    = 1
	ExitUsage       = 2
	ExitURL         = 3
	ExitResolve     = 6
	ExitConnect     = 7
	ExitPartial     = 18
	ExitHTTP        = 22
	ExitWrite       = 23
	ExitTimeout     = 28
	ExitTLS         = 35
	ExitRedirects   = 47
	ExitEmpty       = 52
	ExitSend        = 55
	ExitReceive     = 56
	ExitCertificate = 60
	ExitInterrupted = 130
)

// An Error is why a run failed, with the exit code for it.
type Error struct {
	Code int
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func failf(code int, format string, args ...any) error {
	return &Error{code, fmt.Errorf(format, args...)}
}

// DeviceError gives the exit code to why a device could not be opened.
func DeviceError(ctx context.Context, err error) error { return fail(ctx, ExitConnect, err) }

// fail gives err the exit code, unless it has one, or the run was interrupted or out of time.
func fail(ctx context.Context, code int, err error) error {
	var e *Error
	var n net.Error
	switch {
	case errors.As(err, &e):
		return err
	case errors.Is(context.Cause(ctx), context.Canceled):
		return &Error{ExitInterrupted, errors.New("interrupted")}
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT), code != ExitResolve && errors.As(err, &n) && n.Timeout():
		return &Error{ExitTimeout, err}
	}
	return &Error{code, err}
}
