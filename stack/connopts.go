package stack

import (
	"net"
	"os"
	"syscall"
	"time"
)

// What net.KeepAliveConfig leaves open. Its documentation has these numbers.
const (
	defaultKeepIdle     = 15 * time.Second
	defaultKeepInterval = 15 * time.Second
	defaultKeepCount    = 9
)

// option runs f, which sets an option at now, unless the connection is closed.
func (c *Conn) option(f func(now time.Time)) error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	now := time.Now()
	f(now)
	h.e.settle(now, c)
	h.kick()
	return nil
}

// SetNoDelay says whether small writes are sent at once, which is the default, as in package
// net; false lets Nagle's algorithm collect them while data is in flight. RFC 9293, 3.7.4
func (c *Conn) SetNoDelay(noDelay bool) error {
	return c.option(func(time.Time) { c.tcb.SetNagle(!noDelay) })
}

// SetKeepAlive switches keep-alive probes, which are off at first. See SetKeepAliveConfig.
func (c *Conn) SetKeepAlive(on bool) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: on})
}

// SetKeepAlivePeriod switches keep-alive probes on, sent to a peer that was silent for d and then
// every d.
func (c *Conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: d, Interval: d})
}

// SetKeepAliveConfig configures keep-alive probes: a peer that was silent for Idle is asked every
// Interval, and after Count probes without an answer calls fail with ETIMEDOUT. What is 0 or less
// is 15 s, 15 s and 9. RFC 9293, 3.8.4
func (c *Conn) SetKeepAliveConfig(cfg net.KeepAliveConfig) error {
	if cfg.Idle <= 0 {
		cfg.Idle = defaultKeepIdle
	}
	if cfg.Interval <= 0 {
		cfg.Interval = defaultKeepInterval
	}
	if cfg.Count <= 0 {
		cfg.Count = defaultKeepCount
	}
	if !cfg.Enable {
		cfg.Idle = 0
	}
	return c.option(func(now time.Time) { c.tcb.SetKeepAlive(now, cfg.Idle, cfg.Interval, cfg.Count) })
}

// SetUserTimeout makes calls fail with ETIMEDOUT when what was sent is not acknowledged for d,
// and tells the peer. The time runs from when the first of it was sent, not while ARP asks for the
// next hop. 0 goes back to the default, 100 seconds and 15 timeouts. What the peer advertises does
// not count, and is in Info. RFC 5482
func (c *Conn) SetUserTimeout(d time.Duration) error {
	return c.option(func(now time.Time) { c.tcb.SetUserTimeout(now, d) })
}

// SetTOS sets the Differentiated Services field, RFC 2474, of the segments that are sent from now
// on: the six bits of a code point and two that must be 0, because they belong to ECN. Other values
// fail with ErrTOS and EINVAL. Config.TOS is what it is at first, SYN included.
func (c *Conn) SetTOS(tos int) error {
	if !isTOS(tos) {
		return c.opError("set", cause{ErrTOS, syscall.EINVAL})
	}
	return c.option(func(time.Time) { c.tos = uint8(tos) })
}

func isTOS(tos int) bool { return tos >= 0 && tos <= 255 && tos&ecnBits == 0 }

// SetLinger says what Close does with data that was not acknowledged, as in package net: under 0,
// the default, it is sent in the background; 0 discards it and resets the connection; more than
// 0 lets Close wait so many seconds, after which it resets the connection and fails with
// os.ErrDeadlineExceeded. Data that was not read resets it at once: ECONNABORTED.
func (c *Conn) SetLinger(seconds int) error {
	return c.option(func(time.Time) { c.linger = time.Duration(seconds) * time.Second })
}

// awaitEnd waits until the peer has everything. The mutex is held.
func (c *Conn) awaitEnd() error {
	h := c.host
	c.wr.set(time.Now().Add(c.linger))
	defer c.wr.stop()
	for !c.tcb.Delivered() {
		if err := c.wr.err(); err != nil {
			now := time.Now()
			c.tcb.Abort(now)
			h.e.settle(now, c)
			h.kick()
			return c.opError("close", os.ErrDeadlineExceeded)
		}
		c.wr.cond.Wait()
	}
	if err := c.tcb.Err(); err != nil {
		return c.opError("close", tcpError(err))
	}
	return nil
}
