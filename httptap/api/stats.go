package api

import "time"

// PathMetrics answers what PathStats does as metrics of Prometheus.
const PathMetrics = "/metrics"

// Stats is the answer of GET /stats. Counters begin at 0 when httptap starts and grow, but see PortStats.Returned. No frame
// disappears uncounted, with the names of PortStats:
//
//	what came from behind a port      FramesIn + RefusedShort + RefusedLong + RefusedSource
//	copies for what is behind it      QueuedTotal = FramesOut + DroppedFull + DroppedLong + DroppedGone + Queued
//
// and for each way that is impaired (Up is FramesIn, Down what would have been queued):
//
//	Frames = Passed + Lost + TooLong + QueueFull + Abandoned + InFlight
//
// New fields may be added; those that are here stay.
type Stats struct {
	Ports    []PortStats `json:"ports"`    // by name
	Gone     PortStats   `json:"gone"`     // the sum of ports that were detached, without name and kind
	Stations int         `json:"stations"` // hardware addresses that the switch knows

	Clients  int    `json:"clients"`  // that have called lately
	Requests uint64 `json:"requests"` // HTTP requests
	Refused  uint64 `json:"refused"`  // of them, by Host, Origin or token
	Limited  uint64 `json:"limited"`  // of them, by their rate
	Crowded  uint64 `json:"crowded"`  // connections that were one too many
	Failed   uint64 `json:"failed"`   // of the requests, answered with an error, refused and limited ones among them

	Streams       StreamStats  `json:"streams"`
	Captures      CaptureStats `json:"captures"`
	DeviceDropped uint64       `json:"deviceDropped"` // frames lost in the device: too long, or too many for the kernel
	Lab           *LabStats    `json:"lab,omitempty"` // nil: there is no lab

	Gateway *GatewayStats `json:"gateway,omitempty"` // nil: there is no gateway
}

// PortStats are the counters of a port of the switch: "in" is what came from behind it into the switch,
// "out" what went out of the switch to what is behind it.
type PortStats struct {
	Name string `json:"name,omitempty"` // "tap0", "lab", "client NAME"
	Kind string `json:"kind,omitempty"` // "device", "lab", "client"

	FramesIn      uint64 `json:"framesIn"`
	BytesIn       uint64 `json:"bytesIn"`
	RefusedShort  uint64 `json:"refusedShort"`  // shorter than an Ethernet header
	RefusedLong   uint64 `json:"refusedLong"`   // longer than the MTU and the header
	RefusedSource uint64 `json:"refusedSource"` // from a group's address
	Nobody        uint64 `json:"nobody"`        // in, but no other port was there, or the station is at this one
	Spoilt        uint64 `json:"spoilt"`        // in, but the impairment made the source a group

	Up   *ImpairStats `json:"up,omitempty"`   // what an impairment did to frames from behind the port; nil: none did
	Down *ImpairStats `json:"down,omitempty"` // to frames for what is behind it

	QueuedTotal uint64 `json:"queuedTotal"` // copies put into the queue: the sum of the five below
	FramesOut   uint64 `json:"framesOut"`
	DroppedFull uint64 `json:"droppedFull"` // the oldest, when the queue was full
	DroppedLong uint64 `json:"droppedLong"` // longer than the reader's buffer
	DroppedGone uint64 `json:"droppedGone"` // still queued when the port was detached, or its reader vanished
	Queued      int    `json:"queued"`      // now

	BytesOut    uint64 `json:"bytesOut"`
	WriteErrors uint64 `json:"writeErrors"` // of FramesOut, those that the device refused

	// Frames that were read and put back, because their reader vanished. FramesOut and BytesOut go back by
	// them; the sums only grow.
	Returned      uint64 `json:"returned"`
	ReturnedBytes uint64 `json:"returnedBytes"`
}

// ImpairStats say what an impairment did.
type ImpairStats struct {
	Frames   uint64 `json:"frames"`
	Passed   uint64 `json:"passed"`   // came out; copies of a frame do not count
	InFlight uint64 `json:"inFlight"` // on their way now

	Lost      uint64 `json:"lost"`      // dropped as was asked for
	TooLong   uint64 `json:"tooLong"`   // dropped: over the impairment's MTU
	QueueFull uint64 `json:"queueFull"` // dropped: no room before the wire, or on it
	Abandoned uint64 `json:"abandoned"` // dropped: in flight when the port was detached

	Duplicated uint64 `json:"duplicated"` // second copies that came out
	Reordered  uint64 `json:"reordered"`
	Corrupted  uint64 `json:"corrupted"`
	Truncated  uint64 `json:"truncated"`
}

// StreamStats count streams: Opened is Open and the sum of Ended.
type StreamStats struct {
	Open   int    `json:"open"`
	Opened uint64 `json:"opened"`
	// Ended has every reason: "closed" by the client, "cut" within a frame, "short" or "long" for a length
	// that no frame has, "stalled", "broken" connections, "shutdown" of httptap.
	Ended map[string]uint64 `json:"ended"`
	Last  string            `json:"last"` // the last end that was not the client's wish, in words
}

// CaptureStats count captures: Opened is Open and the sum of Ended.
type CaptureStats struct {
	Open   int               `json:"open"`
	Opened uint64            `json:"opened"`
	Ended  map[string]uint64 `json:"ended"`  // by reason
	Frames uint64            `json:"frames"` // that were sent, of those that have ended
	Ring   RingStats         `json:"ring"`
}

// RingStats are of the frames that are kept for captures that begin in the past.
type RingStats struct {
	Size     int       `json:"size"`            // in bytes; 0: none are kept
	Bytes    int       `json:"bytes"`           // in use
	Records  int       `json:"records"`         // frames that are there
	Oldest   time.Time `json:"oldest,omitzero"` // when the oldest of them came
	Recorded uint64    `json:"recorded"`        // ever
	TooLong  uint64    `json:"tooLong"`         // not recorded: longer than the ring
	Readers  int       `json:"readers"`         // now
	Lost     uint64    `json:"lost"`            // to readers, because they were too slow
}

// LabStats are the counters of the built-in servers.
type LabStats struct {
	Leases  int               `json:"leases"`  // of its DHCP server, in force now
	Dropped map[string]uint64 `json:"dropped"` // frames and packets that its host refused, by reason, "udp_port"
}

// GatewayStats count what became of the flows of -i user to the real network. Each that a client began is in one of TCP, UDP and Echo,
// or was refused for one of the reasons.
type GatewayStats struct {
	Open int    `json:"open"` // flows that there are
	TCP  uint64 `json:"tcp"`  // connections that were made
	UDP  uint64 `json:"udp"`  // flows of datagrams
	Echo uint64 `json:"echo"` // flows of pings

	// Flows that were refused.
	Denied      uint64 `json:"denied"`      // no flow may go there: loopback, and what only this machine may reach
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
