package gateway

import "sync/atomic"

type count = atomic.Uint64

// counters count what became of every flow.
type counters struct {
	tcp, udp, echo                    count
	denied, limit, limitClient        count
	refused, unreachable, silent      count
	failed, withdrawn                 count
	reset, idle                       count
	pings, answers, pingsLost         count
	bytesUp, bytesDown, datagramsLost count
}

// Stats count what became of the flows. Each that a client began is in one of TCP, UDP and Echo,
// or was refused for one of the reasons.
type Stats struct {
	Open int    `json:"open"` // flows that there are
	TCP  uint64 `json:"tcp"`  // connections that were made
	UDP  uint64 `json:"udp"`  // flows of datagrams
	Echo uint64 `json:"echo"` // flows of pings

	// Flows that were refused.
	Denied      uint64 `json:"denied"`      // no flow may go there: see policy.go
	Limit       uint64 `json:"limit"`       // too many
	LimitClient uint64 `json:"limitClient"` // too many of this client
	Refused     uint64 `json:"refused"`     // by the target
	Unreachable uint64 `json:"unreachable"` // by the network
	Silent      uint64 `json:"silent"`      // the target does not answer
	Failed      uint64 `json:"failed"`      // this machine has no socket for it
	Withdrawn   uint64 `json:"withdrawn"`   // the client gave up first

	Reset uint64 `json:"reset"` // connections that a side reset, or that broke
	Idle  uint64 `json:"idle"`  // flows that ended because nothing moved

	Pings     uint64 `json:"pings"`     // passed on
	Answers   uint64 `json:"answers"`   // passed back
	PingsLost uint64 `json:"pingsLost"` // that could not be sent

	BytesUp       uint64 `json:"bytesUp"`       // of TCP and UDP payload, from clients
	BytesDown     uint64 `json:"bytesDown"`     // to clients
	DatagramsLost uint64 `json:"datagramsLost"` // that could not be sent
}

// Stats returns the counters.
func (g *Gateway) Stats() Stats {
	c := &g.counts
	return Stats{
		Open: g.flows.open(),
		TCP:  c.tcp.Load(), UDP: c.udp.Load(), Echo: c.echo.Load(),
		Denied: c.denied.Load(), Limit: c.limit.Load(), LimitClient: c.limitClient.Load(),
		Refused: c.refused.Load(), Unreachable: c.unreachable.Load(), Silent: c.silent.Load(),
		Failed: c.failed.Load(), Withdrawn: c.withdrawn.Load(),
		Reset: c.reset.Load(), Idle: c.idle.Load(),
		Pings: c.pings.Load(), Answers: c.answers.Load(), PingsLost: c.pingsLost.Load(),
		BytesUp: c.bytesUp.Load(), BytesDown: c.bytesDown.Load(), DatagramsLost: c.datagramsLost.Load(),
	}
}
