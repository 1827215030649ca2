package fact

import "httptap/stack/field"

// A Message is what was put together: a datagram from its fragments, a message from segments. One
// that lies whole in its frame, where the decoder finds it, is none.
type Message struct {
	Of     *Reassembly   // &IPv4, &IPv6 or &TCP
	Layout *field.Layout // of what Data begins with; nil when nobody knows one
	Data   []byte
	Wire   int          // its length; more than len(Data) when it was cut at a gap or a limit
	Spans  []field.Span // over Data, which they tile
	Parts  []Part       // whose bytes these are, in the order of Data
	Stream uint64       // of TCP
}

// A Part is bytes of a message and where they came from.
type Part struct {
	From, Len int    // in Message.Data
	Frame     uint64 // the frame that brought them first
	At        int    // the byte of that frame where they lie
}
