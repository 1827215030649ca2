package relay

import (
	"errors"
	"fmt"
)

// Why a stream ends. The names are those of /stats.
var (
	errClosed   = errors.New("the client closed the connection")
	errCut      = errors.New("the client closed the connection within a frame")
	errShort    = errors.New("a length under the 14 bytes that a frame has at least")
	errLong     = errors.New("a length over the MTU and the frame's header")
	errText     = errors.New("a text message; frames come in binary ones")
	errStalled  = errors.New("the client did not go on, in the middle of a frame or with frames to read")
	errBroken   = errors.New("the connection failed")
	errShutdown = errors.New("the relay ended")
)

var streamEndings = []ending{
	{errClosed, "closed"}, {errCut, "cut"}, {errShort, "short"}, {errLong, "long"},
	{errText, "text"}, {errStalled, "stalled"}, {errBroken, "broken"}, {errShutdown, "shutdown"},
}

var (
	errStreams       = fmt.Errorf("too many streams (%d)", MaxStreams)
	errClientStreams = fmt.Errorf("too many streams of one client (%d): one carries everything; use another name for another client", MaxClientStreams)
)

// streams are those of a relay.
type streams struct {
	*runs
	// Guarded by the runs' mutex.
	of   map[string]int // open ones, by their client
	last string
}

// streamStats count streams.
type streamStats struct {
	runStats
	Last string `json:"last"` // the last end that was not the client's wish
}

func newStreams() *streams { return &streams{runs: newRuns(streamEndings), of: make(map[string]int)} }

// enter makes room for one more stream of a client, or says why there is none.
func (s *streams) enter(client string) error {
	return s.runs.enter(func(open int) error {
		switch {
		case open == MaxStreams:
			return errStreams
		case s.of[client] == MaxClientStreams:
			return errClientStreams
		}
		s.of[client]++
		return nil
	})
}

// leave counts the end of a client's stream.
func (s *streams) leave(client string, err error) {
	s.runs.leave(err, func() {
		if s.of[client]--; s.of[client] == 0 {
			delete(s.of, client)
		}
		if !errors.Is(err, errClosed) {
			s.last = client + ": " + err.Error()
		}
	})
}

func (s *streams) stats() (all streamStats) {
	all.runStats = s.runs.stats(func() { all.Last = s.last })
	return all
}
