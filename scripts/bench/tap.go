package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What is downloaded, and from where.
const (
	kernelAddr = "192.168.10.1" // the kernel's on the TAP, where nginx listens
	gvisorAddr = "192.168.10.3" // of gVisor's client, outside of what dnsmasq gives
	fileURL    = "http://" + kernelAddr + "/file"
	device     = "tap0"
)

// tap is a download from nginx over a TAP. The time is that between two lines which both
// clients print: the connection is there, and the last byte is.
var tap = benchmark{
	name: "tap", peer: true, here: true,
	about: "xcurl and a gVisor client download from nginx over the same TAP",
	measure: func(ctx context.Context, who side, o options) (sample, error) {
		n, err := lab(ctx, o)
		if err != nil {
			return sample{}, err
		}
		if who == gvisor {
			return n.peer(ctx)
		}
		return n.xcurl(ctx, "xcurl", "-i", device)
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "rate", label: "xcurl -i tap0", unit: "Gbit/s", scale: 8e-9, higher: true, times: 2},
			{metric: "cpu", label: "  CPU time of the client, a MB", unit: "ms"},
		}
	},
}

// relayed is the same download with httptap between xcurl and the TAP.
var relayed = benchmark{
	name: "relay", peer: true, here: true,
	about: "xcurl -ihttp through httptap, against the gVisor client that has the TAP to itself",
	measure: func(ctx context.Context, who side, o options) (_ sample, err error) {
		n, err := lab(ctx, o)
		if err != nil {
			return sample{}, err
		}
		if who == gvisor {
			return n.peer(ctx)
		}
		stop, err := n.httptap(ctx)
		if err != nil {
			return sample{}, err
		}
		defer func() { err = errors.Join(err, stop()) }()
		return n.xcurl(ctx, "xcurl", "-ihttp", "-url", relayURL)
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "rate", label: "httptap -i tap0 | xcurl -ihttp", unit: "Gbit/s", scale: 8e-9, higher: true, times: 1},
			{metric: "cpu", label: "  CPU time of xcurl alone, a MB", unit: "ms"},
		}
	},
}

// Where httptap listens, in a namespace of its own, beside a socket.
const (
	relayListen = "127.0.0.1:7070"
	relayURL    = "http://" + relayListen
)

func (n *network) socket() string { return filepath.Join(n.dir, "httptap.sock") }

// A network is a namespace with a TAP, and nginx and dnsmasq on the kernel's side of it.
type network struct {
	ns   string
	dir  string // on a tmpfs: the file, the programs, what the daemons write
	size int
	o    options
}

// shared is the network that all rounds use; main tears it down.
var shared *network

func lab(ctx context.Context, o options) (*network, error) {
	if shared != nil {
		return shared, nil
	}
	n := &network{ns: fmt.Sprintf("httptap-bench-%d", os.Getpid()), size: 100_000_000, o: o}
	switch {
	case o.profile != "":
		n.size = 500_000_000 // a profile takes 100 samples a second
	case o.quick:
		n.size = 20_000_000
	}
	if err := n.up(ctx); err != nil {
		return nil, errors.Join(err, n.down())
	}
	shared = n
	return n, nil
}

//go:embed nginx.conf
var nginxConf string

func (n *network) up(ctx context.Context) (err error) {
	if os.Getuid() != 0 {
		return errors.New("a TAP and a namespace need root")
	}
	for _, tool := range []string{"ip", "nginx", "dnsmasq"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w; Debian: apt install iproute2 nginx-light dnsmasq-base", err)
		}
	}
	base := ""
	if i, err := os.Stat("/dev/shm"); err == nil && i.IsDir() {
		base = "/dev/shm"
	}
	if n.dir, err = os.MkdirTemp(base, "httptap-bench-"); err != nil {
		return err
	}
	if err := os.Chmod(n.dir, 0o755); err != nil { // xcurl gives root up
		return err
	}
	if err := n.build(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(n.dir, "file"), content(n.size), 0o644); err != nil {
		return err
	}
	conf := filepath.Join(n.dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(nginxConf, "@RUN@", n.dir)), 0o644); err != nil {
		return err
	}
	for _, c := range [][]string{
		{"ip", "netns", "add", n.ns},
		{"ip", "-n", n.ns, "link", "set", "lo", "up"},
		{"ip", "-n", n.ns, "tuntap", "add", "dev", device, "mode", "tap"},
		{"ip", "netns", "exec", n.ns, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6"},
		{"ip", "-n", n.ns, "addr", "add", kernelAddr + "/24", "dev", device},
		{"ip", "-n", n.ns, "link", "set", device, "up"},
		// Both daemons listen when the command returns: they go into the background only then.
		{"ip", "netns", "exec", n.ns, "nginx", "-c", conf, "-e", filepath.Join(n.dir, "nginx.err")},
		{"ip", "netns", "exec", n.ns, "dnsmasq", "--conf-file=/dev/null", "--user=root", "--port=0",
			"--interface=" + device, "--bind-interfaces", "--no-ping", "--leasefile-ro",
			"--dhcp-range=192.168.10.100,192.168.10.150,1h", "--pid-file=" + filepath.Join(n.dir, "dnsmasq.pid")},
	} {
		if out, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(c, " "), err, out)
		}
	}
	return n.verify(ctx)
}

