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
// and what the application does), receive.go (RFC 9293, 3.10.7, in its order), window.go
// (offering and acknowledging), reassembly.go and ring.go (where bytes wait), transmit.go (what
// the next segment is), recovery.go (loss, persist and the timers), rto.go (the round trip),
// fields.go (the field table).
//
// After [Parse] no method of a [Segment] can panic. A TCB has no lock and no clock: its caller
// serialises the calls. The buffers in its [Config] are the caller's; the TCB keeps them until
// it is opened anew. Nothing allocates, Open and Accept included. When Transmit returns 0,
// Pending is false until something happens or the Deadline passes.
//
// # Implemented
//
//   - RFC 9293: the state machine as client and server, simultaneous open and close, half close,
//     MSS, window management and silly window avoidance (3.8.6), zero-window probes (3.8.6.1),
//     delayed acknowledgments (3.8.6.3), connection failures (3.8.3)
//   - RFC 6298: retransmission timeout, Karn's algorithm
//   - RFC 5681, 3.2 and RFC 6582: fast retransmit and recovery of several losses, without a
//     congestion window; only what is sent again is paced, as in slow start
//   - RFC 7323, 2: window scaling; RFC 2018: SACK blocks are sent
//   - RFC 5961, 3 to 5: challenge ACKs; RFC 5927: soft errors; RFC 1191: smaller segments
//
// # Not implemented
//
//   - congestion control (RFC 5681, 3.1), use of received SACK blocks, timestamps (RFC 7323, 3),
//     Nagle's algorithm, keep-alive, urgent data
package tcp
