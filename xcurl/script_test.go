package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rsc.io/script"
	"rsc.io/script/scripttest"
)

// The test binary is xcurl itself when it is started with this in its environment.
const asXcurl = "XCURL_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asXcurl) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startHTTPTap runs httptap without root on a free port and returns its URL.
func startHTTPTap(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "httptap")
	if out, err := exec.Command("go", "build", "-o", bin, "../httptap").CombinedOutput(); err != nil {
		t.Fatalf("build httptap: %v\n%s", err, out)
	}
	cmd := exec.Command(bin, "-i", "user", "-q", "-listen", "127.0.0.1:"+freePort(t))
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

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// xcurlCmd runs xcurl and demands the exit status that is its first argument.
func xcurlCmd() script.Cmd {
	return script.Command(script.CmdUsage{
		Summary: "run xcurl and compare its exit status",
		Args:    "status [args...]",
	}, func(s *script.State, args ...string) (script.WaitFunc, error) {
		if len(args) == 0 {
			return nil, script.ErrUsage
		}
		want, err := strconv.Atoi(args[0])
		if err != nil {
			return nil, script.ErrUsage
		}
		cmd := exec.CommandContext(s.Context(), os.Args[0], args[1:]...)
		cmd.Dir, cmd.Env = s.Getwd(), append(s.Environ(), asXcurl+"=1")
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

// silentServer accepts connections and never answers: an httptap that hangs.
func silentServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	}()
	return "http://" + l.Addr().String()
}

func TestScripts(t *testing.T) {
	engine := &script.Engine{Cmds: scripttest.DefaultCmds(), Conds: scripttest.DefaultConds()}
	engine.Cmds["xcurl"] = xcurlCmd()
	env := append(os.Environ(), "URL="+startHTTPTap(t), "SILENT="+silentServer(t), "NOBODY=http://127.0.0.1:"+freePort(t))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel) // the scripts run when this function has returned
	scripttest.Test(t, ctx, engine, env, "testdata/script/*.txt")
}
