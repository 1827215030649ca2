package undo

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// prefix is what argv[0] of a process for some work begins with; the name of the work follows.
const prefix = "httptap-restore-"

// ErrFailed says that the work was not done; the process has said why on stderr.
var ErrFailed = errors.New("undo: not everything could be put back")

// A Process is one that waits to put things back.
type Process struct {
	proc *os.Process
	pipe *os.File
}

// Start starts the process that does the work of that name, with args, when this process ends. It has the
// held files open until then. The program has to call Main for the work.
func Start(work string, args []string, held ...*os.File) (*Process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("undo: %w", err)
	}
	defer r.Close()
	proc, err := os.StartProcess("/proc/self/exe", append([]string{prefix + work}, args...), &os.ProcAttr{
		Files: append([]*os.File{r, nil, os.Stderr}, held...),
		Sys:   &syscall.SysProcAttr{Setsid: true}, // Ctrl-C on the terminal is not for it
	})
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("undo: %w", err)
	}
	return &Process{proc, w}, nil
}

// Finish has the work done and waits for it. A nil Process has none to do.
func (p *Process) Finish() error {
	if p == nil {
		return nil
	}
	p.pipe.Close()
	state, err := p.proc.Wait()
	if err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	if !state.Success() {
		return fmt.Errorf("%w: %s", ErrFailed, state)
	}
	return nil
}

// Main is to be called first thing in main: when the program was started to do the work of that name, it
// waits, does it, and exits; else it returns at once.
func Main(work string, do func(args []string) error) {
	if len(os.Args) == 0 || os.Args[0] != prefix+work {
		return
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	for b := make([]byte, 1); ; {
		if _, err := os.Stdin.Read(b); err != nil {
			break
		}
	}
	if err := do(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "httptap: %s %s: %v\n", work, strings.Join(os.Args[1:], " "), err)
		os.Exit(1)
	}
	os.Exit(0)
}
