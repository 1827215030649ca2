package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

var endNames = []struct {
	err  error
	name string
}{
	{errClosed, "closed"}, {errCut, "cut"}, {errShort, "short"}, {errLong, "long"},
	{errText, "text"}, {errStalled, "stalled"}, {errBroken, "broken"}, {errShutdown, "shutdown"},
}

var (
	errStreams       = fmt.Errorf("too many streams (%d)", MaxStreams)
	errClientStreams = fmt.Errorf("too many streams of one client (%d): one carries everything; use another name for another client", MaxClientStreams)
)

// streams are those of a relay.
type streams struct {
	ctx    context.Context // ends with the relay
	cancel context.CancelCauseFunc
	all    sync.WaitGroup

	mu     sync.Mutex
	closed bool
	of     map[string]int // open ones, by their client
	count  streamStats
}

// streamStats count streams: Opened = Open + the sum of Ended.
type streamStats struct {
	Open   int               `json:"open"`
	Opened uint64            `json:"opened"` // set when they are asked for
	Ended  map[string]uint64 `json:"ended"`  // by reason
	Last   string            `json:"last"`   // the last end that was not the client's wish
}

func newStreams() *streams {
	s := &streams{of: make(map[string]int)}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.count.Ended = make(map[string]uint64)
	for _, e := range endNames {
		s.count.Ended[e.name] = 0
	}
	return s
}

// enter makes room for one more stream of a client, or says why there is none.
func (s *streams) enter(client string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errShutdown
	case s.count.Open == MaxStreams:
		return errStreams
	case s.of[client] == MaxClientStreams:
		return errClientStreams
	}
	s.of[client]++
	s.count.Open++
	s.all.Add(1)
	return nil
}

// leave counts the end of a client's stream.
func (s *streams) leave(client string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Open--
	if s.of[client]--; s.of[client] == 0 {
		delete(s.of, client)
	}
	for _, e := range endNames {
		if errors.Is(err, e.err) {
			s.count.Ended[e.name]++
			break
		}
	}
	if !errors.Is(err, errClosed) {
		s.count.Last = client + ": " + err.Error()
	}
	s.all.Done()
}

func (s *streams) stats() streamStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := s.count
	count.Ended = make(map[string]uint64, len(s.count.Ended))
	for name, n := range s.count.Ended {
		count.Ended[name] = n
		count.Opened += n
	}
	count.Opened += uint64(count.Open)
	return count
}

// close ends all streams and waits until they have.
func (s *streams) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel(errShutdown)
	s.all.Wait()
}
