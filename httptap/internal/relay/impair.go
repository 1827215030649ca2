package relay

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"httptap/httptap/api"
	"httptap/stack/link"
)

// maxImpair bounds the body of PUT /impair.
const maxImpair = 4 << 10

var (
	errWay       = fmt.Errorf("%s is %q, what the client sends, or %q, what it receives; without it both are meant", api.WayParam, api.WayUp, api.WayDown)
	errImpairAll = fmt.Errorf("to impair all clients leave %s out", api.ClientParam)
	errImpairs   = errors.New("too many clients are impaired before they came; DELETE " + api.PathImpair + " forgets them")
)

// ways is what is done to frames of a client: from it, and to it.
type ways struct{ up, down link.ImpairConfig }

func (w ways) text() api.Impairment { return api.Impairment{Up: w.up.String(), Down: w.down.String()} }

// impairments say what is done to whose frames. The relay's mutex guards them.
type impairments struct {
	all  ways
	some map[string]ways // by client; in place of all
}

// of returns what is done to a client's frames.
func (i *impairments) of(client string) ways {
	if w, ok := i.some[client]; ok {
		return w
	}
	return i.all
}

// getImpair answers what is done to whose frames.
func (r *Relay) getImpair(w http.ResponseWriter, q *http.Request) {
	writeJSON(w, r.impairments())
}

func (r *Relay) impairments() api.Impairments {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := api.Impairments{All: r.impair.all.text(), Clients: make(map[string]api.Impairment)}
	for name, w := range r.impair.some {
		answer.Clients[name] = w.text()
	}
	return answer
}

// putImpair sets what is done to all clients' frames, or to one's.
func (r *Relay) putImpair(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxImpair))
	if err != nil {
		r.fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("an impairment is text of %d bytes at most, such as loss=5%%,delay=20ms", maxImpair))
		return
	}
	cfg, err := link.ParseImpair(string(body))
	if err != nil {
		r.fail(w, http.StatusBadRequest, err)
		return
	}
	name, way, err := impairParams(q.URL.Query())
	if err == nil {
		err = r.setImpair(name, way, cfg)
	}
	r.answerImpair(w, err)
}

// deleteImpair ends what is done to one client's frames alone, or everything.
func (r *Relay) deleteImpair(w http.ResponseWriter, q *http.Request) {
	name, way, err := impairParams(q.URL.Query())
	switch {
	case err != nil:
	case way != "":
		err = fmt.Errorf("DELETE ends both ways; PUT nothing with %s=%s to end one", api.WayParam, way)
	default:
		r.mu.Lock()
		if name == "" {
			r.impair.all, r.impair.some = ways{}, make(map[string]ways)
		} else {
			delete(r.impair.some, name)
		}
		err = r.applyImpair()
		r.mu.Unlock()
	}
	r.answerImpair(w, err)
}

func (r *Relay) answerImpair(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errImpairs):
		r.fail(w, http.StatusServiceUnavailable, err)
	case err != nil:
		r.fail(w, http.StatusBadRequest, err)
	default:
		writeJSON(w, r.impairments())
	}
}

// impairParams reads whom a call is about, "" everybody, and which way, "" both.
func impairParams(v url.Values) (name, way string, err error) {
	if v.Has(api.ClientParam) {
		if name = v.Get(api.ClientParam); name == "" {
			return "", "", errImpairAll
		}
		if !isName(name) {
			return "", "", errName
		}
	}
	switch way = v.Get(api.WayParam); {
	case v.Has(api.WayParam) && way != api.WayUp && way != api.WayDown:
		return "", "", errWay
	}
	return name, way, nil
}

// setImpair sets what is done one way or both to a client's frames, or to everybody's.
func (r *Relay) setImpair(name, way string, cfg link.ImpairConfig) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.impair.all
	if name != "" {
		w = r.impair.of(name)
		if _, known := r.impair.some[name]; !known && len(r.impair.some) >= MaxClients {
			return errImpairs
		}
	}
	if way != api.WayDown {
		w.up = cfg
	}
	if way != api.WayUp {
		w.down = cfg
	}
	if name == "" {
		r.impair.all = w
	} else {
		r.impair.some[name] = w
	}
	r.cfg.Log.Info("impairment set", "client", name, "way", way, "faults", cfg.String())
	return r.applyImpair()
}

// applyImpair does to the clients that are there what impairments says. Those for whom nothing changes
// keep the sequence of their verdicts. The mutex is held.
func (r *Relay) applyImpair() error {
	for name, c := range r.clients {
		want := r.impair.of(name)
		if up, down := c.port.Impairment(); up == want.up && down == want.down {
			continue
		}
		if err := c.port.Impair(want.up, want.down); err != nil {
			return err
		}
	}
	return nil
}
