package pcapng

// LinkEthernet is the link type of Ethernet frames without FCS.
const LinkEthernet = 1

// Options of a section header. Section 4.1
const (
	shbHardware = 2
	shbOS       = 3
	shbUserAppl = 4
)

// A Section says who has written what follows. Empty fields are left out.
type Section struct {
	Hardware, OS, Application, Comment string
}

// AppendSection appends a Section Header Block. A file begins with one; interfaces are counted from it.
func AppendSection(dst []byte, s *Section) []byte {
	start := len(dst)
	dst = begin(dst, TypeSection)
	dst = le.AppendUint32(dst, byteOrderMagic)
	dst = le.AppendUint16(dst, 1) // version 1.0
	dst = le.AppendUint16(dst, 0)
	dst = le.AppendUint64(dst, ^uint64(0)) // -1: "the size of the section is not specified"
	options := len(dst)
	dst = appendText(dst, optComment, s.Comment)
	dst = appendText(dst, shbHardware, s.Hardware)
	dst = appendText(dst, shbOS, s.OS)
	dst = appendText(dst, shbUserAppl, s.Application)
	dst = endOptions(dst, options)
	return end(dst, start)
}

// Options of an interface description. Section 4.2
const (
	ifName        = 2
	ifDescription = 3
	ifMACAddr     = 6
	ifSpeed       = 8
	ifTsResol     = 9
	ifOS          = 12
	ifTsOffset    = 14
	ifHardware    = 15
)

// An Interface is where packets were captured. Empty fields are left out. The format has no field for an
// MTU, and its field for a filter is for libpcap's language only.
type Interface struct {
	LinkType    uint16
	SnapLen     uint32 // bytes of a packet at most; 0: no limit
	Name        string
	Description string
	Comment     string
	OS          string
	Hardware    string
	MAC         [6]byte
	Speed       uint64 // bits a second; 0: not known
}

// AppendInterface appends an Interface Description Block. The first behind a section header is number
// 0, the next one 1. It may stand behind packets of others.
func AppendInterface(dst []byte, i *Interface) []byte {
	start := len(dst)
	dst = begin(dst, TypeInterface)
	dst = le.AppendUint16(le.AppendUint16(dst, i.LinkType), 0)
	dst = le.AppendUint32(dst, i.SnapLen)
	options := len(dst)
	dst = appendText(dst, optComment, i.Comment)
	dst = appendText(dst, ifName, i.Name)
	dst = appendText(dst, ifDescription, i.Description)
	if i.MAC != [6]byte{} {
		dst = le.AppendUint16(le.AppendUint16(dst, ifMACAddr), 6)
		dst = append(append(dst, i.MAC[:]...), 0, 0)
	}
	if i.Speed > 0 {
		dst = appendUint64(dst, ifSpeed, i.Speed)
	}
	// Nanoseconds: 9 is the negative power of 10.
	dst = append(le.AppendUint16(le.AppendUint16(dst, ifTsResol), 1), 9, 0, 0, 0)
	dst = appendText(dst, ifOS, i.OS)
	dst = appendText(dst, ifHardware, i.Hardware)
	dst = endOptions(dst, options)
	return end(dst, start)
}
