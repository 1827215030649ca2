// Package hub is the switch that everything meets at: the device (a TAP or a NIC), the lab and
// every client of the relay each have a [Port], and a frame that one sends reaches those it is
// for.
//
//	client a ─ Port ─┐                     ┌─ Port ─ tap0   (mirror: sees every frame once)
//	client b ─ Port ─┤   learning switch   ├─ Port ─ lab
//	default  ─ Port ─┘  (promiscuous port) └─ ...
//
// Read hub.go (ports, who gets a frame), port.go (queues, and the ways to empty them),
// table.go (who was seen where), event.go (who watches), impair.go (bad links), prompt.go (who hands
// frames over), pump.go (a Device as a
// port, a port as a Device).
//
// A frame to a station that was seen at a port goes to that port alone; to a group, to
// everybody, or to a station never seen, it goes to all. It never goes back to its sender. A
// mirror port and a promiscuous port get every frame all the same.
//
// A port can be impaired, each way for itself: what comes from behind it goes over a [link.Line] before
// it is switched, what is for it over another before it is queued. Observers are told what these did.
// Frames in = frames switched + dropped on the line up + on that line still.
//
// Each port has a bounded queue. When it is full the oldest frame is dropped and counted, so
// that a slow port sees what is new and never slows another. No frame disappears uncounted:
// over all ports, copies queued = frames read + frames dropped + frames still queued.
//
// A port whose frames can be handed over at once is a prompt one: who sends a few frames to it hands them
// over itself, and who sends to a device that is behind waits for it.
//
// Frames come and go in batches. The mutex of a Hub guards its tables and is held while up to 64
// frames are handed to the queues; each of these has a mutex of its own, which such a send locks
// once, and wakes its reader once. Frames are copied into buffers that the queues reuse.
package hub
