package dhcpv4

import "strconv"

// A Type is what a message is. RFC 2132, 9.6
type Type byte

// The message types.
const (
	Discover Type = 1
	Offer    Type = 2
	Request  Type = 3
	Decline  Type = 4
	ACK      Type = 5
	NAK      Type = 6
	Release  Type = 7
	Inform   Type = 8
)

// String returns the type's name as RFC 2131 writes it.
func (t Type) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return "type " + strconv.Itoa(int(t))
}

var typeNames = [...]string{
	Discover: "DHCPDISCOVER", Offer: "DHCPOFFER", Request: "DHCPREQUEST", Decline: "DHCPDECLINE",
	ACK: "DHCPACK", NAK: "DHCPNAK", Release: "DHCPRELEASE", Inform: "DHCPINFORM",
}

// Codes of the options that client and server speak. RFC 2132; 121: RFC 3442; 82: RFC 3046
const (
	OptPad        = 0
	OptMask       = 1
	OptRouter     = 3
	OptDNS        = 6
	OptHostname   = 12
	OptDomain     = 15
	OptMTU        = 26
	OptBroadcast  = 28
	OptNTP        = 42
	OptRequested  = 50
	OptLeaseTime  = 51
	OptOverload   = 52
	OptType       = 53
	OptServer     = 54
	OptParameters = 55
	OptText       = 56
	OptMaxMessage = 57
	OptRenewal    = 58
	OptRebinding  = 59
	OptClientID   = 61
	OptRelayAgent = 82
	OptRoutes     = 121
	OptEnd        = 255
)

// Infinite is the lease time of a lease that does not end. RFC 2131, 3.3
const Infinite = 0xffffffff
