//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shared returns a directory that every user may enter and uid owns.
func shared(t testing.TB, uid int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, uid, -1)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// refused runs httptap, which is to fail, and returns what it says.
func (w world) refused(t *testing.T, args ...string) string {
	t.Helper()
	_, stderr, err := w.run(t, "httptap", args...)
	if err == nil {
		t.Errorf("httptap %s did not fail", strings.Join(args, " "))
	}
	return stderr
}

// httptap listens at several places at once, replaces the Unix socket of one that was killed, and
// leaves none.
func TestUnixSocket(t *testing.T) {
	uid := os.Getuid()
	if uid == 0 { // as if by sudo: it goes on as that user
		uid = 12345
		t.Setenv("SUDO_UID", fmt.Sprint(uid))
		t.Setenv("SUDO_GID", "23456")
	}
	dir := shared(t, uid)
	one, two, tcp := filepath.Join(dir, "one"), filepath.Join(dir, "two"), "127.0.0.1:"+freePort(t)
	w := world{}
	args := []string{"-i", "user", "-q", "-listen", tcp + ",unix:" + one, "-listen", two}
	s := w.httptap(t, args...)
	for _, want := range []string{"http://" + tcp, "unix:" + one, "unix:" + two, "xcurl -ihttp -url http://" + tcp} {
		if !strings.Contains(s.start, want) {
			t.Errorf("%q does not name %s", s.start, want)
		}
	}
	for _, path := range []string{one, two} {
		f, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Mode() != fs.ModeSocket|0o600 || int(f.Sys().(*syscall.Stat_t).Uid) != uid {
			t.Errorf("%s is %v and user %d's", path, f.Mode(), f.Sys().(*syscall.Stat_t).Uid)
		}
	}
	page := w.must(t, "xcurl", "-ihttp", "-s", "-url", "http://"+tcp, "http://www.httptap.test/")
	for _, url := range []string{"unix:" + one, "unix://" + two} {
		if got := w.must(t, "xcurl", "-ihttp", "-s", "-url", url, "http://www.httptap.test/"); len(got) != len(page) || got == "" {
			t.Errorf("by %s it is a page of %d bytes", url, len(got))
		}
	}
	if says := w.refused(t, "-i", "user", "-listen", two); !strings.Contains(says, "unix:"+two+": somebody listens there already") {
		t.Errorf("a second one on the same socket: %s", says)
	}
	if os.Getuid() == 0 {
		other := w.command(t.Context(), "xcurl", "-ihttp", "-url", "unix:"+one, "http://www.httptap.test/")
		other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
		var exit *exec.ExitError
		if out, err := other.CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != 7 || !strings.Contains(string(out), "the socket is another user's") {
			t.Errorf("another user: %v %s", err, out)
		}
	}
	s.cmd.Process.Kill()
	<-s.done
	s.cmd.Wait()
	s = w.httptap(t, args...)
	w.must(t, "xcurl", "-ihttp", "-s", "-url", "unix:"+one, "http://www.httptap.test/")
	s.stop(t)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// What root alone may remove stays behind root's end, and is said; sudo's user is refused what is
// not his.
func TestUnixSocketInRootsDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: without it, nothing is given up that could be missing at the end")
	}
	t.Setenv("SUDO_UID", "")
	dir := shared(t, 0)
	path := filepath.Join(dir, "s")
	w := world{}
	for range 2 { // the second one replaces what the first one left
		s := w.httptap(t, "-i", "user", "-q", "-listen", "unix:"+path)
		s.stop(t)
		if out := s.out.String(); !strings.Contains(out, "unix:"+path+": the socket stays behind") {
			t.Errorf("it says %q", out)
		}
	}
	if f, err := os.Lstat(path); err != nil || f.Mode() != fs.ModeSocket|0o600 || f.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("%v, %v", f, err)
	}
	t.Setenv("SUDO_UID", "12345")
	t.Setenv("SUDO_GID", "12345")
	if says := w.refused(t, "-i", "user", "-listen", "unix:"+path); !strings.Contains(says, "permission denied") || !strings.Contains(says, "use a directory of his") {
		t.Errorf("as sudo's user: %s", says)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error("sudo's user removed what is root's")
	}
}
