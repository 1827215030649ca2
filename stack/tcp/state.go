package tcp

// State is the state of a connection. RFC 9293, 3.3.2. LISTEN is not among them: a listener has
// no TCB, it makes one for each SYN.
type State uint8

// The states.
const (
	Closed State = iota
	SynSent
	SynReceived
	Established
	FinWait1
	FinWait2
	CloseWait
	Closing
	LastAck
	TimeWait
)

var stateNames = [...]string{"CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
	"FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"}

// String returns the state's name as RFC 9293 writes it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// canSend tells whether data may be sent: the handshake is over and our FIN is not acknowledged.
func (s State) canSend() bool {
	switch s {
	case Established, CloseWait, FinWait1, Closing, LastAck:
		return true
	}
	return false
}

// canReceive tells whether the peer may still send data.
func (s State) canReceive() bool {
	return s == Established || s == FinWait1 || s == FinWait2
}
