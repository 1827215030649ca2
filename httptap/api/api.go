// Package api is the HTTP contract of httptap: paths, JSON types and stream framing, no
// behaviour. The server and every client build on it.
//
// Version 0 is three calls that any language can make with its standard library:
//
//	GET  /info   Info as JSON
//	POST /send   a JSON string: one frame in base64; answers a status only
//	GET  /recv   a JSON string: the oldest unread frame in base64, "" at once when there is none
//
// On top of it, each usable alone (Info.Features lists what a server offers):
//
//	POST /send    a JSON array of such strings: several frames; {"frame":"...","comment":"..."} is one with
//	              something to say of it, which captures show
//	GET  /recv?max=64&wait=5s    an array, too; waits for the first frame
//	GET  /stream  a raw byte stream of frames, both ways, for as long as the connection lasts
//	GET  /ws      a WebSocket (RFC 6455) with the same bytes in binary messages
//	GET  /capture what crosses the switch as pcapng, for as long as the client reads
//
// /stream is an upgrade of HTTP/1.1 (RFC 9110, 7.8). The client asks with
//
//	GET /stream?client=NAME HTTP/1.1
//	Host: 127.0.0.1:7070
//	Connection: Upgrade
//	Upgrade: httptap
//
// and when the answer is 101, both sides send frames from there on, each behind its length in
// 4 bytes, big-endian: the framing of QEMU's -netdev stream, of passt and of gvisor-tap-vsock.
//
//	 0                   4
//	+-------------------+------------------------------+-------------------+----
//	| length of frame 1 | frame 1 (14 to MTU+14 bytes) | length of frame 2 | ...
//	+-------------------+------------------------------+-------------------+----
//
// Frames may be cut and joined by the connection in any way, and either side may send many at
// once. Nothing is answered: a frame that the switch refuses is counted in /stats, and a length
// that no frame has ends the stream, because nothing behind it can be trusted. So does the end
// of the connection, in either direction. A client that does not read loses its oldest frames, and after
// minutes in which it takes nothing, or stops within a frame, its stream ends. When too many streams
// are open the answer is 503.
//
// On /ws the bytes of a stream travel in binary messages, several frames in each. Where a message ends
// means nothing: a client may cut its frames anywhere. A text message ends the stream. The close says
// why the server ends it: 1007 for a length that no frame has, 1008 for a client that does not go on.
//
// POST /connect is that of gvisor-tap-vsock, for its gvforwarder: frames follow the request and the
// missing answer at once, each behind its length in 2 bytes, little-endian. Without a name the client
// is "gvforwarder-1" and so on, and is forgotten with its connection.
//
// An answer that is not a success is JSON, {"error":"..."}: 400 malformed, 401 without the token that is
// demanded, 403 for a Host or an Origin that may not call, 408 a body that comes too slowly, 413 too long,
// 426 no upgrade, 429 too many requests a second, 503 too many clients, streams or connections. With the
// last two Retry-After says when to come again.
//
// PUT /impair makes the clients' link bad. Its body is text:
//
//	loss=5%,dup=1%,reorder=2%,corrupt=0.1%,truncate=0.1%   of the frames
//	delay=20ms,jitter=5ms,overtake                         overtake: less delay overtakes more
//	rate=10mbit,queue=64k,qlen=100                         bits a second; bytes and frames that wait
//	mtu=1400,seed=7                                        the same seed gives the same verdicts
//
// It is done to all clients' frames, both ways; with ?client=NAME to one's, with ?way=up or
// way=down one way. An empty body does nothing to them. DELETE /impair ends everything, with ?client=NAME
// what was said of this one. Both answer as GET does: Impairments. What was said of a client is
// forgotten with it.
//
// A client may name itself with ?client=NAME or the header Httptap-Client and then has its
// own queue, its own hardware address and its own counters. Without a name it is the client
// "default", which receives every frame that it did not send itself. Calls and streams under one
// name share its queue: each frame goes to one of them.
//
// /capture is a chunked answer without an end. It has an interface for each port, named as in /stats,
// and comments on its packets: from where to where, what an impairment did to the frame (a dropped one is
// there, too), and what its sender says of it. ?since=10s starts in the past, as far as the ring
// holds it, and so do a time (RFC 3339) and all; ?port=NAME or ?client=NAME has what one port sends and what
// is for it; ?filter=TEXT, ?snaplen=BYTES, ?count=FRAMES and ?duration=10s do what they say. A client that
// reads too slowly loses the oldest frames: the interface's statistics say how many (isb_ifdrop), and so
// does a comment on the next packet. When too many captures are open the answer is 503.
package api

