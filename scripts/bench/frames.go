package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/tapclient"
)

// What the relay alone does with frames, between a client and the kernel behind the TAP.
const (
	frameLen   = 1442 // of the frames whose rate is taken
	clientsNum = 100
)

// A way is how a client reaches httptap.
type way struct {
	name      string // of the metrics
	label     string
	transport tapclient.Transport
	unix      bool          // over httptap's Unix socket
	echo      time.Duration // the bar of the median
	up        float64       // the bar of frames a second into the TAP; 0: not taken
}

var ways = []way{
	{"stream", "/stream over TCP", tapclient.Stream, false, 12 * time.Microsecond, 500_000},
	{"unix", "/stream over a Unix socket", tapclient.Stream, true, 10 * time.Microsecond, 0},
	{"json", "JSON batches", tapclient.Batches, false, 75 * time.Microsecond, 40_000},
}

// echo is how long a ping takes from a client through httptap and the TAP to the kernel and back.
var echo = benchmark{
	name: "echo", here: true,
	about: "a ping from a client through httptap and the TAP to the kernel and back",
	measure: func(ctx context.Context, _ side, o options) (sample, error) {
		return overRelay(ctx, o, "echo", strconv.Itoa(int(o.period().Milliseconds())))
	},
	bars: func(options) (bars []bar) {
		for _, w := range ways {
			bars = append(bars,
				bar{metric: w.name + "/p50", label: w.label + ", median", unit: "us", scale: 1e6, limit: w.echo.Seconds(), bound: true},
				bar{metric: w.name + "/p99", label: "  99 of 100", unit: "us", scale: 1e6})
		}
		for _, b := range bares {
			bars = append(bars, bar{metric: "bare/" + b.name, label: b.label, unit: "us", scale: 1e6})
		}
		return bars
	},
}

// frames is how many frames a second httptap moves.
var frames = benchmark{
	name: "frames", here: true,
	about: "1442-byte frames a second from a client into the TAP, and from the TAP to a client",
	measure: func(ctx context.Context, _ side, o options) (sample, error) {
		return overRelay(ctx, o, "frames", strconv.Itoa(int(o.period().Milliseconds())))
	},
	bars: func(options) (bars []bar) {
		for _, w := range ways {
			if w.up == 0 {
				continue
			}
			bars = append(bars,
				bar{metric: w.name + "/up", label: w.label + ", into the TAP", unit: "k/s", scale: 1e-3, higher: true, limit: w.up, bound: true},
				bar{metric: w.name + "/down", label: "  from the TAP", unit: "k/s", scale: 1e-3, higher: true, limit: 0.7 * w.up, bound: true})
		}
		return bars
	},
}

// clients is what many at once do to each other.
var clients = benchmark{
	name: "clients", here: true,
	about: fmt.Sprintf("%d clients on streams at once, against one", clientsNum),
	measure: func(ctx context.Context, _ side, o options) (sample, error) {
		return overRelay(ctx, o, "clients", strconv.Itoa(int(o.period().Milliseconds())))
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "all", label: "frames into the TAP, of one's", higher: true, limit: 0.8, bound: true},
			{metric: "fair", label: "  most of a client, of the least", limit: 2, bound: true},
			{metric: "memory", label: "  resident memory a client", unit: "KiB", scale: 1.0 / 1024, limit: 1 << 20, bound: true},
		}
	},
}

// overRelay starts httptap and has a process beside it measure.
func overRelay(ctx context.Context, o options, what, ms string) (_ sample, err error) {
	n, err := lab(ctx, o)
	if err != nil {
		return sample{}, err
	}
	pid, stop, err := n.httptapPID(ctx)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	c := n.command(ctx, "bench", "frames", what, ms, strconv.Itoa(pid), n.socket())
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	var s sample
	err = json.Unmarshal(out, &s)
	return s, err
}

