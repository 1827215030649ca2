// Package api is the HTTP contract of httptap: paths, JSON types and stream framing, no
// behaviour. The server and every client build on it.
//
// Version 0 is three calls that any language can make with its standard library:
//
//	GET  /info   Info as JSON
//	POST /send   a JSON string: one frame in base64; answers a status only
//	GET  /recv   a JSON string: the oldest unread frame in base64, "" at once when there is none
//
// A client may name itself with ?client=NAME or the header Httptap-Client and then has its
// own queue, its own hardware address and its own counters. Without a name it is the client
// "default", which receives every frame that it did not send itself.
package api

// Paths of the calls.
const (
	PathInfo  = "/info"
	PathSend  = "/send"
	PathRecv  = "/recv"
	PathStats = "/stats"
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

// MaxClientName is the length in bytes of the longest client name.
const MaxClientName = 64

// Query parameters of /recv: how many frames at most, how long to wait for the first one.
// With either of them the answer is a JSON array of strings.
const (
	MaxParam  = "max"
	WaitParam = "wait"
)

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
	FeatureBatch = "batch" // arrays on /send and /recv?max=&wait=
)

// Error is the JSON body of every answer that is not a success.
type Error struct {
	Error string `json:"error"`
}
