package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// randomBytes returns n bytes, the same for the same seed, that no shift of themselves equals.
func randomBytes(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// same compares what came with what was sent.
func same(what string, got, want []byte) error {
	if len(got) != len(want) || sha256.Sum256(got) != sha256.Sum256(want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		return fmt.Errorf("%s: %d bytes of %d came, the first that differs is at %d", what, len(got), len(want), at)
	}
	return nil
}

// together runs subtests at the same time, several for each processor: on a lossy link most of
// the time is spent in waiting.
func together(t *testing.T, names []string, f func(t *testing.T, i int)) {
	t.Helper()
	room := make(chan struct{}, 8)
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			t.Run(name, func(t *testing.T) { f(t, i) })
		})
	}
	all.Wait()
}

const nginxConf = `user root;
daemon off;
master_process off;
error_log @RUN@/error.log;
pid @RUN@/nginx.pid;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path @RUN@;
	proxy_temp_path @RUN@;
	fastcgi_temp_path @RUN@;
	uwsgi_temp_path @RUN@;
	scgi_temp_path @RUN@;
	client_max_body_size 0;
	server {
		listen 10.77.0.1:80;
		root @RUN@;
		dav_methods PUT;
	}
}
`

// nginx serves a folder, which it returns, at the kernel's end, and takes PUTs into it.
func (l *wire) nginx(t *testing.T) (dir string, server *os.Process) {
	t.Helper()
	needRoot(t, "nginx")
	dir = t.TempDir()
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(nginxConf, "@RUN@", dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	c := l.far.command(context.Background(), "nginx", "-c", conf, "-e", filepath.Join(dir, "error.log"))
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		c.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-done
	})
	deadline := time.Now().Add(20 * time.Second)
	for l.sockets("-Htln", "sport = :80") == "" {
		select {
		case <-done:
			t.Fatalf("nginx ended: %s", said.Bytes())
		case <-time.After(10 * time.Millisecond): // nginx offers nothing to wait on
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not listen: %s", said.Bytes())
		}
	}
	return dir, c.Process
}

// lossGrid is what links lose, in frames of 1000 each way, and how much is sent over them.
var lossGrid = []struct {
	name    string
	in, out int // into the kernel, out of it
	size    int
}{
	{"no loss", 0, 0, 20 << 20},
	{"1% each way", 10, 10, 20 << 20},
	{"5% each way", 50, 50, 4 << 20},
	{"20% each way", 200, 200, 64 << 10},
	{"20% into the kernel", 200, 0, 256 << 10},
	{"20% out of the kernel", 0, 200, 256 << 10},
}

func lossNames() []string {
	names := make([]string, len(lossGrid))
	for i, g := range lossGrid {
		names[i] = g.name
	}
	return names
}

// TestKernelNginx: our HTTP client gets from and puts to nginx.
func TestKernelNginx(t *testing.T) {
	t.Parallel()
	together(t, lossNames(), func(t *testing.T, i int) {
		g := lossGrid[i]
		l := newWire(t, wireOptions{})
		dir, _ := l.nginx(t)
		data := randomBytes(g.size, byte(i))
		if err := os.WriteFile(filepath.Join(dir, "big"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		l.lose(t, g.in, g.out)
		whole := t.Run("GET", func(t *testing.T) {
			l.within(t, func(ctx context.Context) error {
				got, err := l.request(ctx, http.MethodGet, "/big", nil)
				return errors.Join(err, same("the page", got, data))
			})
		})
		if !whole {
			return
		}
		t.Run("PUT", func(t *testing.T) {
			l.within(t, func(ctx context.Context) error {
				if _, err := l.request(ctx, http.MethodPut, "/new", data); err != nil {
					return err
				}
				got, err := os.ReadFile(filepath.Join(dir, "new"))
				return errors.Join(err, same("the upload", got, data))
			})
		})
	})
}

// request makes a request of the kernel's web server over our host, on a connection of its own.
func (l *wire) request(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	tr := &http.Transport{DialContext: l.dialer, DisableKeepAlives: true}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+l.peer+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := tr.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("the server answers %s: %s", res.Status, got)
	}
	return got, err
}

// TestKernelCurl: the kernel's curl gets from and uploads to net/http on our host.
func TestKernelCurl(t *testing.T) {
	t.Parallel()
	needRoot(t, "curl")
	together(t, lossNames(), func(t *testing.T, i int) {
		g := lossGrid[i]
		l := newWire(t, wireOptions{})
		data := randomBytes(g.size, byte(i))
		dir := t.TempDir()
		file := filepath.Join(dir, "big")
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		ln, err := l.listen("80")
		if err != nil {
			t.Fatal(err)
		}
		uploads := make(chan []byte, 1)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.Write(data) // an error shows as a page that is not whole
				return
			}
			got, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			uploads <- got
		})}
		go server.Serve(ln)
		t.Cleanup(func() { server.Close() })
		l.lose(t, g.in, g.out)

		curl := func(ctx context.Context, args ...string) error {
			c := l.far.command(ctx, "curl", append([]string{"-sS", "--fail", "-H", "Connection: close"}, args...)...)
			if out, err := c.CombinedOutput(); err != nil {
				return fmt.Errorf("curl: %w: %s", err, out)
			}
			return nil
		}
		whole := t.Run("GET", func(t *testing.T) {
			l.within(t, func(ctx context.Context) error {
				out := filepath.Join(dir, "out")
				if err := curl(ctx, "-o", out, "http://"+ownAddr+"/big"); err != nil {
					return err
				}
				got, err := os.ReadFile(out)
				return errors.Join(err, same("the page", got, data))
			})
		})
		if !whole {
			return
		}
		t.Run("upload", func(t *testing.T) {
			l.within(t, func(ctx context.Context) error {
				if err := curl(ctx, "-T", file, "http://"+ownAddr+"/new"); err != nil {
					return err
				}
				return same("the upload", <-uploads, data)
			})
		})
	})
}