// framesChild measures in the namespace of httptap, whose process is pid and which serves a socket, too.
func framesChild(what, ms, pid, socket string) error {
	n, err := strconv.Atoi(ms)
	if err != nil {
		return err
	}
	d := time.Duration(n) * time.Millisecond
	s := sample{Values: map[string]float64{}}
	switch what {
	case "echo":
		for _, w := range ways {
			if err := s.echo(w, socket, d); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		for _, b := range bares {
			if err := s.bare(b.name, d); err != nil {
				return fmt.Errorf("bare %s: %w", b.name, err)
			}
		}
	case "frames":
		for _, w := range ways {
			if w.up == 0 {
				continue
			}
			if err := s.rates(w, d); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	case "clients":
		if err := s.many(d, pid); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// A station is a client that makes its frames by hand.
type station struct {
	*tapclient.Client
	ip     [4]byte
	kernel link.Addr
	bufs   [][]byte
	sizes  []int
}

var kernelIP = [4]byte{192, 168, 10, 1}

// newStation connects and asks for the kernel's hardware address.
func newStation(url, name string, host byte, t tapclient.Transport) (*station, error) {
	c, err := tapclient.Dial(context.Background(), url, tapclient.Options{Name: name, Transport: t})
	if err != nil {
		return nil, err
	}
	s := &station{Client: c, ip: [4]byte{192, 168, 10, host}, sizes: make([]int, 64)}
	for range s.sizes {
		s.bufs = append(s.bufs, make([]byte, mtu+link.HeaderLen))
	}
	own := c.Info().HardwareAddr
	ask := arp.Append(ethernet.Append(nil, link.Broadcast, own, ethernet.TypeARP), arp.OpRequest, own, s.ip, link.Addr{}, kernelIP)
	if _, err := c.WriteFrames([][]byte{ask}); err != nil {
		return nil, err
	}
	return s, s.until(func(f ethernet.Frame) bool {
		p, err := arp.Parse(f.Payload())
		if f.Type() != ethernet.TypeARP || err != nil || p.SenderIP() != kernelIP || p.Op() != arp.OpReply {
			return false
		}
		s.kernel = p.SenderHW()
		return true
	})
}

// until reads frames until f says that one was it, and answers ARP meanwhile.
func (s *station) until(f func(ethernet.Frame) bool) error {
	for {
		n, err := s.ReadFrames(s.bufs, s.sizes)
		if err != nil {
			return err
		}
		done := false
		for i := range n {
			e, err := ethernet.Parse(s.bufs[i][:s.sizes[i]])
			if err != nil {
				continue
			}
			if err := s.answer(e); err != nil {
				return err
			}
			done = f(e) || done
		}
		if done {
			return nil
		}
	}
}

// answer tells the kernel our hardware address when it asks.
func (s *station) answer(f ethernet.Frame) error {
	p, err := arp.Parse(f.Payload())
	if f.Type() != ethernet.TypeARP || err != nil || p.Op() != arp.OpRequest || p.TargetIP() != s.ip {
		return nil
	}
	own := s.Info().HardwareAddr
	_, err = s.WriteFrames([][]byte{arp.Append(ethernet.Append(nil, s.kernel, own, ethernet.TypeARP), arp.OpReply, own, s.ip, s.kernel, kernelIP)})
	return err
}

// A pong is the answer to a ping.
type pong struct {
	seq uint16
	at  time.Time
	err error
}

// pong waits for the next one.
func (s *station) pong() (p pong) {
	p.err = s.until(func(e ethernet.Frame) bool {
		d, err := ipv4.Parse(e.Payload())
		if err != nil || d.Protocol() != ipv4.ProtoICMP {
			return false
		}
		m, err := icmpv4.Parse(d.Payload())
		if err != nil || m.Type() != icmpv4.TypeEchoReply {
			return false
		}
		p.seq = m.Seq()
		return true
	})
	p.at = time.Now()
	return p
}

// echo pings the kernel one after the other.
func (s *sample) echo(w way, socket string, d time.Duration) error {
	url := relayURL
	if w.unix {
		url = "unix:" + socket
	}
	c, err := newStation(url, "echo", 60, w.transport)
	if err != nil {
		return err
	}
	defer c.Close()
	next := c.pong
	if w.transport == tapclient.Batches {
		// A call that waits is there before the ping is sent: what it brings it brings before the call
		// that sends has its answer.
		pongs := make(chan pong, 1)
		go func() {
			for {
				p := c.pong()
				pongs <- p
				if p.err != nil {
					return
				}
			}
		}()
		next = func() pong { return <-pongs }
	}
	var took []time.Duration
	for begin, i := time.Now(), 0; time.Since(begin) < d || i < 200; i++ {
		f := append(ethernet.Append(nil, c.kernel, c.Info().HardwareAddr, ethernet.TypeIPv4), make([]byte, ipv4.HeaderLen)...)
		f = icmpv4.AppendEcho(f, icmpv4.TypeEcho, 7, uint16(i), make([]byte, 56))
		ipv4.Put(f[link.HeaderLen:], ipv4.Header{Src: c.ip, Dst: kernelIP, Protocol: ipv4.ProtoICMP, TTL: 64}, len(f)-link.HeaderLen-ipv4.HeaderLen)
		sent := time.Now()
		if _, err := c.WriteFrames([][]byte{f}); err != nil {
			return err
		}
		p := next()
		switch {
		case p.err != nil:
			return p.err
		case p.seq != uint16(i):
			return fmt.Errorf("ping %d was answered by %d", i, p.seq)
		}
		if i >= 100 { // the first ones warm up
			took = append(took, p.at.Sub(sent))
		}
	}
	slices.Sort(took)
	s.Values[w.name+"/p50"] = took[len(took)/2].Seconds()
	s.Values[w.name+"/p99"] = took[len(took)*99/100].Seconds()
	return nil
}

// batchOf returns frames of a type that the kernel does not know, so that it costs it little.
func (s *station) batchOf(n int) [][]byte {
	f := ethernet.Append(nil, s.kernel, s.Info().HardwareAddr, 0x88b5)
	f = append(f, make([]byte, frameLen-len(f))...)
	return slices.Repeat([][]byte{f}, n)
}

// delivered returns how many frames the kernel has got from the TAP.
func delivered() (float64, error) {
	b, err := os.ReadFile("/sys/class/net/" + device + "/statistics/rx_packets")
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(b)), 64)
}

// blast has stations send for d and returns how many frames a second the kernel got.
func blast(d time.Duration, all []*station) (rate float64, err error) {
	var stop atomic.Bool
	var senders sync.WaitGroup
	failed := make(chan error, len(all))
	for _, s := range all {
		senders.Go(func() {
			b := s.batchOf(64)
			for !stop.Load() {
				if _, err := s.WriteFrames(b); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	time.Sleep(d / 4) // the measurement: what is before is warming up
	before, err := delivered()
	begin := time.Now()
	time.Sleep(d)
	after, err2 := delivered()
	rate = (after - before) / time.Since(begin).Seconds()
	stop.Store(true)
	senders.Wait()
	close(failed)
	return rate, errors.Join(err, err2, <-failed)
}

// rates takes both directions of one client.
func (s *sample) rates(w way, d time.Duration) error {
	c, err := newStation(relayURL, "frames", 60, w.transport)
	if err != nil {
		return err
	}
	defer c.Close()
	if s.Values[w.name+"/up"], err = blast(d, []*station{c}); err != nil {
		return err
	}
	// The kernel sends datagrams, 42 in a call, so that it is not the sender that is measured, and as many as
	// are taken: what a TAP's full queue drops takes the time of those who read.
	u, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: c.ip[:], Port: 9})
	if err != nil {
		return err
	}
	defer u.Close()
	const payload = frameLen - link.HeaderLen - ipv4.HeaderLen - 8
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, payload) }); err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	var stop atomic.Bool
	var taken atomic.Int64
	var sender sync.WaitGroup
	sender.Go(func() {
		const call, window = 42, 20 * 42
		b := make([]byte, call*payload)
		for sent := int64(0); !stop.Load(); {
			for begin := time.Now(); sent-taken.Load() > window && !stop.Load(); {
				if time.Since(begin) > 10*time.Millisecond {
					sent = taken.Load() // what is missing is lost
				}
				time.Sleep(20 * time.Microsecond)
			}
			if _, err := u.Write(b); err == nil {
				sent += call
			}
		}
	})
	defer sender.Wait()
	defer stop.Store(true)
	var begin time.Time
	got := 0
	for warm := time.Now().Add(d / 4); begin.IsZero() || time.Since(begin) < d; {
		n, err := c.ReadFrames(c.bufs, c.sizes)
		if err != nil {
			return err
		}
		for i := range n {
			if e, err := ethernet.Parse(c.bufs[i][:c.sizes[i]]); err == nil {
				if err := c.answer(e); err != nil {
					return err
				}
			}
			if c.sizes[i] == frameLen {
				got++
				taken.Add(1)
			}
		}
		if begin.IsZero() && time.Now().After(warm) {
			begin, got = time.Now(), 0
		}
	}
	s.Values[w.name+"/down"] = float64(got) / time.Since(begin).Seconds()
	return nil
}

// many takes the rates of one client and of many.
func (s *sample) many(d time.Duration, pid string) error {
	one, err := newStation(relayURL, "one", 60, tapclient.Stream)
	if err != nil {
		return err
	}
	alone, err := blast(d, []*station{one})
	if err != nil {
		return err
	}
	one.Close()
	before, err := resident(pid)
	if err != nil {
		return err
	}
	var all []*station
	for i := range clientsNum {
		c, err := newStation(relayURL, fmt.Sprintf("many-%d", i), byte(61+i), tapclient.Stream)
		if err != nil {
			return err
		}
		defer c.Close()
		all = append(all, c)
	}
	counted, err := framesIn()
	if err != nil {
		return err
	}
	together, err := blast(d, all)
	if err != nil {
		return err
	}
	after, err := resident(pid)
	if err != nil {
		return err
	}
	now, err := framesIn()
	if err != nil {
		return err
	}
	least, most := 0.0, 0.0
	for i := range all {
		name := fmt.Sprintf("client many-%d", i)
		n := now[name] - counted[name]
		if i == 0 || n < least {
			least = n
		}
		most = max(most, n)
	}
	s.Values["all"] = together / alone
	s.Values["fair"] = most / max(least, 1)
	s.Values["memory"] = (after - before) / clientsNum
	return nil
}

// framesIn asks httptap how many frames each port has sent.
func framesIn() (map[string]float64, error) {
	resp, err := http.Get(relayURL + "/stats")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var stats struct {
		Ports []struct {
			Name     string  `json:"name"`
			FramesIn float64 `json:"framesIn"`
		} `json:"ports"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&stats); err != nil {
		return nil, err
	}
	out := make(map[string]float64)
	for _, p := range stats.Ports {
		out[p.Name] = p.FramesIn
	}
	return out, nil
}

// resident returns the bytes of memory that a process has.
func resident(pid string) (float64, error) {
	b, err := os.ReadFile("/proc/" + pid + "/statm")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, fmt.Errorf("/proc/%s/statm: %q", pid, b)
	}
	pages, err := strconv.ParseFloat(f[1], 64)
	return pages * float64(os.Getpagesize()), err
}
