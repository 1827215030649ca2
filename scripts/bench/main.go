// Command bench measures this project's stack beside gVisor's, in the same run, and holds the
// figures against the bars that the project has set itself. See the script run.
//
// Read bench.go (what a benchmark and a bar are), child.go (how a measurement is taken),
// hosts.go and peers.go (the two sides), then a file a benchmark: bulk.go, machines.go,
// dial.go, connections.go, tap.go with gvget.go, gateway.go, frames.go, tapdump.go, and profile.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

var all = []benchmark{bulk, handshake, exchange, dial, tap, relayed, gateway, echo, frames, clients, connections, checksums, tapdump}

// options are the flags.
type options struct {
	quick   bool
	check   bool
	list    bool
	rounds  int
	profile string
	root    string // of the project's source
	only    *regexp.Regexp
}

// period is about how long one run measures.
func (o options) period() time.Duration {
	if o.quick {
		return 400 * time.Millisecond
	}
	return 2 * time.Second
}

const usage = `Usage: scripts/bench/run [flags] [NAME]

NAME is a regular expression: the benchmarks whose names match it run, or else all of them.

Flags:
`

func main() {
	if code, ok := child(os.Args[1:]); ok {
		os.Exit(code)
	}
	o, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, o)
	stop()
	os.Exit(code)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&o.quick, "quick", false, "short runs, fewer rounds and connections, a smaller file: a smoke test")
	f.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	f.BoolVar(&o.list, "list", false, "print the benchmarks and what they measure, and run none")
	f.IntVar(&o.rounds, "rounds", 0, "runs a side, which alternate; 0: 5, or 3 with -quick")
	f.StringVar(&o.profile, "cpuprofile", "", "run our side once and write its CPU profiles into a `directory`")
	f.StringVar(&o.root, "root", ".", "the project's `directory`; the script sets it")
	f.Usage = func() {
		fmt.Fprint(f.Output(), usage)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 1 {
		return o, fmt.Errorf("one NAME at most, %d given", f.NArg())
	}
	if o.only, err = regexp.Compile(f.Arg(0)); err != nil {
		return o, err
	}
	if o.rounds == 0 {
		o.rounds = 5
		if o.quick {
			o.rounds = 3
		}
	}
	if o.rounds < 0 {
		return o, fmt.Errorf("-rounds %d", o.rounds)
	}
	return o, nil
}

// run runs what was asked for and returns the exit code.
func run(ctx context.Context, o options) int {
	chosen := slices.DeleteFunc(slices.Clone(all), func(b benchmark) bool { return !o.only.MatchString(b.name) })
	if len(chosen) == 0 {
		fmt.Fprintf(os.Stderr, "bench: no benchmark matches %q\n", o.only)
		return 2
	}
	if o.list {
		for _, b := range chosen {
			fmt.Printf("%-12s %s\n", b.name, b.about)
		}
		return 0
	}
	defer func() {
		if shared != nil {
			if err := shared.down(); err != nil {
				fmt.Fprintf(os.Stderr, "bench: %v\n", err)
			}
		}
	}()
	if o.profile != "" {
		return profileAll(ctx, chosen, o)
	}
	fmt.Printf("%s, %s, %d CPUs, load %s; %d rounds a side, the median, ± half of what lies between the extremes\n",
		runtime.Version(), processor(), runtime.NumCPU(), load(), o.rounds)
	failed, missed := 0, 0
	for _, b := range chosen {
		begin := time.Now()
		samples, err := rounds(ctx, b, o)
		if err != nil {
			fmt.Printf("%s: %s\n  FAILED: %v\n", b.name, b.about, err)
			failed++
			if ctx.Err() != nil {
				break
			}
			continue
		}
		fmt.Printf("%s: %s (%.0f s)\n", b.name, b.about, time.Since(begin).Seconds())
		for _, bar := range b.bars(o) {
			text, miss := bar.line(samples[ours], samples[gvisor])
			fmt.Println(text)
			if miss {
				missed++
			}
		}
		for _, note := range notes(samples) {
			fmt.Printf("  note: %s\n", note)
		}
	}
	fmt.Printf("%d bars missed, %d benchmarks failed to run\n", missed, failed)
	if failed > 0 || o.check && missed > 0 {
		return 1
	}
	return 0
}

// rounds takes the samples of both sides, in turn, so that a slow minute of the machine is one
// of both.
func rounds(ctx context.Context, b benchmark, o options) (map[side][]sample, error) {
	out := map[side][]sample{}
	for range o.rounds {
		for _, who := range []side{ours, gvisor} {
			if who == gvisor && !b.peer {
				continue
			}
			s, err := take(ctx, b, who, o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", who, err)
			}
			out[who] = append(out[who], s)
		}
	}
	return out, nil
}

// notes returns what the samples have to say, each once.
func notes(samples map[side][]sample) (out []string) {
	for _, who := range []side{ours, gvisor} {
		for _, s := range samples[who] {
			for _, n := range s.Notes {
				if !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

func processor() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
