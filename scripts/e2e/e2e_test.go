package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bin holds the commands, built once.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "httptap-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Chmod(dir, 0o755) // httptap drops root and must still find its files
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./httptap", "./xcurl")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// needRoot skips a test that can't run here, with the reason.
func needRoot(t testing.TB, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: it opens a TAP or makes network namespaces")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("needs /dev/net/tun: modprobe tun")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s, which is not installed", tool)
		}
	}
}

// A world is where commands run: this machine, or a network namespace of it.
type world struct{ netns string }

func (w world) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if own := filepath.Join(bin, name); !strings.Contains(name, "/") {
		if _, err := os.Stat(own); err == nil {
			name = own
		}
	}
	if w.netns != "" {
		args = append([]string{"netns", "exec", w.netns, name}, args...)
		name = "ip"
	}
	c := exec.CommandContext(ctx, name, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	return c
}

// must runs a command to its end and returns what it printed on stdout.
func (w world) must(t testing.TB, name string, args ...string) string {
	t.Helper()
	stdout, stderr, err := w.run(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

func (w world) run(t testing.TB, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := w.command(ctx, name, args...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err = c.Run()
	return o.String(), e.String(), err
}

// namespace makes a network namespace with loopback up, removed when the test ends.
func namespace(t testing.TB) world {
	t.Helper()
	w := world{netns: fmt.Sprintf("httptap-%d-%d", os.Getpid(), time.Now().UnixNano()%1e6)}
	world{}.must(t, "ip", "netns", "add", w.netns)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", w.netns).Run() })
	world{}.must(t, "ip", "-n", w.netns, "link", "set", "lo", "up")
	return w
}

// A server is a running httptap.
type server struct {
	cmd   *exec.Cmd
	start string // its first line
	out   *bytes.Buffer
	done  chan struct{}
}

// httptap starts httptap with args in w and waits for its first line. It is interrupted when
// the test ends, and must then exit with 0.
func (w world) httptap(t testing.TB, args ...string) *server {
	t.Helper()
	return w.serve(t, "httptap", args...)
}

// serve is httptap by a command that runs it, perhaps through others.
func (w world) serve(t testing.TB, name string, args ...string) *server {
	t.Helper()
	s := &server{cmd: w.command(context.Background(), name, args...), out: new(bytes.Buffer), done: make(chan struct{})}
	r, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = pw, pw
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pw.Close()
	lines := bufio.NewReader(r)
	r.SetReadDeadline(time.Now().Add(20 * time.Second))
	s.start, err = lines.ReadString('\n')
	r.SetReadDeadline(time.Time{})
	if err != nil || !strings.Contains(s.start, "listening") {
		rest, _ := io.ReadAll(lines)
		s.cmd.Process.Kill()
		s.cmd.Wait()
		t.Fatalf("%s %s did not start: %v\n%s%s", name, strings.Join(args, " "), err, s.start, rest)
	}
	go func() {
		io.Copy(s.out, lines)
		close(s.done)
	}()
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.stop(t)
		}
		if t.Failed() {
			tail := s.out.Bytes()
			t.Logf("httptap printed last: ...%s", tail[max(0, len(tail)-3000):])
		}
	})
	return s
}

// stop interrupts httptap as Ctrl-C does.
func (s *server) stop(t testing.TB) {
	t.Helper()
	s.cmd.Process.Signal(syscall.SIGINT)
	timer := time.AfterFunc(20*time.Second, func() { s.cmd.Process.Kill() })
	<-s.done
	err := s.cmd.Wait()
	if !timer.Stop() || err != nil {
		t.Errorf("httptap did not end well on an interrupt: %v", err)
	}
}

// freePort returns a TCP port of loopback that nobody uses now.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
