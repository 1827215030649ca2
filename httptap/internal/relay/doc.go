// Package relay is httptap's HTTP side: it gives every client a port of the switch and moves
// frames between the two. The contract is in package api.
//
//	POST /send ──▶ frames.go ──▶ Port.Send ──▶ hub ──▶ Port.Read ──▶ frames.go ──▶ GET /recv
//	GET /stream, /ws, POST /connect, raw ◀──▶ stream.go ◀──▶ the same
//	GET /capture ◀── capture.go ◀── capture.Recorder ◀── hub
//
// Read relay.go (routes), server.go, conns.go and rate.go (how much a caller may take), access.go and
// token.go (who may call), clients.go (a client's port and its end), calls.go
// (what each call does), frames.go (frames as JSON, without reflection), stream.go (frames as
// bytes), streamwriter.go (who writes them), framing.go (where a frame ends), ws.go and raw.go (what else a
// stream runs on), streams.go and runs.go (how many there are and why each ended), impair.go (bad links), capture.go and captureparams.go (pcapng),
// metrics.go (the counters for Prometheus).
//
// A request comes from this machine or from a page in its browser. So Host has to name this
// machine (against DNS rebinding), Origin has to be absent or the relay itself (against pages
// that send frames). Where other machines call, they show a token. Everything has a limit:
// connections, requests a second, the header, the body and its rate, the frames of a call, the time
// of a wait, the number of clients. One client's call never waits for another's.
package relay
