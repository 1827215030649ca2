package gateway

import (
	"sync/atomic"

	"httptap/httptap/api"
)

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

// Stats returns the counters.
func (g *Gateway) Stats() api.GatewayStats {
	c := &g.counts
	return api.GatewayStats{
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
