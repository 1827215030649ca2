package relay

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// info answers what the device is and what this client is to use.
func (r *Relay) info(w http.ResponseWriter, q *http.Request) {
	c, ok := r.enter(w, q)
	if !ok {
		return
	}
	defer r.leave(c)
	i := r.cfg.Info
	i.DataReady = c.port.Ready()
	i.Client, i.ClientHardwareAddr = c.name, c.hw.String()
	i.Features = []string{api.FeatureBatch, api.FeatureStream, api.FeatureWS, api.FeatureImpair}
	if r.cfg.Recorder != nil {
		i.Features = append(i.Features, api.FeatureCapture, api.FeatureComments)
	}
	writeJSON(w, i)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// send puts the frames of the body into the switch.
func (r *Relay) send(w http.ResponseWriter, q *http.Request) {
	c, ok := r.enter(w, q)
	if !ok {
		return
	}
	defer r.leave(c)
	b := getBuffer()
	defer putBuffer(b)
	body := &paced{Reader: http.MaxBytesReader(w, q.Body, MaxBody), conn: http.NewResponseController(w), start: time.Now()}
	if err := b.readBody(body, q.ContentLength); err != nil {
		var long *http.MaxBytesError
		switch {
		case errors.As(err, &long):
			r.fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the body is over %d bytes", long.Limit))
		case errors.Is(err, errSlow):
			w.Header().Set("Connection", "close")
			r.fail(w, http.StatusRequestTimeout, err)
		default:
			r.fail(w, http.StatusBadRequest, fmt.Errorf("reading the body: %w", err))
		}
		return
	}
	if err := b.decode(); err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errMany) {
			status = http.StatusRequestEntityTooLarge
		}
		r.fail(w, status, err)
		return
	}
	n, err := r.put(c, b)
	if err == nil {
		return // 200 and an empty body
	}
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, hub.ErrLong):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, net.ErrClosed):
		status = http.StatusServiceUnavailable
	}
	if len(b.frames) > 1 {
		err = fmt.Errorf("frame %d of %d, the ones before it were sent: %w", n+1, len(b.frames), err)
	}
	r.fail(w, status, err)
}

// put sends the frames of a body. A comment goes to the recorder just before its frame.
func (r *Relay) put(c *client, b *buffer) (n int, err error) {
	if r.cfg.Recorder == nil {
		return c.port.Send(b.frames...)
	}
	for ; n < len(b.notes); n++ {
		r.cfg.Recorder.Note(time.Now(), c.port.Name(), b.frames[n], b.notes[n])
		if _, err = c.port.Send(b.frames[n]); err != nil {
			return n, err
		}
	}
	k, err := c.port.Send(b.frames[n:]...)
	return n + k, err
}

// recv answers frames from the client's queue.
func (r *Relay) recv(w http.ResponseWriter, q *http.Request) {
	c, ok := r.enter(w, q)
	if !ok {
		return
	}
	defer r.leave(c)
	most, wait, batch, err := recvParams(q.URL.Query())
	if err != nil {
		r.fail(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), wait)
	defer cancel()
	b, err := c.read(ctx, most, r.cfg.Hub.MTU()+link.HeaderLen)
	defer putBuffer(b)
	switch {
	case q.Context().Err() != nil:
		// The client went away; what was taken for it waits for its next call.
		c.port.Unread(b.frames)
		return
	case err != nil:
		r.fail(w, http.StatusServiceUnavailable, err)
		return
	}
	b.encode(batch)
	w.Header().Set("Content-Type", "application/json")
	if err := r.deliver(w, b.text); err != nil {
		c.port.Unread(b.frames)
	}
}

// read takes up to most frames of up to size bytes for c and waits for the first one as long as
// ctx lasts. It takes memory for them only when there are some.
func (c *client) read(ctx context.Context, most, size int) (*buffer, error) {
	most = min(most, max(1, maxAnswer/(base64.StdEncoding.EncodedLen(size)+len(`"",`))-1))
	for {
		over := c.port.Wait(ctx) != nil
		b := getBuffer()
		bufs, sizes := b.slots(most, size)
		n, err := c.port.Poll(bufs, sizes)
		if n > 0 || err != nil || over {
			b.take(n)
			return b, err
		}
		putBuffer(b) // another call of the same client was faster
	}
}

