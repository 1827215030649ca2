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
	return compareStreams(theirs, moved)
}

// receiveUntil counts what comes until the streams end. Once it is enough, all of them together,
// it says so: the server sends what it had begun with and closes.
func receiveUntil(streams []net.Conn, moved []int, enough int, say func() error) error {
	var total atomic.Int64
	said := make(chan error, 1)
	return errors.Join(each(streams, func(i int, c net.Conn) error {
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
	}), <-said)
}

// compareStreams holds iperf3's count of bytes against ours.
func compareStreams(theirs iperfResults, moved []int) error {
	if len(theirs.Streams) != len(moved) {
		return fmt.Errorf("iperf3 had %d streams of %d", len(theirs.Streams), len(moved))
	}
	for i, s := range theirs.Streams {
		if s.ID != iperfID(i) || s.Bytes != moved[i] || moved[i] == 0 {
			return fmt.Errorf("iperf3 counts %d bytes of stream %d, we %d of %d", s.Bytes, s.ID, moved[i], iperfID(i))
		}
	}
	return nil
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
func iperfServer(ln net.Listener) error {
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
	streams, moved := make([]net.Conn, p.Parallel), make([]int, p.Parallel)
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
	ended := make(chan error, 1)
	go func() {
		err := ctl.expect(iperfTestEnd)
		for _, c := range streams {
			c.SetDeadline(time.Unix(1, 0))
		}
		ended <- err
	}()
	move := receiveUntilEnd
	if p.Reverse {
		move = sendUntilEnd
	}
	err = errors.Join(each(streams, func(i int, c net.Conn) (err error) {
		moved[i], err = move(c, make([]byte, p.Len))
		return err
	}), <-ended)
	if err != nil {
		return err
	}
	// The client tells how much it has sent, of which some may still be on its way.
	var theirs iperfResults
	if err := errors.Join(ctl.say(iperfExchangeResults), ctl.receive(&theirs)); err != nil {
		return err
	}
	if len(theirs.Streams) != len(streams) {
		return fmt.Errorf("iperf3 had %d streams of %d", len(theirs.Streams), len(streams))
	}
	total := 0
	for i, s := range theirs.Streams {
		total += s.Bytes
		switch {
		case p.Reverse && s.Bytes > moved[i]:
			return fmt.Errorf("iperf3 received %d bytes of the %d of stream %d", s.Bytes, moved[i], i)
		case p.Reverse:
			continue
		}
		streams[i].SetDeadline(time.Time{})
		n, err := io.CopyN(io.Discard, streams[i], int64(s.Bytes-moved[i]))
		if moved[i] += int(n); err != nil {
			return fmt.Errorf("%d bytes of the %d that iperf3 sent in stream %d came: %w", moved[i], s.Bytes, i, err)
		}
	}
	if total < p.Num {
		return fmt.Errorf("%d bytes were moved of %d", total, p.Num)
	}
	return errors.Join(ctl.send(results(start, moved)), ctl.say(iperfDisplayResults), ctl.expect(iperfDone))
}

// receiveUntilEnd counts what comes until the deadline that the end of a test sets.
func receiveUntilEnd(c net.Conn, block []byte) (moved int, err error) {
	for {
		n, err := c.Read(block)
		if moved += n; errors.Is(err, os.ErrDeadlineExceeded) {
			return moved, nil
		} else if err != nil {
			return moved, err
		}
	}
}

// sendUntilEnd sends until that deadline and closes: iperf3 reads on until the stream ends.
func sendUntilEnd(c net.Conn, block []byte) (moved int, err error) {
	for {
		n, err := c.Write(block)
		if moved += n; errors.Is(err, os.ErrDeadlineExceeded) {
			return moved, c.Close()
		} else if err != nil {
			return moved, err
		}
	}
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
	go func() { served <- iperfServer(ln) }()
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
