package hub

// A prompt port is one whose frames can be handed over without waiting, so that whoever sends may do
// it. What is empties the queue of such a port in the order of its frames, one at a time: the port's own
// goroutine, which waits for frames, or a sender.
//
//	few frames   the sender hands them over itself: nobody has to be woken
//	more         the port's goroutine does, while the sender goes on
//	very many    where the port is a device's, which is never slow for long, who sends more helps
//	             first: else a hundred clients could send for ever what the device then has to lose
const (
	fewFrames  = 8
	manyFrames = 256
	// promptPorts is how many ports one send hands frames over to; the others' goroutines are woken.
	promptPorts = 4
)

// Prompt makes the port a prompt one. empty takes frames out of the queue and hands them over, without
// waiting for long; it returns false when it could not hand over all that it took. It is never called
// twice at a time, nor with a mutex of the hub held.
func (p *Port) Prompt(empty func() bool) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	p.empty = empty
	if p.cfg.Kind == Device && !p.detached {
		p.hub.devices = append(p.hub.devices, p)
	}
}

// Emptying keeps others from emptying the port's queue until f returns: what the port's own goroutine
// does all its work in.
func (p *Port) Emptying(f func()) {
	p.emptying.Lock()
	defer p.emptying.Unlock()
	f()
}

// handOver empties the queue of a prompt port on behalf of a sender.
func (p *Port) handOver() {
	if !p.emptying.TryLock() {
		p.signal() // who is at it may have looked already
		return
	}
	p.emptyAndTell()
}

func (p *Port) emptyAndTell() {
	done := p.empty()
	p.emptying.Unlock()
	if !done || p.Ready() {
		p.signal()
	}
}

// full tells whether senders have to help before they send more. The hub's mutex is held.
func (p *Port) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.n > manyFrames
}

// help waits until a full port has room, and makes some.
func (p *Port) help() {
	p.emptying.Lock()
	p.emptyAndTell()
}

// A handover is what a send leaves to be done when it holds no mutex any more.
type handover struct {
	ports [promptPorts]*Port
	n     int
}

// add notes a port; it returns false when its own goroutine has to do it.
func (h *handover) add(p *Port) bool {
	if p.empty == nil || h.n == promptPorts || p.queue.n > fewFrames {
		return false
	}
	h.ports[h.n] = p
	h.n++
	return true
}

func (h *handover) do() {
	for _, p := range h.ports[:h.n] {
		p.handOver()
	}
}
