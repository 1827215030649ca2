package hub

import "slices"

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

// Prompt makes the port a prompt one until end is called, unless it is one already. empty takes frames out
// of the queue and hands them over without waiting; those that it leaves, the port's own goroutine is
// woken for. It is never called twice at a time, nor with a mutex of the hub held; it may be called once
// more after end.
func (p *Port) Prompt(empty func()) (end func(), ok bool) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if p.empty != nil {
		return nil, false
	}
	p.empty = empty
	if p.cfg.Kind == Device && !p.detached {
		p.hub.devices = append(p.hub.devices, p)
	}
	return p.unprompt, true
}

func (p *Port) unprompt() {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	p.empty = nil
	p.hub.devices = slices.DeleteFunc(p.hub.devices, func(d *Port) bool { return d == p })
}

// Look is what a sender does around handing frames over, with no mutex of the hub held: what is behind
// the port may have answered already, and then nobody has to be woken for it.
type Look struct {
	Before, After func() // nil: nothing
}

// Look makes who hands frames over to the port look. It may be called once more after a change.
func (p *Port) Look(l Look) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	p.look = l
}

// Emptying keeps others from emptying the port's queue until f returns: what the port's own goroutine
// does its work in, where empty does not see to that.
func (p *Port) Emptying(f func()) {
	p.emptying.Lock()
	defer p.emptying.Unlock()
	f()
}

// A prompter is a prompt port as a send finds it.
type prompter struct {
	*Port
	empty func()
	look  Look
}

func (p *Port) prompter() prompter { return prompter{p, p.empty, p.look} }

// handOver empties the queue on behalf of a sender, unless somebody else is at it, and looks.
func (p prompter) handOver() {
	if !p.emptying.TryLock() {
		p.signal() // who is at it may have looked already
		return
	}
	if p.look.Before != nil {
		p.look.Before()
	}
	p.handOverLocked()
	if p.look.After != nil {
		p.look.After()
	}
}

func (p prompter) handOverLocked() {
	p.empty()
	p.emptying.Unlock()
	if p.Ready() {
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
func (p prompter) help() {
	p.emptying.Lock()
	p.handOverLocked()
}

// A handover is what a send leaves to be done when it holds no mutex any more.
type handover struct {
	to [promptPorts]prompter
	n  int
}

// add notes a port; it returns false when its own goroutine has to do it.
func (h *handover) add(p *Port) bool {
	if p.empty == nil || h.n == promptPorts || p.queue.n > fewFrames {
		return false
	}
	h.to[h.n] = p.prompter()
	h.n++
	return true
}

func (h *handover) do() {
	for _, p := range h.to[:h.n] {
		p.handOver()
	}
}
