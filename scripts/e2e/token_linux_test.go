package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exits runs xcurl and checks its exit status and what it says.
func (w world) exits(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	_, stderr, err := w.run(t, "xcurl", args...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	}
	if got != code || !strings.Contains(stderr, says) {
		t.Errorf("xcurl %s: exit status %d, %s", strings.Join(args, " "), got, stderr)
	}
}

// Where other machines reach httptap, it says what that means and asks for a token.
func TestToken(t *testing.T) {
	needRoot(t, "ip", "curl")
	w := namespace(t)
	w.must(t, "ip", "addr", "add", "192.0.2.1/32", "dev", "lo")
	const url, page = "http://192.0.2.1:7070", "http://www.httptap.test/"

	t.Setenv("HTTPTAP_TOKEN", "")
	s := w.httptap(t, "-i", "user", "-q", "-listen", "192.0.2.1:7070,127.0.0.1:7070")
	w.exits(t, 7, "401 Unauthorized: a token is needed", "-ihttp", "-url", url, page)
	w.exits(t, 0, "", "-ihttp", page)
	s.stop(t)
	made := regexp.MustCompile(`the token of this run is (\S+) `).FindStringSubmatch(s.out.String())
	if !strings.Contains(s.out.String(), "other machines reach http://192.0.2.1:7070:") || made == nil || len(made[1]) < 26 {
		t.Errorf("it says\n%s", s.out)
	}

	t.Setenv("HTTPTAP_TOKEN", "a-token-of-the-environment")
	s = w.httptap(t, "-i", "user", "-q", "-listen", "0.0.0.0:7070")
	w.exits(t, 0, "", "-ihttp", "-url", url, page)
	w.exits(t, 0, "", "-ihttp", "-url", "http://localhost:7070", page)
	w.exits(t, 0, "", "-ihttp", "-url", "http://a-token-of-the-environment@192.0.2.1:7070", page)
	w.exits(t, 7, "this is not the token", "-ihttp", "-url", url, "-token", made[1], page)
	s.stop(t)
	if strings.Contains(s.out.String(), "a-token-of") {
		t.Errorf("a token that its user knows is printed:\n%s", s.out)
	}

	file := writeFile(t, shared(t, 0), "token", "a-token-of-a-file\n")
	if says := w.refused(t, "-i", "user", "-token-file", file); !strings.Contains(says, "chmod 600 "+file) {
		t.Errorf("a file that everybody may read: %s", says)
	}
	os.Chmod(file, 0o600)
	s = w.httptap(t, "-i", "user", "-q", "-token-file", file, "-listen", "127.0.0.1:7070,unix:"+filepath.Join(shared(t, 65534), "s"))
	w.exits(t, 7, "this is not the token", "-ihttp", page)
	w.exits(t, 0, "", "-ihttp", "-token", "a-token-of-a-file", page)
	socket := regexp.MustCompile(`unix:\S+s\b`).FindString(s.start)
	if code := w.must(t, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", strings.TrimPrefix(socket, "unix:"), "http://any/info"); code != "200" {
		t.Errorf("the socket's mode is its guard, but it answers %s", code)
	}
	s.stop(t)
}
