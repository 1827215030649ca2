package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// What tapdump does with the frames of the project's own captures, many times over, beside tcpdump and tshark.
// The rates are of one processor: frames by the time that a program was on any.
const (
	dumpFrames = 1_000_000 // of the file that tapdump and tcpdump read
	treeFrames = 200_000   // of the one that tshark -V reads, which is slower by far: its start, half a second, is not to count
	dumpBig    = 1 << 30   // bytes that are read for the memory that it takes
	dumpMemory = 64 << 20  // bytes of it at most
)

var tapdump = benchmark{
	name: "tapdump", here: true, peer: true,
	about: "frames a second of a processor: tapdump beside tcpdump -nvv and tshark -V; its memory over a long capture",
	measure: func(ctx context.Context, who side, o options) (sample, error) {
		d, err := newDumping(ctx, o)
		if err != nil {
			return sample{}, err
		}
		defer d.close()
		return d.measure(ctx, who)
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "quiet", label: "tapdump -q", unit: "k/s", scale: 1e-3, higher: true, limit: 1.5e6, bound: true},
			{metric: "line", label: "tapdump", unit: "k/s", scale: 1e-3, higher: true, times: 2, against: "tcpdump -nvv"},
			{metric: "tree", label: "tapdump -V", unit: "k/s", scale: 1e-3, higher: true, times: 10, against: "tshark -V"},
			{metric: "memory", label: "  resident memory", unit: "MiB", scale: 1.0 / (1 << 20), limit: dumpMemory, bound: true},
		}
	},
}

// A dumping is the files and the program of a run.
type dumping struct {
	dir, program string
	long, short  string // the captures
	frames       [2]int // of them
	big          int64  // bytes to read for the memory
}

func newDumping(ctx context.Context, o options) (_ *dumping, err error) {
	d := &dumping{big: dumpBig}
	if d.dir, err = os.MkdirTemp("", "bench-tapdump"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	d.program = filepath.Join(d.dir, "tapdump")
	build := exec.CommandContext(ctx, "go", "build", "-o", d.program, "./pcap/tapdump")
	build.Dir = o.root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build tapdump: %w: %s", err, out)
	}
	long, short := dumpFrames, treeFrames
	if o.quick {
		long, short, d.big = long/5, short/10, d.big/8
	}
	head, records, n, err := d.collect(ctx, o.root)
	if err != nil {
		return nil, err
	}
	for i, f := range []struct {
		name *string
		want int
	}{{&d.long, long}, {&d.short, short}} {
		*f.name = filepath.Join(d.dir, fmt.Sprintf("%d.pcap", i))
		times := f.want/n + 1
		d.frames[i] = times * n
		if err := os.WriteFile(*f.name, append(bytes.Clone(head), bytes.Repeat(records, times)...), 0o600); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *dumping) close() { os.RemoveAll(d.dir) }

// collect returns a pcap file's header, and n records: the frames of the project's captures.
func (d *dumping) collect(ctx context.Context, root string) (head, records []byte, n int, err error) {
	names, err := filepath.Glob(filepath.Join(root, "testdata", "captures", "*", "*.pcapng"))
	if err != nil || len(names) == 0 {
		return nil, nil, 0, errors.Join(errors.New("the project's captures are not there"), err)
	}
	slices.Sort(names)
	one := filepath.Join(d.dir, "one.pcap")
	for _, name := range names {
		if out, err := exec.CommandContext(ctx, d.program, "-w", one, name).CombinedOutput(); err != nil {
			return nil, nil, 0, fmt.Errorf("%s: %w: %s", name, err, out)
		}
		b, err := os.ReadFile(one)
		if err != nil {
			return nil, nil, 0, err
		}
		if head == nil {
			head = b[:24]
		}
		if !bytes.Equal(b[:4], head[:4]) {
			continue // its times are of another unit
		}
		records = append(records, b[24:]...)
		for b = b[24:]; len(b) >= 16; n++ {
			b = b[16+int(uint32(b[8])|uint32(b[9])<<8|uint32(b[10])<<16|uint32(b[11])<<24):]
		}
	}
	return head, records, n, nil
}

func (d *dumping) measure(ctx context.Context, who side) (sample, error) {
	s := sample{Values: map[string]float64{}}
	rate := func(metric string, frames int, name string, args ...string) error {
		if _, err := exec.LookPath(name); err != nil {
			s.Notes = append(s.Notes, name+" is not installed")
			return nil
		}
		c := exec.CommandContext(ctx, name, args...)
		c.Env = append(os.Environ(), "GOMAXPROCS=1")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, stderr.Bytes())
		}
		s.Values[metric] = float64(frames) / (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
		return nil
	}
	if who != ours {
		return s, errors.Join(rate("line", d.frames[0], "tcpdump", "-nvv", "-r", d.long), rate("tree", d.frames[1], "tshark", "-n", "-V", "-r", d.short))
	}
	err := errors.Join(rate("quiet", d.frames[0], d.program, "-q", d.long), rate("line", d.frames[0], d.program, d.long),
		rate("tree", d.frames[1], d.program, "-V", d.short))
	if err != nil {
		return s, err
	}
	s.Values["memory"], err = d.memory(ctx)
	return s, err
}

// memory returns the bytes of resident memory that a long capture takes at most, which comes through a pipe so
// that it needs no room on a disk.
func (d *dumping) memory(ctx context.Context) (float64, error) {
	b, err := os.ReadFile(d.long)
	if err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, d.program, "-")
	in, err := c.StdinPipe()
	if err != nil {
		return 0, err
	}
	if err := c.Start(); err != nil {
		return 0, err
	}
	_, err = in.Write(b[:24])
	for n := int64(0); n < d.big && err == nil; n += int64(len(b) - 24) {
		_, err = io.Copy(in, bytes.NewReader(b[24:]))
	}
	// Not the Maxrss of wait4(2): that begins with what the process had of its parent's before exec.
	memory, statusErr := peak(c.Process.Pid)
	return memory, errors.Join(err, statusErr, in.Close(), c.Wait())
}

// peak returns the most resident memory that a process has had, in bytes.
func peak(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(b) {
		var kib float64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %f kB", &kib); n == 1 {
			return kib * 1024, nil
		}
	}
	return 0, fmt.Errorf("process %d has no VmHWM", pid)
}