// Paths of the calls.
const (
	PathInfo    = "/info"
	PathSend    = "/send"
	PathRecv    = "/recv"
	PathStream  = "/stream"
	PathWS      = "/ws"
	PathConnect = "/connect"
	PathCapture = "/capture"
	PathStats   = "/stats"
	PathImpair  = "/impair"
)

// DefaultListen is where httptap listens, DefaultURL where clients look for it.
const (
	DefaultListen = "127.0.0.1:7070"
	DefaultURL    = "http://127.0.0.1:7070"
)

// The header and the query parameter that name a client, and the name of one that does not.
const (
	ClientHeader  = "Httptap-Client"
	ClientParam   = "client"
	DefaultClient = "default"
)

// MaxComment is the length in bytes of the longest comment of a frame.
const MaxComment = 1024

// MaxClientName is the length in bytes of the longest client name.
const MaxClientName = 64

// Tokens. Where a server demands one, a request shows it in the
// header "Authorization: Bearer TOKEN" (RFC 6750). A browser, which can't, opens /?token=TOKEN once and
// keeps it in a cookie.
const (
	TokenParam  = "token"
	TokenCookie = "httptap"       // with a port other than HTTP's own: httptap-PORT
	TokenEnv    = "HTTPTAP_TOKEN" // the environment variable in which programs look for it
)

// Query parameters of /recv: how many frames at most, how long to wait for the first one.
// With either of them the answer is a JSON array of strings.
const (
	MaxParam  = "max"
	WaitParam = "wait"
)

// The query parameter of /impair that says which frames are meant, and its values; without it they are
// both.
const (
	WayParam = "way"
	WayUp    = "up"   // those that the client sends
	WayDown  = "down" // those that it receives
)

// Query parameters of /capture, beside ClientParam.
const (
	SinceParam    = "since"
	PortParam     = "port"
	FilterParam   = "filter"
	SnapLenParam  = "snaplen"
	CountParam    = "count"
	DurationParam = "duration"
)

// CaptureType is the media type of /capture's answer. IANA has one for pcap only,
// application/vnd.tcpdump.pcap; this is what desktops know pcapng by.
const CaptureType = "application/x-pcapng"

// StreamProtocol is what /stream upgrades to: the value of the header Upgrade.
const StreamProtocol = "httptap"

// StreamLengthLen is the length in bytes of the big-endian number before each frame of a stream.
const StreamLengthLen = 4

// Info is the answer of GET /info. The first four fields are version 0.
type Info struct {
	MTU          int    // largest payload of a frame in bytes
	IPPrefix     string // the device's own address, "192.168.10.1/24", or ""
	HardwareAddr string // the device's own hardware address
	DataReady    bool   // an unread frame waits for this client

	Client             string   // the client's name
	ClientHardwareAddr string   // the hardware address that this client is to use
	Device             string   // "tap0", "eth0", "user"
	Features           []string // what the server offers beyond version 0: FeatureBatch, ...
}

// Features that Info.Features lists.
const (
	FeatureBatch    = "batch"    // arrays on /send and /recv?max=&wait=
	FeatureStream   = "stream"   // /stream
	FeatureWS       = "ws"       // /ws
	FeatureImpair   = "impair"   // /impair
	FeatureCapture  = "capture"  // /capture
	FeatureComments = "comments" // objects in the arrays on /send
)

// Impairments is what /impair answers: what is done to whose frames.
type Impairments struct {
	All     Impairment            `json:"all"`
	Clients map[string]Impairment `json:"clients"` // in place of All, for these
}

// An Impairment is what is done to frames that a client sends, and to those that it receives: text such
// as "loss=5%,delay=20ms,seed=7", "" nothing.
type Impairment struct {
	Up   string `json:"up"`
	Down string `json:"down"`
}

// Error is the JSON body of every answer that is not a success.
type Error struct {
	Error string `json:"error"`
}
