package hub

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"httptap/stack/ethernet"
	"httptap/stack/link"
)

// A moody device refuses frames as long as it is told to.
type moody struct {
	refuse bool
	closed chan struct{}
}

func (d *moody) ReadFrames([][]byte, []int) (int, error) {
	<-d.closed
	return 0, net.ErrClosed
}

func (d *moody) WriteFrames(frames [][]byte) (int, error) {
	if d.refuse {
		return 0, errors.New("the network is down")
	}
	return len(frames), nil
}

func (d *moody) Info() link.Info { return link.Info{MTU: 1500, Name: "moody"} }

func (d *moody) Close() error {
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	return nil
}

// A device that refuses frames is told of once, and once more when it takes them again: no line a frame.
func TestRefusalsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		h := New(Config{MTU: 1500, Log: slog.New(slog.NewTextHandler(&b, nil))})
		attach := func(name string) *Port {
			p, err := h.Attach(PortConfig{Name: name, Kind: Device})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		from, p := attach("from"), attach("moody0")
		d := &moody{closed: make(chan struct{})}
		done := make(chan error)
		go func() { done <- Serve(d, p) }()
		f := ethernet.Append(nil, link.Broadcast, link.LocalAddr("from"), ethernet.TypeARP)
		for _, refuse := range []bool{false, true, false, true} {
			synctest.Wait()
			d.refuse = refuse
			for range 300 {
				if _, err := from.Send(f); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
		}
		s := p.Stats()
		p.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		got := b.String()
		if s.FramesOut != 1200 || s.WriteErrors != 600 {
			t.Errorf("%+v", s)
		}
		if n := strings.Count(got, "\n"); n != 3 || strings.Count(got, `level=WARN msg="the device refuses frames" port=moody0 err="the network is down"`) != 2 ||
			strings.Count(got, `level=INFO msg="the device takes frames again" port=moody0 refused=300`) != 1 {
			t.Errorf("%d lines:\n%s", n, got)
		}
		if _, err := from.Read(context.Background(), nil, nil); err != nil {
			t.Error(err)
		}
	})
}
