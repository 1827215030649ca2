package pcapng

// Options of a packet. Section 4.3
const epbFlags = 2

// A Direction is which way a packet went, seen from its interface. Section 4.3.1
type Direction uint32

// The directions.
const (
	Unknown  Direction = 0
	Inbound  Direction = 1
	Outbound Direction = 2
)

// A Packet is one that was captured.
type Packet struct {
	Interface uint32 // its number
	Nanos     int64  // when, in ns since 1970
	Data      []byte // what was captured of it
	Length    int    // its length in bytes on the wire; 0: Data's
	Direction Direction
	Comments  [][]byte // empty ones are left out
}

// AppendPacket appends an Enhanced Packet Block.
func AppendPacket(dst []byte, p *Packet) []byte {
	start := len(dst)
	dst = begin(dst, TypePacket)
	dst = le.AppendUint32(dst, p.Interface)
	dst = putTime(dst, p.Nanos)
	dst = le.AppendUint32(dst, uint32(len(p.Data)))
	dst = le.AppendUint32(dst, uint32(max(p.Length, len(p.Data))))
	dst = pad(append(dst, p.Data...), start)
	options := len(dst)
	for _, c := range p.Comments {
		dst = appendText(dst, optComment, c)
	}
	if p.Direction != Unknown {
		dst = le.AppendUint16(le.AppendUint16(dst, epbFlags), 4)
		dst = le.AppendUint32(dst, uint32(p.Direction))
	}
	dst = endOptions(dst, options)
	return end(dst, start)
}

// Options of statistics. Section 4.6
const (
	isbStartTime    = 2
	isbEndTime      = 3
	isbIfRecv       = 4
	isbIfDrop       = 5
	isbFilterAccept = 6
	isbUsrDeliv     = 8
)

// Statistics are the counters of an interface since the capture began.
type Statistics struct {
	Interface  uint32
	Nanos      int64 // when they were taken, in ns since 1970
	Start, End int64 // of the capture, in ns since 1970; 0: left out
	Received   uint64
	Dropped    uint64 // by the interface, because something was too slow
	Accepted   uint64 // by the filter
	Delivered  uint64
	Comment    string
}

// AppendStatistics appends an Interface Statistics Block.
func AppendStatistics(dst []byte, s *Statistics) []byte {
	start := len(dst)
	dst = begin(dst, TypeStatistics)
	dst = le.AppendUint32(dst, s.Interface)
	dst = putTime(dst, s.Nanos)
	options := len(dst)
	dst = appendText(dst, optComment, s.Comment)
	if s.Start != 0 {
		dst = appendTime(dst, isbStartTime, s.Start)
	}
	if s.End != 0 {
		dst = appendTime(dst, isbEndTime, s.End)
	}
	dst = appendUint64(dst, isbIfRecv, s.Received)
	dst = appendUint64(dst, isbIfDrop, s.Dropped)
	dst = appendUint64(dst, isbFilterAccept, s.Accepted)
	dst = appendUint64(dst, isbUsrDeliv, s.Delivered)
	dst = endOptions(dst, options)
	return end(dst, start)
}
