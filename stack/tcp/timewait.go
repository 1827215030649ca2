package tcp

import (
	"time"

	"httptap/stack/seq"
)

// reuseAfter is how old a connection in TIME-WAIT has to be before our own side opens it anew: a
// tick of a slow timestamp clock.
const reuseAfter = time.Second

// Reusable tells whether a SYN may open a connection anew that is in TIME-WAIT, and with which
// initial sequence number: one behind all that this one used.
//
// RFC 9293, 3.6.1 lets it when the peer's new number is larger than the largest of the previous
// connection; RFC 6191, 2 when its timestamp is.
func (t *TCB) Reusable(syn Segment) (iss seq.Value, ok bool) {
	if t.state != TimeWait || syn.Flags()&(SYN|ACK|RST|FIN) != SYN {
		return 0, false
	}
	t.o.parse(syn.Options())
	newer := t.rnxt.LessEq(syn.Seq())
	if t.stamps.on && t.o.stamped {
		d := int32(t.o.tsval - t.stamps.recent)
		newer = d > 0 || d == 0 && newer
	}
	return t.max.Add(1<<16 + 1), newer
}

// Expendable tells whether our side may open the connection anew, though it is in TIME-WAIT: the
// peer can tell the new one by its timestamps. RFC 6191, 2 has the other side's view.
func (t *TCB) Expendable(now time.Time) (iss seq.Value, ok bool) {
	since := t.endAt - t.timeWait
	return t.max.Add(1<<16 + 1), t.state == TimeWait && t.stamps.on && t.since(now)-since > reuseAfter
}
