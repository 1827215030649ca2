// Package cmdtest runs a command of this module in scripts (rsc.io/script): the test binary is the command
// itself when it is started so, and a rootless httptap is there to be called.
package cmdtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rsc.io/script"
)

// asMain makes the test binary the command.
const asMain = "HTTPTAP_TEST_MAIN"

// Main is the body of a TestMain.
func Main(m *testing.M, main func()) {
	if os.Getenv(asMain) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Command runs the command and demands the exit status that is its first argument. A second one of the form
// <FILE is its standard input.
func Command(name string) script.Cmd {
	return script.Command(script.CmdUsage{
		Summary: "run " + name + " and compare its exit status",
		Args:    "status [<file] [args...]",
	}, func(s *script.State, args ...string) (script.WaitFunc, error) {
		if len(args) == 0 {
			return nil, script.ErrUsage
		}
		want, err := strconv.Atoi(args[0])
		if err != nil {
			return nil, script.ErrUsage
		}
		args = args[1:]
		var stdin *os.File
		if len(args) > 0 && strings.HasPrefix(args[0], "<") {
			if stdin, err = os.Open(s.Path(args[0][1:])); err != nil {
				return nil, err
			}
			defer stdin.Close()
			args = args[1:]
		}
		cmd := exec.CommandContext(s.Context(), os.Args[0], args...)
		cmd.Dir, cmd.Env = s.Getwd(), append(s.Environ(), asMain+"=1", "TZ=UTC")
		if stdin != nil {
			cmd.Stdin = stdin
		}
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 5 * time.Second
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err = cmd.Run()
		got := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			got, err = exit.ExitCode(), nil
		}
		if err == nil && got != want {
			err = fmt.Errorf("exit status %d, want %d", got, want)
		}
		return func(*script.State) (string, string, error) { return stdout.String(), stderr.String(), err }, nil
	})
}

// StartHTTPTap runs httptap without root on a free port until the test ends and returns its URL.
func StartHTTPTap(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "httptap")
	if out, err := exec.Command("go", "build", "-o", bin, "httptap/httptap").CombinedOutput(); err != nil {
		t.Fatalf("build httptap: %v\n%s", err, out)
	}
	cmd := exec.Command(bin, "-i", "user", "-q", "-listen", "127.0.0.1:"+FreePort(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("httptap: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, ok := strings.Cut(line, "listening on ")
	if err != nil || !ok {
		t.Fatalf("httptap said %q, %v", line, err)
	}
	url, _, _ := strings.Cut(rest, " ")
	return url
}

// FreePort returns a port of loopback on which nobody listens.
func FreePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
