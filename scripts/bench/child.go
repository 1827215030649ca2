package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"
)

// take takes one sample: in a new process, unless the benchmark starts its own.
func take(ctx context.Context, b benchmark, who side, o options) (sample, error) {
	if b.here {
		return b.measure(ctx, who, o)
	}
	program, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	request, err := json.Marshal(job{b.name, who, o.quick, o.profile})
	if err != nil {
		return sample{}, err
	}
	c := exec.CommandContext(ctx, program, "measure", string(request))
	c.Stderr = os.Stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	out, err := c.Output()
	if err != nil {
		return sample{}, err
	}
	var s sample
	err = json.Unmarshal(out, &s)
	return s, err
}

// A job is what a process that measures is to do.
type job struct {
	Benchmark string
	Side      side
	Quick     bool
	Profile   string // a directory; "": no profile
}

// child does what this program's own processes are started for.
func child(args []string) (code int, ok bool) {
	var err error
	switch {
	case len(args) == 2 && args[0] == "measure":
		err = measure(args[1])
	case len(args) == 5 && args[0] == "frames":
		err = framesChild(args[1], args[2], args[3], args[4])
	case len(args) == 2 && args[0] == "bare":
		err = bareChild(args[1])
	case len(args) == 5 && args[0] == "gvget":
		err = gvget(args[1], args[2], args[3], args[4])
	default:
		return 0, false
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		return 1, true
	}
	return 0, true
}

func measure(request string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var j job
	if err := json.Unmarshal([]byte(request), &j); err != nil {
		return err
	}
	for _, b := range all {
		if b.name != j.Benchmark {
			continue
		}
		if j.Profile != "" {
			f, err := os.Create(profileFile(j.Profile, b.name))
			if err != nil {
				return err
			}
			defer f.Close()
			if err := pprof.StartCPUProfile(f); err != nil {
				return err
			}
			defer pprof.StopCPUProfile()
		}
		s, err := b.measure(ctx, j.Side, options{quick: j.Quick})
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(s)
	}
	return fmt.Errorf("no benchmark %q", j.Benchmark)
}
