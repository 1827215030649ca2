package tapclient

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"httptap/httptap/api"
)

// Times of polling.
const (
	pollWait = 30 * time.Second // of one long poll
	pollMin  = 500 * time.Microsecond
	pollMax  = 20 * time.Millisecond
)

// Limits of a call.
const (
	maxBatch  = 256     // frames that are sent
	maxBody   = 1 << 20 // bytes that are sent, when it is more than one frame
	maxAnswer = 8 << 20 // bytes of an answer
)

// pollRead asks for frames until there are some.
func (c *Client) pollRead(bufs [][]byte, sizes []int) (int, error) {
	var failing time.Time
	delay := retryMin
	for {
		start := time.Now()
		n, tooLong, err := c.receive(bufs, sizes)
		if n > 0 {
			c.read.idle = 0
			return n, nil
		}
		if c.ctx.Err() != nil {
			return 0, net.ErrClosed
		}
		if err == nil {
			failing, delay = time.Time{}, retryMin
			if tooLong > 0 || time.Since(start) > pollMax {
				c.read.idle = 0
				continue // something came, or the server has waited
			}
			if err := c.pause(); err != nil {
				return 0, err
			}
			continue
		}
		if failing.IsZero() {
			failing = start
		}
		if !transient(err) || time.Since(failing) > retryFor {
			return 0, err
		}
		if err := c.sleep(delay); err != nil {
			return 0, err
		}
		delay = min(2*delay, retryMax)
	}
}

// receive makes one call of /recv. It returns how many frames came, and how many more that did
// not fit their buffer.
func (c *Client) receive(bufs [][]byte, sizes []int) (n, tooLong int, err error) {
	path := api.PathRecv
	if c.transport == Batches {
		path += "?" + api.MaxParam + "=" + strconv.Itoa(len(bufs)) + "&" + api.WaitParam + "=" + pollWait.String()
	}
	body, err := c.call(c.ctx, http.MethodGet, path, nil, c.read.body)
	if err != nil {
		return 0, 0, err
	}
	c.read.body = body
	n, tooLong, err = decode(body, bufs, sizes)
	c.dropped.Add(uint64(tooLong))
	return n, tooLong, err
}

// pause waits before the next call, the longer the longer nothing came. It is for servers of
// version 0, which have no way to wait, and for those that do not do it.
func (c *Client) pause() error {
	c.read.idle = min(max(2*c.read.idle, pollMin), pollMax)
	return c.sleep(c.read.idle)
}

// pollWrite sends frames, as many a call as it takes.
func (c *Client) pollWrite(frames [][]byte) (done int, err error) {
	for done < len(frames) {
		n, array := 1, c.transport != Version0 || c.comment != nil
		if array {
			n = together(frames[done:])
		}
		c.write.body = encode(c.write.body[:0], frames[done:done+n], array, c.comment)
		if err := c.send(); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// send makes one call of /send. When it comes too early for the server's limit of requests, none of
// its frames was taken: it is made again, later.
func (c *Client) send() error {
	start := time.Now()
	for delay := retryMin; ; delay = min(2*delay, retryMax) {
		_, err := c.call(c.ctx, http.MethodPost, api.PathSend, c.write.body, nil)
		var s *status
		if !errors.As(err, &s) || s.code != http.StatusTooManyRequests || time.Since(start) > retryFor {
			return err
		}
		if err := c.sleep(delay); err != nil {
			return err
		}
	}
}

// together returns how many of the frames go into one call.
func together(frames [][]byte) int {
	size := len("[]")
	for i, f := range frames {
		size += base64.StdEncoding.EncodedLen(len(f)) + len(`"",`)
		if i > 0 && (i == maxBatch || size > maxBody) {
			return i
		}
	}
	return len(frames)
}
