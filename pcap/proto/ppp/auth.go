package ppp

import "httptap/stack/field"

// PAPLayout is the field table of the Password Authentication Protocol.
var PAPLayout = field.Layout{
	Spec:  field.Spec{Name: "pap", Label: "PPP Password Authentication Protocol", Kind: field.Layer, Ref: "RFC 1334, 2"},
	Title: "PAP",
	Head:  papHead[:],
	Tail:  pap,
	More: func() []*field.Spec {
		return []*field.Spec{&papData, &peerLen, &peer, &passwordLen, &password, &answerLen, &answer}
	},
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

// CHAPLayout is the field table of the Challenge Handshake Authentication Protocol.
var CHAPLayout = field.Layout{
	Spec:  field.Spec{Name: "chap", Label: "PPP Challenge Handshake Authentication Protocol", Kind: field.Layer, Ref: "RFC 1994, 4"},
	Title: "CHAP",
	Head:  chapHead[:],
	Tail:  chap,
	More: func() []*field.Spec {
		return []*field.Spec{&chapData, &challengeLen, &challenge, &chapName, &chapMessage}
	},
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

func authHead(name string, codes field.Values, ref string) [3]field.Spec {
	return [3]field.Spec{
		{Name: name + ".code", Label: "Code", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: codes, Ref: ref},
		{Name: name + ".identifier", Label: "Identifier", Bits: 8, Kind: field.Uint, Class: field.Sequence, Ref: ref},
		{Name: name + ".length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: ref},
	}
}

var (
	papHead  = authHead("pap", field.Values{1: "Authenticate-Request", 2: "Authenticate-Ack", 3: "Authenticate-Nak"}, "RFC 1334, 2.2")
	chapHead = authHead("chap", field.Values{1: "Challenge", 2: "Response", 3: "Success", 4: "Failure"}, "RFC 1994, 4")

	papData     = field.Spec{Name: "pap.data", Label: "Data", Kind: field.Group, Ref: "RFC 1334, 2.2"}
	peerLen     = field.Spec{Name: "pap.peer_id.length", Label: "Peer-ID-Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1334, 2.2.1"}
	peer        = field.Spec{Name: "pap.peer_id", Label: "Peer-ID", Kind: field.Text, Class: field.Name, Ref: "RFC 1334, 2.2.1"}
	passwordLen = field.Spec{Name: "pap.password.length", Label: "Password-Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1334, 2.2.1"}
	password    = field.Spec{Name: "pap.password", Label: "Password", Kind: field.Text, Ref: "RFC 1334, 2.2.1"}
	answerLen   = field.Spec{Name: "pap.message.length", Label: "Message-Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1334, 2.2.2"}
	answer      = field.Spec{Name: "pap.message", Label: "Message", Kind: field.Text, Ref: "RFC 1334, 2.2.2"}

	chapData     = field.Spec{Name: "chap.data", Label: "Data", Kind: field.Group, Ref: "RFC 1994, 4"}
	challengeLen = field.Spec{Name: "chap.value_size", Label: "Value Size", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1994, 4.1"}
	challenge    = field.Spec{Name: "chap.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 1994, 4.1"}
	chapName     = field.Spec{Name: "chap.name", Label: "Name", Kind: field.Text, Class: field.Name, Ref: "RFC 1994, 4.1"}
	chapMessage  = field.Spec{Name: "chap.message", Label: "Message", Kind: field.Text, Ref: "RFC 1994, 4.2"}
)

// counted adds a length of one byte and as many bytes as it says. It tells whether they were there.
func counted(c *field.Context, length, value *field.Spec, stop int) bool {
	if c.Pos() >= stop {
		return false
	}
	l := c.Add(length, 8)
	if c.Cut() {
		return false
	}
	n := int(c.Frame[c.Pos()-1])
	if n > stop-c.Pos() {
		c.Fault(l, field.Overrun, 0)
		return false
	}
	if n > 0 {
		c.AddBytes(value, n)
	}
	return true
}

func pap(c *field.Context) {
	stop := stopOf(c, len(c.Spans)-1)
	if c.Pos() >= stop {
		return
	}
	group := c.Open(&papData)
	switch c.Frame[c.Start] {
	case 1:
		_ = counted(c, &peerLen, &peer, stop) && counted(c, &passwordLen, &password, stop)
	case 2, 3:
		counted(c, &answerLen, &answer, stop)
	}
	rest(c, &field.Undecoded, stop)
	c.Close(group)
}

func chap(c *field.Context) {
	stop := stopOf(c, len(c.Spans)-1)
	switch code := c.Frame[c.Start]; {
	case c.Pos() >= stop:
	case code == 1 || code == 2:
		group := c.Open(&chapData)
		if counted(c, &challengeLen, &challenge, stop) {
			rest(c, &chapName, stop)
		}
		rest(c, &field.Undecoded, stop)
		c.Close(group)
	case code == 3 || code == 4:
		rest(c, &chapMessage, stop)
	default:
		rest(c, &field.Undecoded, stop)
	}
}
