package ntp

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func chronyd(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chronyd")
	if err != nil {
		t.Skip("chronyd is not installed")
	}
	return path
}

func loopback(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// We ask a real chronyd. It answers from this machine's clock, so the offset is none.
func TestClientAsksChronyd(t *testing.T) {
	path := chronyd(t)
	free := loopback(t)
	addr := free.LocalAddr().(*net.UDPAddr).AddrPort()
	free.Close()
	dir := t.TempDir()
	conf := filepath.Join(dir, "chrony.conf")
	text := fmt.Sprintf("port %d\nbindaddress 127.0.0.1\nallow 127.0.0.1\nlocal stratum 5\ncmdport 0\nbindcmdaddress /\npidfile %s/pid\n", addr.Port(), dir)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-x", "-d", "-U", "-f", conf)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = time.Second // its helper process keeps the output open
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()

	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var c Client
	c.Start(time.Now(), ClientConfig{Server: addr.Addr(), Timeout: 500 * time.Millisecond, Tries: maxTries, Seed: uint64(time.Now().UnixNano())})
	buf := make([]byte, 1024)
	for !c.Done() {
		if n := c.Transmit(time.Now(), buf); n > 0 {
			_, _ = conn.Write(buf[:n]) // it may not listen yet
			continue
		}
		if c.Done() {
			break
		}
		if err := conn.SetReadDeadline(c.Deadline()); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(buf); err == nil {
			if err := c.Receive(time.Now(), buf[:n]); err != nil {
				t.Error(err)
			}
		}
	}
	s, err := c.Result()
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("%v\n%s", err, log.String())
	}
	if s.Stratum != 5 || s.Leap != LeapNone || !near(s.Offset, 0, s.Delay/2+10*time.Millisecond) || s.Delay > time.Second {
		t.Errorf("%+v", s)
	}
}

// A real chronyd asks us, and finds its clock an hour behind.
func TestChronydAsksServer(t *testing.T) {
	path := chronyd(t)
	conn := loopback(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1024)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			now := time.Now().Add(time.Hour)
			if b, err := AppendReply(nil, buf[:n], ServerConfig{Stratum: 1, RefID: RefID{'G', 'P', 'S'}, Precision: -20, Reference: now}, now, time.Now().Add(time.Hour)); err == nil {
				_, _ = conn.WriteToUDPAddrPort(b, from)
			}
		}
	}()
	defer func() { conn.Close(); <-done }()
	addr := netip.MustParseAddrPort(conn.LocalAddr().String())
	out, err := exec.Command(path, "-Q", "-U", "-t", "20", "pidfile "+filepath.Join(t.TempDir(), "pid"), "cmdport 0", "bindcmdaddress /",
		fmt.Sprintf("server %s port %d iburst maxsamples 1", addr.Addr(), addr.Port())).CombinedOutput()
	var wrong float64
	if i := strings.Index(string(out), "System clock wrong by "); i >= 0 {
		_, _ = fmt.Sscanf(string(out[i:]), "System clock wrong by %f", &wrong)
	}
	if wrong < 3599 || wrong > 3601 {
		t.Errorf("%v\n%s", err, out)
	}
}
