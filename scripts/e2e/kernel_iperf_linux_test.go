package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What iperf3's control connection says, a byte each. iperf_api.h of iperf 3.
const (
	iperfTestStart       = 1
	iperfTestRunning     = 2
	iperfTestEnd         = 4
	iperfParamExchange   = 9
	iperfCreateStreams   = 10
	iperfExchangeResults = 13
	iperfDisplayResults  = 14
	iperfDone            = 16
)

const iperfPort = "5201"

// iperfCookieLen is the length of what names a test on each of its connections, a zero at its end.
const iperfCookieLen = 37

// iperfParams is what the client wants of the server. iperf_api.c, send_parameters
type iperfParams struct {
	TCP      bool   `json:"tcp"`
	Omit     int    `json:"omit"`
	Time     int    `json:"time"`
	Num      int    `json:"num"` // bytes; 0: as long as Time says
	Parallel int    `json:"parallel"`
	Reverse  bool   `json:"reverse,omitempty"`
	Len      int    `json:"len"`
	Version  string `json:"client_version"`
}

// iperfResults is what each side tells the other at the end. iperf_api.c, send_results
type iperfResults struct {
	CPUTotal       float64       `json:"cpu_util_total"`
	CPUUser        float64       `json:"cpu_util_user"`
	CPUSystem      float64       `json:"cpu_util_system"`
	HasRetransmits float64       `json:"sender_has_retransmits"`
	Streams        []iperfStream `json:"streams"`
}

type iperfStream struct {
	ID          int     `json:"id"`
	Bytes       int     `json:"bytes"`
	Retransmits float64 `json:"retransmits"`
	Jitter      float64 `json:"jitter"`
	Errors      int     `json:"errors"`
	Packets     int     `json:"packets"`
	Start       float64 `json:"start_time"`
	End         float64 `json:"end_time"`
}

// iperfID is the number of the i-th stream: iperf3 leaves 2 out.
func iperfID(i int) int { return []int{1, 3, 4, 5}[i] }

func results(start time.Time, moved []int) iperfResults {
	r := iperfResults{HasRetransmits: -1}
	for i, n := range moved {
		r.Streams = append(r.Streams, iperfStream{ID: iperfID(i), Bytes: n, Retransmits: -1, End: time.Since(start).Seconds()})
	}
	return r
}

// iperfControl is the control connection.
type iperfControl struct{ net.Conn }

func (c iperfControl) say(state byte) error {
	_, err := c.Write([]byte{state})
	return err
}

func (c iperfControl) expect(want byte) error {
	var b [1]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return fmt.Errorf("iperf3, waiting for state %d: %w", want, err)
	}
	if b[0] != want {
		return fmt.Errorf("iperf3 is in state %d, want %d", int8(b[0]), want)
	}
	return nil
}

func (c iperfControl) send(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	return err
}

func (c iperfControl) receive(v any) error {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return err
	}
	text := make([]byte, min(binary.BigEndian.Uint32(size[:]), 1<<20))
	if _, err := io.ReadFull(c, text); err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// each runs f for all streams at once.
