package undo

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	Main("write", func(args []string) error { return os.WriteFile(args[0], []byte(args[1]), 0o600) })
	Main("fail", func([]string) error { return errors.New("no") })
	if name := os.Getenv("UNDO_FILE"); name != "" {
		os.Exit(maker(name))
	}
	os.Exit(m.Run())
}

// maker is the process that changes something and is killed: its stdout tells that it has begun, and the other
// process has it, too, so that it ends when that one has.
func maker(name string) int {
	if _, err := Start("write", []string{name, "as before"}, os.Stdout); err != nil {
		return 1
	}
	if err := os.WriteFile(name, []byte("changed"), 0o600); err != nil {
		return 1
	}
	os.Stdout.WriteString("changed\n")
	os.Stdin.Read(make([]byte, 1)) // the signal comes first
	return 1
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFinish(t *testing.T) {
	name := t.TempDir() + "/file"
	p, err := Start("write", []string{name, "as before"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the work was done too early")
	}
	if err := p.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, name); got != "as before" {
		t.Errorf("the file has %q", got)
	}
	if err := (*Process)(nil).Finish(); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}

func TestFailureIsSaid(t *testing.T) {
	for _, work := range []struct {
		name string
		args []string
	}{{"fail", nil}, {"write", []string{t.TempDir() + "/no/such/folder", "x"}}} {
		p, err := Start(work.name, work.args)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Finish(); !errors.Is(err, ErrFailed) {
			t.Errorf("%s: %v", work.name, err)
		}
	}
}

// However the maker ends.
func TestAfterAKill(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		name := t.TempDir() + "/file"
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "UNDO_FILE="+name)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		begun := make([]byte, len("changed\n"))
		if _, err := io.ReadFull(out, begun); err != nil {
			t.Fatal(err)
		}
		if got := read(t, name); got != "changed" {
			t.Errorf("%v: before it the file has %q", sig, got)
		}
		c.Process.Signal(sig)
		rest, err := io.ReadAll(out) // ends with the last process that has it
		if err != nil || strings.TrimSpace(string(rest)) != "" {
			t.Errorf("%v: %q %v", sig, rest, err)
		}
		c.Wait()
		if got := read(t, name); got != "as before" {
			t.Errorf("%v: after it the file has %q", sig, got)
		}
	}
}
