package icmpv4

import (
	"strconv"

	"httptap/stack/field"
)

// Types. IANA, "ICMP Parameters"
const (
	TypeEchoReply        = 0
	TypeUnreachable      = 3
	TypeSourceQuench     = 4
	TypeRedirect         = 5
	TypeEcho             = 8
	TypeTimeExceeded     = 11
	TypeParameterProblem = 12
	TypeTimestamp        = 13
	TypeTimestampReply   = 14
)

// Codes of TypeUnreachable.
const (
	CodeNet                 = 0
	CodeHost                = 1
	CodeProtocol            = 2
	CodePort                = 3
	CodeFragmentationNeeded = 4
	CodeProhibited          = 13 // RFC 1812, 5.2.7.1: "Communication Administratively Prohibited"
)

// Codes of TypeTimeExceeded: a packet went through too many routers, a datagram stayed incomplete.
const (
	CodeTransit    = 0
	CodeReassembly = 1
)

// IsQuery tells whether a message of this type asks or answers; the others report an error, or
// nobody knows what they do.
func IsQuery(typ uint8) bool {
	switch typ {
	case TypeEchoReply, TypeEcho, TypeTimestamp, TypeTimestampReply, 9, 10, 15, 16, 17, 18, 42, 43:
		return true
	}
	return false
}

// Types names the types.
var Types = field.Values{
	0: "Echo (ping) reply", 3: "Destination unreachable", 4: "Source quench (flow control)", 5: "Redirect",
	8: "Echo (ping) request", 9: "Mobile IP Advertisement", 10: "Router solicitation", 11: "Time-to-live exceeded",
	12: "Parameter problem", 13: "Timestamp request", 14: "Timestamp reply", 15: "Information request",
	16: "Information reply", 17: "Address mask request", 18: "Address mask reply", 30: "Traceroute",
	40: "Photuris", 42: "Extended Echo request", 43: "Extended Echo reply",
}

// The codes of each type that has some.
var (
	unreachableCodes = field.Values{
		0: "Network unreachable", 1: "Host unreachable", 2: "Protocol unreachable", 3: "Port unreachable",
		4: "Fragmentation needed", 5: "Source route failed", 6: "Destination network unknown",
		7: "Destination host unknown", 8: "Source host isolated", 9: "Network administratively prohibited",
		10: "Host administratively prohibited", 11: "Network unreachable for TOS", 12: "Host unreachable for TOS",
		13: "Communication administratively filtered", 14: "Host precedence violation", 15: "Precedence cutoff in effect",
	}
	redirectCodes = field.Values{0: "Redirect for network", 1: "Redirect for host",
		2: "Redirect for TOS and network", 3: "Redirect for TOS and host"}
	exceededCodes  = field.Values{0: "Time to live exceeded in transit", 1: "Fragment reassembly time exceeded"}
	parameterCodes = field.Values{0: "Pointer indicates the error", 1: "Required option missing", 2: "Bad length"}
)

func codes(typ uint8) field.Values {
	switch typ {
	case TypeUnreachable:
		return unreachableCodes
	case TypeRedirect:
		return redirectCodes
	case TypeTimeExceeded:
		return exceededCodes
	case TypeParameterProblem:
		return parameterCodes
	}
	return nil
}

// Describe says what a type and code mean: "Destination unreachable: Port unreachable".
func Describe(typ, code uint8) string {
	name, ok := Types[uint64(typ)]
	if !ok {
		return "type " + strconv.Itoa(int(typ)) + " code " + strconv.Itoa(int(code))
	}
	if c, ok := codes(typ)[uint64(code)]; ok {
		return name + ": " + c
	}
	if code != 0 {
		return name + ": code " + strconv.Itoa(int(code))
	}
	return name
}
