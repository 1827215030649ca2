package field

// A Table is a number space that names the next protocol: the EtherTypes, the IP protocol
// numbers, the ports. The decoder's registry maps a table and a key to a Layout, so that
// no room has to know another.
type Table uint8

// The tables.
const (
	None      Table = iota
	EtherType       // IEEE 802 EtherType
	IPProto         // IP protocol number, IANA
	UDPPort         // UDP port
	TCPPort         // TCP port
	LLC             // IEEE 802.2 destination SAP
	Quote           // the packet that an ICMP error quotes: 4 or 6
	SNAP            // protocol of an organization whose code is 00xxxx: xxxx and the 16 bits of the protocol
	PPP             // PPP DLL protocol number
	numTables
)

var tableNames = [numTables]string{"", "ethertype", "ip.proto", "udp.port", "tcp.port", "llc.dsap", "icmp.quote", "llc.pid", "ppp.protocol"}

// String returns the table's name as Wireshark's "Decode As" has it.
func (t Table) String() string {
	if t < numTables {
		return tableNames[t]
	}
	return "unknown table"
}

// Next names a payload's layout: Table with Key, else with Alt. With Again what follows is another
// message of the same layout, beside this one and not inside it.
type Next struct {
	Table    Table
	Key, Alt uint32
	Again    bool
}
