package main

import (
	"bufio"
	"bytes"
	"context"
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
	"rsc.io/script/scripttest"

	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/link"
	"httptap/tapclient"
)

// The test binary is tapdump itself when it is started with this in its environment.
const asTapdump = "TAPDUMP_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asTapdump) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startHTTPTap runs httptap without root on a free port and returns its URL.
func startHTTPTap(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "httptap")
	if out, err := exec.Command("go", "build", "-o", bin, "../../httptap").CombinedOutput(); err != nil {
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

// tapdumpCmd runs tapdump and demands the exit status that is its first argument. A second one of the form <FILE
// is its standard input.
func tapdumpCmd() script.Cmd {
	return script.Command(script.CmdUsage{
		Summary: "run tapdump and compare its exit status",
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
		cmd.Dir, cmd.Env = s.Getwd(), append(s.Environ(), asTapdump+"=1", "TZ=UTC")
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

// announce sends a frame through the httptap, for captures to have one.
func announce(t *testing.T, url string) {
	t.Helper()
	c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "script", Transport: tapclient.Batches})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	us, ip := c.Info().HardwareAddr, [4]byte{192, 168, 10, 77}
	frame := arp.Append(ethernet.Append(nil, link.Broadcast, us, ethernet.TypeARP), arp.OpRequest, us, ip, link.Addr{}, ip)
	if _, err := c.WriteFrames([][]byte{frame}); err != nil {
		t.Fatal(err)
	}
}

// cutCmd writes the first bytes of a file to another one.
func cutCmd() script.Cmd {
	return script.Command(script.CmdUsage{Summary: "write the first bytes of a file to another", Args: "bytes from to"},
		func(s *script.State, args ...string) (script.WaitFunc, error) {
			if len(args) != 3 {
				return nil, script.ErrUsage
			}
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return nil, script.ErrUsage
			}
			b, err := os.ReadFile(s.Path(args[1]))
			if err != nil {
				return nil, err
			}
			return nil, os.WriteFile(s.Path(args[2]), b[:min(n, len(b))], 0o600)
		})
}

func TestScripts(t *testing.T) {
	engine := &script.Engine{Cmds: scripttest.DefaultCmds(), Conds: scripttest.DefaultConds()}
	engine.Cmds["tapdump"] = tapdumpCmd()
	engine.Cmds["cut"] = cutCmd()
	captures, err := filepath.Abs("../../testdata/captures")
	if err != nil {
		t.Fatal(err)
	}
	url := startHTTPTap(t)
	announce(t, url)
	env := append(os.Environ(), "CAPTURES="+captures, "URL="+url, "NOBODY=http://127.0.0.1:"+freePort(t))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel) // the scripts run when this function has returned
	scripttest.Test(t, ctx, engine, env, "testdata/script/*.txt")
}
