package tcp

import "time"

// keepAlive asks a peer that has been silent whether it is still there. RFC 9293, 3.8.4
type keepAlive struct {
	idle, interval time.Duration
	count          int
	at             time.Duration // when the silence has to be looked at; 0: it is off
	sent           int           // probes without an answer
	probe          bool          // one is due
}

// SetKeepAlive makes the connection ask a peer that was silent for idle, every interval, and end
// with ErrTimeout when count probes have no answer. An idle of 0 turns it off, which is how a
// connection begins. RFC 9293, 3.8.4: "they MUST default to off".
func (t *TCB) SetKeepAlive(now time.Time, idle, interval time.Duration, count int) {
	t.keep = keepAlive{}
	if idle > 0 && t.state != Closed {
		idle = max(idle, time.Millisecond) // nobody can be asked all the time
		t.keep = keepAlive{idle: idle, interval: max(interval, time.Millisecond), count: max(count, 1), at: t.since(now) + idle}
	}
}

// checkAlive runs when keep.at is due.
func (t *TCB) checkAlive(now time.Duration) {
	k := &t.keep
	switch {
	case t.state == SynSent || t.state == SynReceived || t.state == TimeWait || t.una != t.max || t.unsent() > 0:
		k.at = now + k.idle // other timers look after it
	case now-t.lastHeard < k.idle:
		k.at, k.sent = t.lastHeard+k.idle, 0
	case k.sent >= k.count:
		// "if a keep-alive mechanism is implemented it MUST NOT interpret failure to respond to any
		// specific probe as a dead connection": all of them have to fail.
		t.sendRST = true
		t.timeOut()
	default:
		k.sent++
		k.probe, k.at = true, now+k.interval
	}
}