func each(streams []net.Conn, f func(i int, c net.Conn) error) error {
	errs := make([]error, len(streams))
	var all sync.WaitGroup
	for i, c := range streams {
		all.Go(func() { errs[i] = f(i, c) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// iperfClient runs one test against the kernel's iperf3 -s, as a client on our stack.
func (l *wire) iperfClient(ctx context.Context, p iperfParams) error {
	cookie := append(bytes.Repeat([]byte("a"), iperfCookieLen-1), 0)
	open := func() (net.Conn, error) {
		c, err := l.dial(ctx, iperfPort)
		if err != nil {
			return nil, err
		}
		_, err = c.Write(cookie)
		return c, err
	}
	conn, err := open()
	if err != nil {
		return err
	}
	defer conn.Close()
	ctl := iperfControl{conn}
	if err := errors.Join(ctl.expect(iperfParamExchange), ctl.send(p), ctl.expect(iperfCreateStreams)); err != nil {
		return err
	}
	streams, moved := make([]net.Conn, p.Parallel), make([]int, p.Parallel)
	for i := range streams {
		if streams[i], err = open(); err != nil {
			return err
		}
		defer streams[i].Close()
	}
	if err := errors.Join(ctl.expect(iperfTestStart), ctl.expect(iperfTestRunning)); err != nil {
		return err
	}
	start := time.Now()
	if p.Reverse {
		err = receiveUntil(streams, moved, p.Num, func() error { return ctl.say(iperfTestEnd) })
	} else {
		block := randomBytes(p.Len, 1)
		err = each(streams, func(i int, c net.Conn) error {
			for moved[i] < p.Num/p.Parallel {
				n, err := c.Write(block[:min(len(block), p.Num/p.Parallel-moved[i])])
				if moved[i] += n; err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = l.allRead(ctx) // the server counts no more once it is told of the end
		}
		if err == nil {
			err = ctl.say(iperfTestEnd)
		}
	}
	if err != nil {
		return err
	}
	var theirs iperfResults
	if err := errors.Join(ctl.expect(iperfExchangeResults), ctl.send(results(start, moved)),
		ctl.receive(&theirs), ctl.expect(iperfDisplayResults), ctl.say(iperfDone)); err != nil {
		return err
	}
	slices.Sort(moved)
	if counted, total := bytesOf(theirs); !slices.Equal(counted, moved) || total < p.Num {
		return fmt.Errorf("iperf3 counts %d bytes, we %d, asked for were %d", counted, moved, p.Num)
	}
	return nil
}

// receiveUntil counts what comes until the streams end. Once it is enough, all of them together,
// it says so: the server sends what it had begun with and closes.
func receiveUntil(streams []net.Conn, moved []int, enough int, say func() error) error {
	var total atomic.Int64
	said := make(chan error, 1)
	err := each(streams, func(i int, c net.Conn) error {
		b := make([]byte, 64<<10)
		for {
			n, err := c.Read(b)
			moved[i] += n
			if now := total.Add(int64(n)); int(now) >= enough && int(now)-n < enough {
				said <- say()
			}
			if err == io.EOF && int(total.Load()) >= enough {
				return nil
			}
			if err != nil {
				return fmt.Errorf("stream %d, %d bytes of %d: %w", i, moved[i], enough, err)
			}
		}
	})
	close(said) // a stream that broke before has not said it
	return errors.Join(err, <-said)
}

// bytesOf returns what each stream carried, in order of size: where frames are lost, streams
// arrive in another order than they were opened in.
func bytesOf(r iperfResults) (sizes []int, total int) {
	for _, s := range r.Streams {
		sizes, total = append(sizes, s.Bytes), total+s.Bytes
	}
	slices.Sort(sizes)
	return sizes, total
}

// allRead waits until everything that we sent has arrived and the kernel's program has read it.
func (l *wire) allRead(ctx context.Context) error {
	for ctx.Err() == nil {
		waiting := 0
		l.mu.Lock()
		for _, c := range l.own {
			i := c.Info()
			waiting += i.InFlight + i.Unsent
		}
		l.mu.Unlock()
		for line := range strings.Lines(l.sockets("-Htn")) {
			if f := strings.Fields(line); len(f) > 1 && f[1] != "0" {
				waiting++
			}
		}
		if waiting == 0 {
			return nil
		}
		time.Sleep(5 * time.Millisecond) // ss offers nothing to wait on
	}
	return errors.New("the kernel's program did not read all that was sent")
}

// iperfServer serves one test of the kernel's iperf3 -c on our stack.
func iperfServer(ctx context.Context, ln net.Listener) error {
	accept := func() (net.Conn, []byte, error) {
		c, err := ln.Accept()
		if err != nil {
			return nil, nil, err
		}
		cookie := make([]byte, iperfCookieLen)
		_, err = io.ReadFull(c, cookie)
		return c, cookie, err
	}
	conn, name, err := accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	ctl := iperfControl{conn}
	var p iperfParams
	if err := errors.Join(ctl.say(iperfParamExchange), ctl.receive(&p), ctl.say(iperfCreateStreams)); err != nil {
		return err
	}
	if p.Parallel < 1 || p.Parallel > 4 {
		return fmt.Errorf("iperf3 wants %d streams", p.Parallel)
	}
	streams := make([]net.Conn, p.Parallel)
	for i := range streams {
		c, cookie, err := accept()
		if err != nil {
			return err
		}
		defer c.Close()
		if !bytes.Equal(cookie, name) {
			return fmt.Errorf("stream %d belongs to %q, the test is %q", i, cookie, name)
		}
		streams[i] = c
	}
	if err := errors.Join(ctl.say(iperfTestStart), ctl.say(iperfTestRunning)); err != nil {
		return err
	}
	start := time.Now()
	moved := make([]atomic.Int64, p.Parallel)
	over := make(chan error, 1)
	go func() { over <- each(streams, func(i int, c net.Conn) error { return p.move(c, &moved[i]) }) }()
	err = ctl.expect(iperfTestEnd)
	for _, c := range streams {
		if p.Reverse {
			c.SetWriteDeadline(time.Unix(1, 0))
		}
	}
	var theirs iperfResults
	if err := errors.Join(err, ctl.say(iperfExchangeResults), ctl.receive(&theirs)); err != nil {
		return err
	}
	if err := p.agree(ctx, theirs, moved); err != nil {
		return err
	}
	return errors.Join(ctl.send(results(start, counts(moved))), ctl.say(iperfDisplayResults), ctl.expect(iperfDone), <-over)
}

// move counts what goes over one stream of our server until its end: the client closes it when the
// test is over, or, when it was we who sent, a deadline ends it and we close, as iperf3 does.
func (p iperfParams) move(c net.Conn, moved *atomic.Int64) error {
	block := make([]byte, p.Len)
	for {
		do := c.Read
		if p.Reverse {
			do = c.Write
		}
		n, err := do(block)
		switch moved.Add(int64(n)); {
		case p.Reverse && errors.Is(err, os.ErrDeadlineExceeded):
			return c.Close()
		case !p.Reverse && err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func counts(moved []atomic.Int64) []int {
	n := make([]int, len(moved))
	for i := range moved {
		n[i] = int(moved[i].Load())
	}
	return n
}

// agree holds what the client counted against what we did. Of what it sent some may still be on its
// way; of what we sent it counts as much as it asked for.
func (p iperfParams) agree(ctx context.Context, theirs iperfResults, moved []atomic.Int64) error {
	want, total := bytesOf(theirs)
	if total < p.Num {
		return fmt.Errorf("iperf3 counts %d bytes and asked for %d", total, p.Num)
	}
	same := func() bool {
		got := counts(moved)
		slices.Sort(got)
		if p.Reverse {
			return slices.CompareFunc(got, want, func(g, w int) int { return min(g-w, 0) }) == 0
		}
		return slices.Equal(got, want)
	}
	if err := waitFor(ctx, "the rest", same); err != nil {
		return fmt.Errorf("%w: iperf3 counts %d, we %d", err, want, counts(moved))
	}
	return nil
}

// TestKernelIperf3 runs iperf3 against our stack as its client and as its server, in both
// directions, with one stream and with several.
func TestKernelIperf3(t *testing.T) {
	t.Parallel()
	needRoot(t, "iperf3")
	type scenario struct {
		server, reverse bool
		parallel, loss  int
		num             int
	}
	var all []scenario
	var names []string
	for _, server := range []bool{false, true} {
		for _, reverse := range []bool{false, true} {
			for _, g := range []scenario{{parallel: 1, num: 16 << 20}, {parallel: 4, num: 16 << 20}, {parallel: 1, loss: 10, num: 8 << 20}, {parallel: 4, loss: 50, num: 2 << 20}} {
				g.server, g.reverse = server, reverse
				all = append(all, g)
				names = append(names, fmt.Sprintf("our %s, %s, %d streams, %d%% lost", pick(server, "server", "client"), pick(reverse, "reverse", "forward"), g.parallel, g.loss/10))
			}
		}
	}
	together(t, names, func(t *testing.T, i int) {
		g := all[i]
		l := newWire(t, wireOptions{})
		l.lose(t, g.loss, g.loss)
		l.within(t, func(ctx context.Context) error {
			if g.server {
				return l.iperfOurServer(ctx, g.parallel, g.num, g.reverse)
			}
			return l.iperfOurClient(ctx, iperfParams{TCP: true, Num: g.num, Parallel: g.parallel, Reverse: g.reverse, Len: 128 << 10, Version: "3.12"})
		})
	})
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func (l *wire) iperfOurClient(ctx context.Context, p iperfParams) error {
	var said bytes.Buffer
	c := l.far.command(ctx, "iperf3", "-s", "-1", "--forceflush")
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		return err
	}
	for l.sockets("-Htln", "sport = :"+iperfPort) == "" && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond) // ss offers nothing to wait on
	}
	err := l.iperfClient(ctx, p)
	if err != nil {
		c.Cancel()
	}
	if ended := c.Wait(); err != nil || ended != nil {
		return fmt.Errorf("%v; iperf3 -s: %v: %s", err, ended, said.Bytes())
	}
	return nil
}

func (l *wire) iperfOurServer(ctx context.Context, parallel, num int, reverse bool) error {
	ln, err := l.listen(iperfPort)
	if err != nil {
		return err
	}
	defer ln.Close()
	served := make(chan error, 1)
	go func() { served <- iperfServer(ctx, ln) }()
	args := []string{"-c", ownAddr, "-J", "-n", fmt.Sprint(num), "-P", fmt.Sprint(parallel)}
	if reverse {
		args = append(args, "-R")
	}
	out, err := l.far.command(ctx, "iperf3", args...).CombinedOutput()
	var said struct {
		Error string `json:"error"` // with -J the exit status does not tell
	}
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	if err != nil || said.Error != "" {
		return fmt.Errorf("iperf3 -c: %v: %s", err, out)
	}
	return <-served
}
