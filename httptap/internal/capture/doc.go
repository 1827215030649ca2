// Package capture keeps what crossed the switch last, and hands it to any number of readers as
// pcapng, live or from some time ago on.
//
//	hub ── Event ──▶ Recorder ──▶ ring ──▶ Reader ── Frame ──▶ Stream ──▶ pcapng
//	                 (in the hub's mutex)   └────▶ Reader ...   (interfaces, comments, statistics)
//
// Read recorder.go (the ring: what comes in, what goes), record.go (how a frame lies there),
// reader.go (who reads, and what was lost), stream.go (frames as pcapng).
//
// The ring is a number of bytes, and with the memory of the readers all that there is: whatever
// frames come, the oldest make room for the newest. A reader copies whole records out, at most a chunk
// with the recorder's mutex held, so that neither readers nor what they write to hold the switch up.
// One that is too slow finds that records are gone, and is told how many of which port:
//
//	records recorded = those each reader got + those it did not ask for + those it lost
//
// Recording and reading a frame allocates nothing.
package capture
