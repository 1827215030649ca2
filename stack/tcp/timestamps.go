package tcp

import (
	"time"

	"httptap/stack/seq"
)

// stamps is the timestamps option of one connection. RFC 7323, 3 to 5
type stamps struct {
	on       bool
	offset   uint32        // RFC 7323, 7.1: one that nobody can guess tells nothing of the host's uptime
	recent   uint32        // TS.Recent
	recentAt time.Duration // when it was taken
	lastAck  seq.Value     // Last.ACK.sent
}

// recentLife is how long TS.Recent counts. RFC 7323, 5.5: it is invalid "when a connection is idle
// for more than 24 days".
const recentLife = 24 * 24 * time.Hour

// now returns the timestamp clock: milliseconds. RFC 7323, 5.4: "we choose a timestamp
// clock frequency in the range 1 ms to 1 sec per tick".
func (s *stamps) now(now time.Duration) uint32 { return s.offset + uint32(now/time.Millisecond) }

// older tells whether a segment echoes a time before at: it answers something sent before.
func (s *stamps) older(o *options, at time.Duration) bool {
	return s.on && o.stamped && o.tsecr != 0 && int32(o.tsecr-s.now(at)) < 0
}

// elapsed returns the time since the clock stood at tsecr, 0 when that can't be. The clock's
// tick is added for one that has not passed whole.
func (s *stamps) elapsed(now time.Duration, tsecr uint32) time.Duration {
	ticks := int32(s.now(now) - tsecr)
	if ticks < 0 || time.Duration(ticks)*time.Millisecond > now {
		return 0
	}
	return time.Duration(max(ticks, 1)) * time.Millisecond
}

// begin takes the time of the peer's SYN, whose number is irs. Nothing is acknowledged yet: what
// comes before our first ACK does not set the time that it echoes.
func (s *stamps) begin(now time.Duration, o *options, irs seq.Value) {
	s.on, s.recent, s.recentAt, s.lastAck = o.stamped, o.tsval, now, irs
}

// acceptable is PAWS. RFC 7323, 5.3, R1: "If there is a Timestamps option in the arriving segment,
// SEG.TSval < TS.Recent, TS.Recent is valid ..., and if the RST bit is not set, then treat the
// arriving segment as not acceptable".
func (s *stamps) acceptable(now time.Duration, o *options) bool {
	return int32(o.tsval-s.recent) >= 0 || now-s.recentAt > recentLife
}

// take keeps the time of an acceptable segment for the next answer. RFC 7323, 4.3: "If: SEG.TSval
// >= TS.Recent and SEG.SEQ <= Last.ACK.sent then SEG.TSval is copied to TS.Recent; otherwise, it
// is ignored."
func (s *stamps) take(now time.Duration, o *options, at seq.Value) {
	if at.LessEq(s.lastAck) && (int32(o.tsval-s.recent) >= 0 || now-s.recentAt > recentLife) {
		s.recent, s.recentAt = o.tsval, now
	}
}
