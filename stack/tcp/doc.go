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
//
// # Conformance
//
// The requirements of RFC 9293, appendix B, and the tests that prove them; conformance_test.go has
// the case of each. Tests of the host are in package stack.
//
//   - MUST-1: TestWindowIsUnsigned
//   - MUST-2: TestChecksumOfAnyLength
//   - MUST-3: stack.TestEveryDropIsCounted
//   - MUST-4: TestOptionsOfSegments
//   - MUST-5: TestOptionsOfSegments
//   - MUST-6: TestOptionsOfSegments
//   - MUST-7: TestOptionsOfSegments; TestHandshakeOptions
//   - MUST-8: stack.TestInitialSequenceNumbers
//   - MUST-9: stack.TestInitialSequenceNumbers
//   - MUST-10: TestHandshake
//   - MUST-11: TestOpening
//   - MUST-12: TestApplicationLearnsHowItEnded; stack.TestCloseWithUnreadDataResets
//   - MUST-13: TestClosingSequences
//   - MUST-14: TestMSS
//   - MUST-15: TestMSS; TestHandshakeOptions
//   - MUST-16: TestMSS
//   - MUST-17: TestNagle
//   - MUST-18: TestRoundTripOfWhatWasSentTwice; TestRTT; deviates: the least RTO is 200 ms, and any new ACK ends the backing off (rto.go says why)
//   - MUST-19: TestCongestionControlIsThere
//   - MUST-20: TestConnectionFailures; in part: no advice on R1, a host has one router and no other to try
//   - MUST-21: TestUserTimeout
//   - MUST-22: TestConnectionFailures
//   - MUST-23: TestConnectionFailures
//   - MUST-24: TestKeepAlive
//   - MUST-25: TestKeepAlive
//   - MUST-26: TestKeepAlive
//   - MUST-27: TestKeepAlive
//   - MUST-28: not applicable: there is no default, SetKeepAlive is told the interval
//   - MUST-29: TestKeepAlive
//   - MUST-30: TestUrgentReceived; TestUrgentSent
//   - MUST-31: TestUrgentReceived; TestUrgentSent
//   - MUST-32: TestUrgentReceived; in part: net.Conn has no upcall, an application asks stack.Conn.Info
//   - MUST-33: TestUrgentReceived
//   - MUST-34: TestShrinkingWindow
//   - MUST-35: TestShrinkingWindow
//   - MUST-36: TestPersist
//   - MUST-37: TestZeroWindowProbes; stack.TestZeroWindowForHours
//   - MUST-38: TestSendWindow
//   - MUST-39: TestReceiveWindow
//   - MUST-40: TestAcknowledging
//   - MUST-41: stack.TestPassiveOpenBesideOthers
//   - MUST-42: stack.TestPassiveOpenBesideOthers
//   - MUST-43: stack.TestDialOfInvalidAddresses; stack.TestListenErrors
//   - MUST-44: stack.TestLocalAddressOfSegments
//   - MUST-45: stack.TestLocalAddressOfSegments
//   - MUST-46: stack.TestDialOfInvalidAddresses
//   - MUST-47: TestReports
//   - MUST-48: stack.TestFieldsOfTheApplication
//   - MUST-49: stack.TestFieldsOfTheApplication
//   - MUST-50: stack.TestSegmentsWithIPOptions
//   - MUST-51: not implemented: RFC 7126, 4.3 and 4.4 have such packets dropped on the way
//   - MUST-52: not implemented: see MUST-51
//   - MUST-53: not implemented: see MUST-51
//   - MUST-54: stack.TestICMPErrorReachesTheConnection; stack.TestICMPErrorsOfAnOpenConnection
//   - MUST-55: stack.TestICMPErrorsOfAnOpenConnection
//   - MUST-56: stack.TestICMPErrorsOfAnOpenConnection; TestConnectionFailures; deviates: in SYN-SENT any error ends it, as RFC 5461, 4 describes
//   - MUST-57: stack.TestSegmentsWithInvalidAddresses
//   - MUST-58: TestAcknowledging
//   - MUST-59: TestAcknowledging
//   - MUST-60: TestPush
//   - MUST-61: TestPush
//   - MUST-62: TestUrgentSent
//   - MUST-63: stack.TestSegmentsWithInvalidAddresses
//   - MUST-64: TestOptionsOfSegments
//   - MUST-65: TestOptionsSentAreWellFormed
//   - MUST-66: TestResetWithData; TestUrgentReceived
//   - MUST-67: TestHandshakeOptions
//   - MUST-68: TestOptionsSentAreWellFormed
//   - MUST-69: TestOptionsSentAreWellFormed
//   - SHLD-1: stack.TestInitialSequenceNumbers
//   - SHLD-2: TestResetWithData
//   - SHLD-3: TestDiscard
//   - SHLD-4: stack.TestTimeWaitIsReused
//   - SHLD-5: TestMSS
//   - SHLD-6: not applicable: a link.Device has one MTU
//   - SHLD-7: TestNagle
//   - SHLD-8: TestCongestionControlIsThere
//   - SHLD-9: TestReports; in part: it has to ask, see MUST-32
//   - SHLD-10: not applicable: Info counts them, R1 is whoever asks' to choose
//   - SHLD-11: TestRetransmissionTimer
//   - SHLD-12: TestKeepAlive
//   - SHLD-13: not applicable: it is the application's; nothing here does
//   - SHLD-14: TestReceiveWindow
//   - SHLD-15: TestShrinkingWindow
//   - SHLD-16: TestShrinkingWindow
//   - SHLD-17: TestShrinkingWindow
//   - SHLD-18: TestAcknowledging
//   - SHLD-19: TestAcknowledging
//   - SHLD-20: not applicable: reports are read in Info, nobody is called
//   - SHLD-21: stack.TestFieldsOfTheApplication
//   - SHLD-22: stack.TestFieldsWithECN
//   - SHLD-23: not applicable: ours do not; it is not for the stack to keep others from it
//   - SHLD-24: not implemented: see MUST-51
//   - SHLD-25: stack.TestICMPErrorsOfAnOpenConnection; TestRetransmissionTimer
//   - SHLD-26: stack.TestHardICMPErrorsEndAnOpening; deviates: once synchronized they are soft, RFC 5927, 5.2
//   - SHLD-27: TestPush
//   - SHLD-28: TestPush
//   - SHLD-29: TestZeroWindowProbes
//   - SHLD-30: TestZeroWindowProbes
//   - SHLD-31: TestAcknowledging
//   - REC-1: TestWindowIsUnsigned
//   - MAY-1: TestDiscard
//   - MAY-2: stack.TestTimeWaitIsReused
//   - MAY-3: TestMSS
//   - MAY-4: not implemented: each packet has its own
//   - MAY-5: TestKeepAlive
//   - MAY-6: not implemented: no peer is known to need it
//   - MAY-7: TestSendWindow
//   - MAY-8: TestClosedReceiveWindow
//   - MAY-9: not implemented: no application asked
//   - MAY-10: not implemented: ignored, see MUST-50
//   - MAY-11: not implemented: ignored, see MUST-50
//   - MAY-12: TestSynchronizedStates
//   - MAY-13: TestAcknowledging
//   - MAY-14: not implemented: net.Conn has no such call
//   - MAY-15: not implemented: net.Conn has no such call; see MUST-60 and MUST-61
//   - MAY-16: TestNagle
//   - MAY-17: not implemented: data is given as it comes
//   - MAY-18: TestCongestionControlIsThere
//   - 3.10.2: TestUserCalls
//   - 3.10.3: TestUserCalls
//   - 3.10.4: TestUserCalls
//   - 3.10.5: TestAbort
//   - 3.10.7.1: stack.TestSegmentsToNoConnection
//   - 3.10.7.2: stack.TestSegmentsToNoConnection
//   - 3.10.7.3: TestSynSentByScript; stack.TestHalfOpenPeerIsReset
//   - 3.10.7.4: TestSynchronizedStates; TestAcceptability
//   - 3.10.8: TestUserTimeout
package tcp