// deliver writes an answer and fails when the client surely does not get it.
func (r *Relay) deliver(w http.ResponseWriter, body []byte) error {
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(r.patience)) // net/http ends it with the call
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := control.Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

var (
	errMax  = fmt.Errorf("max is a number of frames from 1 to %d", MaxBatch)
	errWait = errors.New("wait is a duration such as 5s or 250ms")
)

// recvParams reads the query of /recv. Without parameters it is version 0: one frame, at once,
// as a string.
func recvParams(v url.Values) (most int, wait time.Duration, batch bool, err error) {
	most = 1
	if s := v.Get(api.MaxParam); s != "" {
		batch = true
		if most, err = strconv.Atoi(s); err != nil || most < 1 {
			return 0, 0, false, errMax
		}
		most = min(most, MaxBatch)
	}
	if s := v.Get(api.WaitParam); s != "" {
		if !batch {
			batch, most = true, MaxBatch
		}
		if wait, err = time.ParseDuration(s); err != nil || wait < 0 {
			return 0, 0, false, errWait
		}
		wait = min(wait, MaxWait)
	}
	return most, wait, batch, nil
}

// A statistics is the answer of /stats: api.Stats, with the switch's own types.
type statistics struct {
	hub.Stats
	Clients  int           `json:"clients"`
	Requests uint64        `json:"requests"`
	Refused  uint64        `json:"refused"`
	Limited  uint64        `json:"limited"`
	Crowded  uint64        `json:"crowded"`
	Failed   uint64        `json:"failed"`
	Streams  streamStats   `json:"streams"`
	Captures captureStats  `json:"captures"`
	Dropped  uint64        `json:"deviceDropped"` // in the device: too long, or too many for the kernel
	Lab      *api.LabStats `json:"lab,omitempty"`

	Gateway *api.GatewayStats `json:"gateway,omitempty"`
}

func (r *Relay) statistics() statistics {
	s := statistics{
		Stats: r.cfg.Hub.Stats(), Requests: r.requests.Load(), Refused: r.refused.Load(), Limited: r.limited.Load(), Crowded: r.crowded.Load(), Failed: r.failed.Load(),
		Streams: r.streams.stats(), Captures: r.captures.stats(r.cfg.Recorder),
	}
	r.mu.Lock()
	s.Clients = len(r.clients)
	r.mu.Unlock()
	if r.cfg.Dropped != nil {
		s.Dropped = r.cfg.Dropped()
	}
	if r.cfg.Lab != nil {
		lab := r.cfg.Lab()
		s.Lab = &lab
	}
	if r.cfg.Gateway != nil {
		gateway := r.cfg.Gateway()
		s.Gateway = &gateway
	}
	return s
}

// stats answers every counter.
func (r *Relay) stats(w http.ResponseWriter, q *http.Request) { writeJSON(w, r.statistics()) }

const helpText = `httptap relays raw Ethernet frames over HTTP.

  GET  /info    the device, and the hardware address that you are to use
  POST /send    a JSON string: one frame in base64; a JSON array: several, and {"frame":"..","comment":".."}
  GET  /recv    a JSON string: the oldest unread frame; "" when there is none
  GET  /recv?max=64&wait=5s    a JSON array; waits for the first frame
  GET  /stream  with Upgrade: httptap, a byte stream of frames, each after its length (4 bytes)
  GET  /ws      a WebSocket: the same bytes in binary messages
  POST /connect for gvforwarder of gvisor-tap-vsock
  GET  /capture every frame as pcapng, for as long as you read: ... | wireshark -k -i -
                ?since=10s|TIME|all  ?port=NAME  ?client=NAME  ?filter=TEXT  ?snaplen=N  ?count=N  ?duration=10s
  GET  /stats   every counter
  GET  /metrics the same for Prometheus
  PUT  /impair  loss=5%,delay=20ms,seed=7    makes the clients' link bad; with ?client=NAME one's

Name yourself with ?client=NAME to have a queue and a hardware address of your own.

Try:  go run ./xcurl -ihttp http://www.httptap.test/
`

func (r *Relay) help(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, helpText)
}