// content is pattern repeated, the last piece cut.
func content(size int) []byte {
	return bytes.Repeat(pattern, size/len(pattern)+1)[:size]
}

// verify downloads once what the rounds download and compares every byte.
func (n *network) verify(ctx context.Context) error {
	out := filepath.Join(n.dir, "got")
	c := n.command(ctx, "xcurl", "-i", device, "-s", "-o", out, fileURL)
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("xcurl: %w\n%s", err, text)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, content(n.size)) {
		return fmt.Errorf("xcurl: %w: %d bytes of %d", errSpoiled, len(got), n.size)
	}
	return os.Remove(out)
}

// down ends every process in the namespace, which is ours alone, and removes all of it.
func (n *network) down() error {
	var errs []error
	if out, err := exec.Command("ip", "netns", "pids", n.ns).Output(); err == nil {
		for _, pid := range strings.Fields(string(out)) {
			id, err := strconv.Atoi(pid)
			if err != nil {
				continue
			}
			if p, err := os.FindProcess(id); err == nil {
				p.Kill()
			}
		}
		if out, err := exec.Command("ip", "netns", "del", n.ns).CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("ip netns del: %w\n%s", err, out))
		}
	}
	if n.dir != "" {
		errs = append(errs, os.RemoveAll(n.dir))
	}
	return errors.Join(errs...)
}

// command is a program of ours, in the namespace.
func (n *network) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.ns, filepath.Join(n.dir, program)}, args...)...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	return c
}

// What the two lines have in them that the time is taken between.
const connected, complete = "TCP connected", "HTTP 200"

// download runs a client that gets size bytes and times it.
func (n *network) download(c *exec.Cmd, size int) (sample, error) {
	pipe, err := c.StderrPipe()
	if err != nil {
		return sample{}, err
	}
	if err := c.Start(); err != nil {
		return sample{}, err
	}
	var begin, end time.Time
	var last, all string
	whole := false
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		switch last = lines.Text(); {
		case strings.Contains(last, connected):
			begin = time.Now()
		case strings.Contains(last, complete):
			end = time.Now()
			whole = strings.HasSuffix(last, fmt.Sprintf(" %d bytes", size))
		}
		all += last + "\n"
	}
	if err := c.Wait(); err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, all)
	}
	if begin.IsZero() || !whole {
		return sample{}, fmt.Errorf("%s does not say that it connected and got %d bytes:\n%s", strings.Join(c.Args, " "), size, all)
	}
	cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	return sample{Values: map[string]float64{
		"rate": float64(size) / end.Sub(begin).Seconds(),
		"cpu":  float64(cpu.Milliseconds()) / (float64(size) / 1e6),
	}}, nil
}

func (n *network) xcurl(ctx context.Context, program string, way ...string) (sample, error) {
	c := n.command(ctx, program, append(way, "-nopcap", "-o", os.DevNull, fileURL)...)
	c.Env = n.o.profileEnv("xcurl")
	return n.download(c, n.size)
}

func (n *network) peer(ctx context.Context) (sample, error) {
	return n.download(n.command(ctx, "bench", "gvget", device, gvisorAddr, kernelAddr, "/file"), n.size)
}

// httptap starts httptap on the TAP and returns how to end it.
func (n *network) httptap(ctx context.Context) (stop func() error, err error) {
	_, stop, err = n.httptapPID(ctx)
	return stop, err
}

// httptapPID is httptap, and returns the process' number.
func (n *network) httptapPID(ctx context.Context) (pid int, stop func() error, err error) {
	return n.serve(ctx, "-i", device, "-lab=false")
}

// serve starts httptap with args and returns its process' number and how to end it.
func (n *network) serve(ctx context.Context, args ...string) (pid int, stop func() error, err error) {
	c := n.command(ctx, "httptap", append(args, "-q", "-listen", relayListen+",unix:"+n.socket())...)
	c.Env = n.o.profileEnv("httptap")
	pipe, err := c.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	var text bytes.Buffer
	c.Stderr = &text
	if err := c.Start(); err != nil {
		return 0, nil, err
	}
	if first, _ := bufio.NewReader(pipe).ReadString('\n'); !strings.Contains(first, "listening") {
		c.Process.Kill()
		return 0, nil, fmt.Errorf("httptap did not start: %w\n%s%s", c.Wait(), first, text.Bytes())
	}
	return c.Process.Pid, func() error {
		c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			return fmt.Errorf("httptap: %w\n%s", err, text.Bytes())
		}
		return nil
	}, nil
}
