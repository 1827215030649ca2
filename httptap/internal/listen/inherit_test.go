//go:build unix

package listen

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// child is what the test's own process does as the child that inherits: it says what it has got,
// and takes one connection on each.
func child() {
	all, err := Inherit()
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	again, err := Inherit()
	fmt.Println("sockets:", len(all), "and then:", len(again), err, "environment:", os.Getenv("LISTEN_PID")+os.Getenv("LISTEN_FDS")+os.Getenv("LISTEN_FDNAMES"))
	for _, i := range all {
		fmt.Printf("%s %s private=%v\n", i.Name, i.Address(), Private(i))
		c, err := i.Accept()
		if err != nil {
			fmt.Println(err)
			return
		}
		io.WriteString(c, i.Name)
		c.Close()
		i.Close()
	}
}

// inheriting starts the child as systemd does.
func inheriting(t *testing.T, env []string, files ...*os.File) *exec.Cmd {
	t.Helper()
	c := exec.Command("sh", "-c", `LISTEN_PID=${LISTEN_PID-$$} exec "$0" -test.run='^TestInherit$'`, os.Args[0])
	c.Env = append(os.Environ(), append(env, "LISTEN_CHILD=1")...)
	c.ExtraFiles = files
	return c
}

func TestInherit(t *testing.T) {
	if os.Getenv("LISTEN_CHILD") != "" {
		child()
		return
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := bind(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	file := func(l interface{ File() (*os.File, error) }) *os.File {
		f, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	unixFile, tcpFile := file(l), file(tcp.(*net.TCPListener))
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()

	c := inheriting(t, []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=qemu:http"}, unixFile, tcpFile)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for _, at := range []net.Addr{l.Addr(), tcp.Addr()} {
		conn, err := net.Dial(at.Network(), at.String())
		if err != nil {
			t.Fatal(err)
		}
		io.ReadAll(conn)
		conn.Close()
	}
	c.Wait()
	for _, want := range []string{"sockets: 2 and then: 0 <nil> environment: \n", "qemu unix:" + path + " private=true\n", "http " + tcp.Addr().String() + " private=true\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %q", want, out.String())
		}
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the child removed what it did not make: %v", err)
	}

	for _, c := range []struct {
		name  string
		env   []string
		files []*os.File
		mode  os.FileMode
		says  string
	}{
		{"for another process", []string{"LISTEN_PID=1", "LISTEN_FDS=1"}, []*os.File{unixFile}, 0o600, "sockets: 0 and"},
		{"nothing", []string{"LISTEN_PID=", "LISTEN_FDS="}, nil, 0o600, "sockets: 0 and"},
		{"none", []string{"LISTEN_FDS=0"}, nil, 0o600, "sockets: 0 and"},
		{"not a number", []string{"LISTEN_FDS=x"}, nil, 0o600, "no number of sockets"},
		{"a great number", []string{"LISTEN_FDS=1000000"}, nil, 0o600, "no number of sockets"},
		{"no socket", []string{"LISTEN_FDS=1"}, []*os.File{plain}, 0o600, "is no socket that listens"},
		{"more than there are", []string{"LISTEN_FDS=2"}, []*os.File{tcpFile}, 0o600, "is no socket that listens"},
		{"a socket for everybody", []string{"LISTEN_FDS=1"}, []*os.File{unixFile}, 0o666, "SocketMode=0660"},
	} {
		os.Chmod(path, c.mode)
		if out, err := inheriting(t, c.env, c.files...).CombinedOutput(); err != nil || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v %s", c.name, err, out)
		}
	}
}
