package file

import (
	"time"

	"httptap/pcap/pcapng"
)

// A Format is how a capture file is written.
type Format uint8

// The formats.
const (
	PCAP Format = iota
	PCAPNG
)

// String returns the format's name.
func (f Format) String() string {
	if f == PCAPNG {
		return "pcapng"
	}
	return "pcap"
}

// A Kind says what a Record is.
type Kind uint8

// The kinds.
const (
	KindPacket     Kind = iota
	KindHeader          // of a pcap file
	KindSection         // of a pcapng file, as all below
	KindInterface       //
	KindNames           // addresses and their names
	KindStatistics      //
	KindSecrets         // keys to decrypt with
	KindJournal         // an entry of systemd's journal
	KindCustom          //
	KindNoCopy          // a custom block that is not to be copied by who changes the file
	KindUnknown         // of a type that is not known here
	numKinds
)

var kindNames = [numKinds]string{"packet", "file header", "section header", "interface description", "name resolution",
	"statistics", "decryption secrets", "journal entry", "custom block", "custom block", "block of unknown type"}

// String returns the kind's name.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "unknown kind"
}

// A Record is one piece of a capture file. It is the Reader's, and valid until the next one is read.
type Record struct {
	Kind      Kind
	Format    Format
	Order     pcapng.Order // of Raw
	Offset    int64        // byte of the file at which Raw begins
	Raw       []byte       // as it lies in the file
	Packet    Packet       // of KindPacket
	Section   *Section     // that the record belongs to; of a pcap file, the one that stands for the whole
	Interface *Interface   // of KindInterface the one described, of KindPacket the packet's
}

// A Packet is one that was captured.
type Packet struct {
	Number    uint64    // in the file, from 1
	Time      time.Time // zero when the file does not say: a Simple Packet
	Data      []byte    // what was captured of it
	Wire      int       // its length in bytes on the wire
	Direction pcapng.Direction
	Comments  [][]byte
}

// A Section is what pcapng calls so: a file in itself. A pcap file is one section.
type Section struct {
	pcapng.Section
	Number     int // in the file, from 0
	Interfaces []*Interface
}

// An Interface is where packets were captured. That of a pcap file has neither name nor comments.
type Interface struct {
	pcapng.Interface
	Number uint32 // in its section
	Clock  pcapng.Clock
}

// Digits returns how many decimals of a second are to be shown of the interface's times: 6, or 9 where there
// may be more than six.
func (i *Interface) Digits() int {
	if i.Clock.Digits() > 6 {
		return 9
	}
	return 6
}
