package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/capture"
)

const (
	// captureLinger is how long frames are collected before they are sent on: short enough to look
	// live, long enough that a burst is a few writes.
	captureLinger = 5 * time.Millisecond
	// captureChunk is about how many bytes one write moves.
	captureChunk = 64 << 10
	// captureEnd is how long the end of a capture may take.
	captureEnd = time.Second
)

// Why a capture ends. The names are those of /stats.
var (
	errCaptured    = errors.New("the capture is complete")
	errCaptureGone = errors.New("the client went")
)

var captureEndings = []ending{
	{errCaptured, "complete"}, {errCaptureGone, "closed"}, {errStalled, "stalled"}, {errShutdown, "shutdown"},
}

var errNoRecorder = errors.New("this httptap does not record")

// captures are those of a relay.
type captures struct {
	*runs
	frames uint64 // guarded by the runs' mutex
}

// captureStats count captures.
type captureStats struct {
	runStats
	Frames uint64        `json:"frames"` // that were sent, of those that have ended
	Ring   capture.Stats `json:"ring"`
}

func newCaptures() *captures { return &captures{runs: newRuns(captureEndings)} }

func (s *captures) enter() error { return s.runs.enter(func(int) error { return nil }) }

func (s *captures) leave(frames uint64, err error) {
	s.runs.leave(err, func() { s.frames += frames })
}

func (s *captures) stats(r *capture.Recorder) (all captureStats) {
	all.runStats = s.runs.stats(func() { all.Frames = s.frames })
	if r != nil {
		all.Ring = r.Stats()
	}
	return all
}

// capture answers pcapng for as long as somebody reads it.
func (r *Relay) capture(w http.ResponseWriter, q *http.Request) {
	if r.cfg.Recorder == nil {
		r.fail(w, http.StatusNotImplemented, errNoRecorder)
		return
	}
	now := time.Now()
	o, err := captureParams(q.URL.Query(), now, r.cfg.Filter)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errNoFilter) {
			status = http.StatusNotImplemented
		}
		r.fail(w, status, err)
		return
	}
	if q.Method == http.MethodHead {
		w.Header().Set("Content-Type", api.CaptureType)
		return
	}
	rd, err := r.cfg.Recorder.Open(o.reader)
	if err == nil {
		defer rd.Close()
		err = r.captures.enter()
	}
	if err != nil {
		r.fail(w, http.StatusServiceUnavailable, err)
		return
	}
	s := &captureStream{rd: rd, w: w, control: http.NewResponseController(w), patience: r.cfg.Idle, count: o.count}
	s.out = capture.NewStream(capture.StreamOptions{
		SnapLen: o.snaplen, Filter: o.filter, MTU: r.cfg.Hub.MTU(), Application: strings.TrimSpace("httptap " + r.cfg.Version),
		Comment: o.comment, Start: now,
	})
	s.buf = s.out.Begin(nil)
	for _, p := range r.cfg.Hub.Stats().Ports {
		if o.reader.Port == "" || o.reader.Port == p.Name {
			s.buf = s.out.Port(s.buf, p.Name, p.Kind)
		}
	}
	if o.reader.Port != "" {
		// It may come later, and a reader waits for the first interface.
		s.buf = s.out.Port(s.buf, o.reader.Port, "")
	}
	w.Header().Set("Content-Type", api.CaptureType)
	ctx, cancel := context.WithCancelCause(r.captures.ctx)
	defer context.AfterFunc(q.Context(), func() { cancel(errCaptureGone) })()
	if o.duration > 0 {
		defer time.AfterFunc(o.duration, func() { cancel(errCaptured) }).Stop()
	}
	err = s.serve(ctx)
	cancel(err)
	rd.Close()
	r.captures.leave(s.out.Count(), err)
	r.cfg.Log.Debug("capture ended", "from", q.RemoteAddr, "frames", s.out.Count(), "reason", err)
}

// A captureStream is one capture on its way to who asked for it.
type captureStream struct {
	rd       *capture.Reader
	out      *capture.Stream
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	count    uint64 // frames after which it is complete; 0: never
	buf      []byte // what is to be written

	mu     sync.Mutex
	ending bool
}

// serve returns why the capture ended: one of the errors of captureEndings.
func (s *captureStream) serve(ctx context.Context) error {
	s.control.SetReadDeadline(time.Time{}) // the server's, for requests, would end it
	stop := context.AfterFunc(ctx, func() { s.deadline(true) })
	defer stop()
	for {
		// The head goes at once: Wireshark waits for it.
		if err := s.flush(); err != nil {
			return s.failed(ctx, err)
		}
		if err := s.rd.Wait(ctx, captureLinger); err != nil || ctx.Err() != nil {
			return s.end(ctx)
		}
		switch complete, err := s.move(ctx); {
		case err != nil:
			return s.failed(ctx, err)
		case complete:
			return s.end(ctx)
		}
	}
}

// move writes the frames that are there, unless ctx ends, and tells whether that were all that were
// asked for.
func (s *captureStream) move(ctx context.Context) (complete bool, err error) {
	var f capture.Frame
	for ctx.Err() == nil && s.rd.Next(&f) {
		if s.add(&f) {
			return true, nil
		}
		if len(s.buf) >= captureChunk {
			if err := s.write(); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// add appends a frame, and tells whether it is the last that was asked for.
func (s *captureStream) add(f *capture.Frame) bool {
	s.rd.Lost(func(l capture.Loss) { s.buf = s.out.Lost(s.buf, time.Now(), l) })
	s.buf, _ = s.out.Frame(s.buf, f)
	return s.count > 0 && s.out.Count() >= s.count
}

// end writes what came before the end, and the statistics, unless nobody is there to read them.
func (s *captureStream) end(ctx context.Context) error {
	reason := errShutdown // the recorder's
	complete := s.count > 0 && s.out.Count() >= s.count
	switch {
	case complete:
		reason = errCaptured
	case ctx.Err() != nil:
		reason = context.Cause(ctx)
	}
	if errors.Is(reason, errCaptureGone) {
		return reason
	}
	now := time.Now()
	s.deadline(true)
	var f capture.Frame
	for !complete && s.rd.Next(&f) && f.Nanos <= now.UnixNano() {
		complete = s.add(&f)
		if len(s.buf) >= captureChunk && s.write() != nil {
			return reason // it had its time
		}
	}
	s.buf = s.out.End(s.buf, now)
	s.flush()
	return reason
}

// failed says what an error of the connection means. net/http ends the request's context, too, when a
// write fails.
func (s *captureStream) failed(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case cause != nil && !errors.Is(cause, errCaptureGone):
		return cause // it had its time
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w for %v", errStalled, s.patience)
	}
	return fmt.Errorf("%w: %w", errCaptureGone, err)
}

// deadline bounds how long a write may take. At the end that is not long.
func (s *captureStream) deadline(ending bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ending:
	case ending:
		s.ending = true
		s.control.SetWriteDeadline(time.Now().Add(captureEnd))
	default:
		s.control.SetWriteDeadline(time.Now().Add(s.patience))
	}
}

func (s *captureStream) write() error {
	s.deadline(false)
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

func (s *captureStream) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	if err := s.write(); err != nil {
		return err
	}
	return s.control.Flush()
}
