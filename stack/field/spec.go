package field

// A Kind says what the bits of a field mean and so how they print. It is always written
// down; nothing guesses a meaning from a width or a name.
type Kind uint8

// The kinds. The comment gives the width and the look.
const (
	Layer    Kind = iota // a protocol's root; groups its fields
	Group                // groups fields, has no value of its own
	Uint                 // 1..64 bits, decimal, times Spec.Scale
	Int                  // 1..64 bits, two's complement, decimal
	Hex                  // 1..64 bits, 0x and zero-padded to the width
	Flag                 // 1 bit: Set, Not set
	MAC                  // 48 bits: 02:00:5e:10:00:01
	IPv4                 // 32 bits: 192.0.2.1
	IPv6                 // 128 bits: 2001:db8::1
	Bytes                // any whole number of bytes, hexadecimal
	Text                 // any whole number of bytes, shown as a quoted string with escapes
	Seconds              // 1..64 bits, a duration in seconds: 1h0m0s (3600)
	NTPTime              // 64 bits: seconds since 1900 and fraction; RFC 5905, 6
	NTPShort             // 32 bits: seconds and fraction, 16.16; RFC 5905, 6
	Custom               // printed by Spec.Format
	Reserved             // must be zero or be ignored; prints as Hex
	Padding              // fills up to a boundary; prints as Bytes
	Payload              // bytes that no layout explains; prints as Bytes, shortened
)

// A Class sorts fields for the annotated line, which prints some classes only.
type Class uint8

// The classes.
const (
	Detail    Class = iota // everything that is none of the below
	Address                // source, destination, and addresses inside a message
	Port                   // source and destination port
	Operation              // what the message is: type, code, opcode, flags that name it
	Flags                  // flag words
	Name                   // a name asked for or given: a host, a path
	Timestamp              // a time on some clock
	Length                 // a length or a count
	Sequence               // sequence, acknowledgement, identification
	Sum                    // checksums
)

// A Spec describes one field. Specs are package variables, never built while decoding:
// a span points at its Spec, and two spans are of the same field when the pointers are equal.
type Spec struct {
	Name   string // Wireshark's display-filter name: "tcp.srcport"
	Label  string // for people: "Source Port"
	Short  string // on the annotated line, of a flag: "SYN"; a layer has its Title there
	Bits   int    // width; 0 when only the bytes themselves tell; of a group, its number's that it begins with
	Kind   Kind
	Class  Class
	Scale  int    // a Uint's unit: the shown value is the wire's times Scale; 0 is 1
	Unit   string // after the value: "bytes", "ms"
	Values Values // names of single values, nil when they have none
	Sub    []Spec // parts that tile the field, in wire order, when it has any
	Ref    string // where it is defined: "RFC 9293, 3.1"

	// Format appends the value of a Custom field: bytes [off, off+n) of its layer's bytes
	// msg, which starts at the layer's first byte (for DNS names, that point back).
	Format func(dst, msg []byte, off, n int) []byte
}

// Pointers returns where the specs of a table are: a span points at one of them.
func Pointers(table []Spec) []*Spec {
	p := make([]*Spec, len(table))
	for i := range table {
		p[i] = &table[i]
	}
	return p
}

// Values names single values of a field.
type Values map[uint64]string

// A Severity says how bad a Fault is, in Wireshark's words.
type Severity uint8

// The severities.
const (
	Note  Severity = iota + 1 // unusual but in order
	Warn                      // a conforming sender would not send it
	Error                     // malformed: what follows can't be trusted
)

// String returns the severity's name.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warn:
		return "warning"
	case Error:
		return "error"
	}
	return "none"
}

// A Fault says what is wrong with a field. Faults are package variables like Specs.
type Fault struct {
	Name     string // "ip.checksum.bad": filterable
	Label    string // for people, a cause: "header checksum is wrong"
	Severity Severity
	WithWant bool // the span's Want holds the right value
}

// The faults that any layer can have.
var (
	Truncated = &Fault{Name: "malformed.truncated", Label: "the message ends inside this field", Severity: Error}
	Snapped   = &Fault{Name: "frame.snapped", Label: "the capture kept only the start of this frame", Severity: Note}
	Overrun   = &Fault{Name: "malformed.length", Label: "this length reaches past the end of the data", Severity: Error}
	TooShort  = &Fault{Name: "malformed.short", Label: "this length is under the least that is possible", Severity: Error}
	BadSum    = &Fault{Name: "checksum.bad", Label: "the checksum is wrong", Severity: Error, WithWant: true}
	TooMany   = &Fault{Name: "malformed.fields", Label: "too many fields; the rest of this layer is not taken apart", Severity: Warn}
	TooDeep   = &Fault{Name: "malformed.depth", Label: "nested too deep; decoding stops here", Severity: Error}
)

// Specs that any layer can use.
var (
	// Undecoded marks bytes inside a layer that it does not understand.
	Undecoded = Spec{Name: "undecoded", Label: "Undecoded", Kind: Payload}
	// Data marks a payload for which no layout is known.
	Data = Spec{Name: "data", Label: "Data", Kind: Payload}
)
