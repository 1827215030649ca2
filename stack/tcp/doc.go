// Package tcp is the Transmission Control Protocol of RFC 9293, as a machine: a [TCB] takes
// segments and the time, and gives segments.
//
//	                 CLOSED
//	      Open ┌───────┴────────┐ Accept (a listener got a SYN)
//	      SYN  ▼                ▼
//	       SYN-SENT ─────▶ SYN-RECEIVED   SYN,ACK
//	           │ SYN,ACK / ACK  │ ACK
//	           └──▶ ESTABLISHED ◀
//	CloseWrite │                │ FIN / ACK
//	FIN        ▼                ▼
//	      FIN-WAIT-1        CLOSE-WAIT
//	   ACK │   │ FIN / ACK      │ CloseWrite, FIN
//	       ▼   └──▶ CLOSING     ▼
//	  FIN-WAIT-2      │ ACK  LAST-ACK
//	       │ FIN/ACK  ▼         │ ACK
//	       └─────▶ TIME-WAIT ─▶ CLOSED
//	                 2 MSL
//
// Read wire.go (the checked view and the encoders), options.go, state.go, tcb.go (the variables
// and what the application does), receive.go (RFC 9293, 3.10.7, in its order), ack.go (what an
// acknowledgment says), window.go (offering and acknowledging), runs.go and ring.go (where bytes
// wait), transmit.go (what the next segment is), timers.go.
//
// What is in flight lies in the sentLog (sentlog.go), a record a segment. What arrived is marked in
// it (sack.go), what did not is found by time (rack.go) or by duplicates, and sent again
// (recovery.go) as far as the congestion window allows (congestion.go, and a [Controller]:
// cubic.go, reno.go, both with hystart.go). Smaller ideas have files of their own: rto.go,
// timestamps.go, ecn.go, pacing.go, keepalive.go, usertimeout.go, pathmtu.go, autotune.go,
// urgent.go, cookie.go. info.go shows all of it, fields.go is the field table.
//
// After [Parse] no method of a [Segment] can panic. A TCB has no lock and no clock: its caller
// serialises the calls. The buffers are the caller's; the TCB keeps them until it is opened anew
// or they are taken back by Release. It allocates nothing but records of segments in flight and
// of gaps, when there are more of them than ever before; both are bounded by the buffers. When
// Transmit returns 0, Pending is false until something happens or the Deadline passes.
//
// # Implemented
//
//   - RFC 9293: the state machine as client and server, simultaneous open and close, half close,
//     MSS, window management and silly window avoidance (3.8.6), zero-window probes (3.8.6.1),
//     delayed acknowledgments (3.8.6.3), connection failures (3.8.3), keep-alive (3.8.4), urgent
//     data (3.8.5), Nagle's algorithm (3.7.4)
//   - RFC 5681: slow start, congestion avoidance, fast retransmit and recovery, restart after idle
//     time; RFC 6928: initial window; RFC 6582: NewReno; RFC 9438: CUBIC, the default; RFC 9406:
//     HyStart++; RFC 3042: limited transmit
//   - RFC 2018 and RFC 2883: SACK and D-SACK both ways; RFC 6675: what may be sent in a recovery;
//     RFC 8985: RACK and tail loss probes
//   - RFC 6298: retransmission timeout; RFC 5682 and RFC 3522: spurious timeouts; RFC 3708: cuts
//     that D-SACKs show to be wrong
//   - RFC 7323: window scaling, timestamps, PAWS
//   - RFC 5961, 3 to 5 and 7: challenge ACKs; RFC 5927: soft errors; RFC 4987: SYN cookies
//   - RFC 1191: smaller segments; RFC 4821 in small: black holes; RFC 3168: ECN; RFC 5482: user
//     timeout
//
// # Not implemented
//
//   - RFC 6937 (PRR), RFC 7413 (Fast Open)
package tcp
