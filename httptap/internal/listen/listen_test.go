package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text          string
		network, addr string
		says          string // of the error
	}{
		{"127.0.0.1:7070", "tcp", "127.0.0.1:7070", ""},
		{":7070", "tcp", ":7070", ""},
		{"[::1]:0", "tcp", "[::1]:0", ""},
		{"localhost:65535", "tcp", "localhost:65535", ""},
		{"/run/x", "unix", "/run/x", ""},
		{"unix:/run/x", "unix", "/run/x", ""},
		{"unix:///run/x", "unix", "/run/x", ""},
		{"unix:x", "unix", "x", ""},
		{"unix:./a:b", "unix", "./a:b", ""},
		{"7070", "", "", "it is host:port"},
		{"", "", "", "it is host:port"},
		{"localhost", "", "", "missing port"},
		{"127.0.0.1:65536", "", "", "from 0 to 65535"},
		{"127.0.0.1:http", "", "", "from 0 to 65535"},
		{"127.0.0.1:", "", "", "from 0 to 65535"},
		{"127.0.0.1:-1", "", "", "from 0 to 65535"},
		{"127.0.0.1:007", "", "", "is written 7"},
		{"unix:", "", "", "is missing"},
		{"unix:@x", "", "", "use a path"},
		{"/a\x00b", "", "", "no NUL"},
		{"/" + strings.Repeat("x", 200), "", "", "at most"},
	} {
		a, err := Parse(c.text)
		if c.says != "" {
			if !errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: %v, want %q", c.text, err, c.says)
			}
			continue
		}
		if err != nil || a.Network != c.network || a.Text != c.addr {
			t.Errorf("%q: %q %q, %v", c.text, a.Network, a.Text, err)
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Errorf("%q is written %q, which is %q, %v", c.text, a, again, err)
		}
	}
}

func TestList(t *testing.T) {
	l := List{All: []Address{{"tcp", "127.0.0.1:7070"}}}
	if l.Given() || l.String() != "127.0.0.1:7070" {
		t.Errorf("before: %v %q", l.Given(), l.String())
	}
	for _, s := range []string{"127.0.0.1:1, unix:/x", "/y"} {
		if err := l.Set(s); err != nil {
			t.Fatal(err)
		}
	}
	if want := "127.0.0.1:1,unix:/x,unix:/y"; !l.Given() || l.String() != want {
		t.Errorf("it is %q, want %q", l.String(), want)
	}
	for _, s := range []string{"unix:/x", "127.0.0.1:2,,127.0.0.1:3", "x"} {
		if err := l.Set(s); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func unixAt(path string) Address { return Address{"unix", path} }

// meets tells whether somebody listens at path.
func meets(path string) bool {
	c, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func TestUnixSocket(t *testing.T) {
	t.Chdir(t.TempDir())
	path := filepath.Join(t.TempDir(), "s")
	for _, p := range []string{path, "relative"} {
		l, err := unixAt(p).Open()
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Lstat(p)
		if err != nil || f.Mode() != fs.ModeSocket|0o600 && runtime.GOOS != "windows" {
			t.Errorf("the mode is %v, %v", f.Mode(), err)
		}
		if !meets(p) || !Private(l) {
			t.Error("nobody listens, or everybody may call")
		}
		if _, err := unixAt(p).Open(); !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), p) {
			t.Errorf("a second one: %v", err)
		}
		if p == "relative" {
			t.Chdir(t.TempDir())
		}
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(l.Addr().String()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket is there behind its end: %v", err)
		}
	}
}

// leave leaves a socket that nobody listens on.
func leave(t *testing.T, path string) {
	t.Helper()
	l, err := bind(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestWhatIsThereAlready(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	leave(t, path)
	l, err := unixAt(path).Open()
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	if !meets(path) {
		t.Error("nobody listens")
	}
	l.Close()

	file := filepath.Join(dir, "file")
	link := filepath.Join(dir, "link")
	target := filepath.Join(dir, "target")
	leave(t, target)
	if err := errors.Join(os.WriteFile(file, []byte("precious"), 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{file, dir, link} {
		if _, err := unixAt(p).Open(); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", p, err)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the file is %q, %v", b, err)
	}
	if _, err := os.Lstat(target); err != nil {
		t.Errorf("a socket behind a link is gone: %v", err)
	}

	datagrams := filepath.Join(dir, "datagrams")
	d, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: datagrams})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := unixAt(datagrams).Open(); !errors.Is(err, ErrTaken) {
		t.Errorf("a socket of datagrams that is in use: %v", err)
	}
	if _, err := unixAt(filepath.Join(dir, "no", "s")).Open(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "mkdir -p "+filepath.Join(dir, "no")) {
		t.Errorf("no directory: %v", err)
	}
}

// A socket that another process has put at our path meanwhile is not ours to remove.
func TestAnothersSocketStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ours, err := unixAt(path).Open()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	theirs, err := unixAt(path).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := ours.Close(); err != nil || !meets(path) {
		t.Errorf("%v, and is it there: %v", err, meets(path))
	}
}

// Of several that start at once on a stale socket, one has it at the end and the others are told.
func TestRaceForAStaleSocket(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "s")
		leave(t, path)
		var mu sync.Mutex
		var won []net.Listener
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				l, err := unixAt(path).Open()
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, l)
				} else if !errors.Is(err, ErrTaken) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(won) != 1 || !meets(path) {
			t.Errorf("%d have it, and it is there: %v", len(won), meets(path))
		}
		for _, l := range won {
			l.Close()
		}
	}
}

func TestTCP(t *testing.T) {
	l, err := Address{"tcp", "127.0.0.1:0"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !Private(l) {
		t.Error("loopback is private")
	}
	a := Address{"tcp", l.Addr().String()}
	if _, err := a.Open(); !errors.Is(err, ErrTaken) || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "such as 127.0.0.1:7071") {
		t.Errorf("taken: %v", err)
	}
	if _, err := (Address{"tcp", "192.0.2.1:0"}).Open(); err == nil || !strings.Contains(err.Error(), "ip addr") {
		t.Errorf("an address of another machine: %v", err)
	}
	four, err := Address{"tcp", "0.0.0.0:0"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer four.Close()
	if host, _, _ := net.SplitHostPort(four.Addr().String()); host != "0.0.0.0" || Private(four) {
		t.Errorf("0.0.0.0 is %s", host)
	}
	all, err := Address{"tcp", ":0"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if Private(all) {
		t.Error("all addresses are not private")
	}
}
