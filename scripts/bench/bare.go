package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What a machine takes for an echo between two processes that do nothing else: without it no figure of a
// relay's says anything, because the same program takes five times as long where to wake a process does.
var bares = []struct{ name, label string }{
	{"tcp", "bare TCP, for comparison"},
	{"unix", "bare Unix socket"},
	{"http", "bare HTTP POST"},
}

const bareLen = 98 // bytes, as many as a ping has

// bare takes the median of an echo by a child of this process.
func (s *sample) bare(kind string, d time.Duration) (err error) {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.Command(program, "bare", kind)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe() // whose end is the child's
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	defer func() {
		in.Close()
		err = errors.Join(err, c.Wait())
	}()
	b := make([]byte, 256)
	n, err := out.Read(b)
	if err != nil {
		return err
	}
	echo, end, err := bareClient(kind, strings.TrimSpace(string(b[:n])))
	if err != nil {
		return err
	}
	defer end()
	var took []time.Duration
	for begin, i := time.Now(), 0; time.Since(begin) < d || i < 200; i++ {
		sent := time.Now()
		if err := echo(b[:bareLen]); err != nil {
			return err
		}
		if i >= 100 { // the first ones warm up
			took = append(took, time.Since(sent))
		}
	}
	slices.Sort(took)
	s.Values["bare/"+kind] = took[len(took)/2].Seconds()
	return nil
}

func bareClient(kind, address string) (echo func(b []byte) error, end func() error, err error) {
	if kind == "http" {
		return func(b []byte) error {
			r, err := http.Post("http://"+address, "application/octet-stream", bytes.NewReader(b))
			if err != nil {
				return err
			}
			defer r.Body.Close()
			_, err = io.Copy(io.Discard, r.Body)
			return err
		}, func() error { return nil }, nil
	}
	c, err := net.Dial(kind, address)
	if err != nil {
		return nil, nil, err
	}
	return func(b []byte) error {
		if _, err := c.Write(b); err != nil {
			return err
		}
		_, err := io.ReadFull(c, b)
		return err
	}, c.Close, nil
}

// bareChild echoes until its standard input ends. It prints where.
func bareChild(kind string) error {
	network, address := kind, "127.0.0.1:0"
	switch kind {
	case "unix":
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		address = filepath.Join(dir, "s")
	case "http":
		network = "tcp"
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	defer l.Close()
	if kind == "http" {
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { io.Copy(w, q.Body) }))
	} else {
		go func() {
			if c, err := l.Accept(); err == nil {
				io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 4096)) // no splice(2)
			}
		}()
	}
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
