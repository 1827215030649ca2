package session

import (
	"bytes"
	"errors"
	"unsafe"

	"httptap/pcap/fact"
	"httptap/stack/http1"
)

// head is what the start line of a message of HTTP tells.
type head struct {
	response   bool
	status     int
	noBody     bool // a request whose response has none, or another protocol behind it: HEAD, CONNECT
	connect    bool
	untilClose bool // only the end of the flow tells the body's
}

// maxPipelined bounds the requests of a conversation that wait for their responses.
const maxPipelined = 256

// A httpState is what is known of the requests and responses of a conversation.
type httpState struct {
	waiting             []httpRequest // the oldest first
	requests, responses uint64
	lastRequest         uint64 // its frame; 0: there was none
	lastResponse        uint64
	lastAnswer          uint64 // the response to the last request
	tunnel              bool   // what follows is another protocol
}

type httpRequest struct {
	frame uint64
	at    int64
	head  head
	prev  uint64 // the frames of the requests before and behind it; 0: there was none
	next  uint64
}

func (h *httpState) memory() int { return cap(h.waiting) * int(unsafe.Sizeof(httpRequest{})) }

var (
	httpVersion = []byte("HTTP/1.")
	connect     = []byte("CONNECT")
	headMethod  = []byte("HEAD")
)

// frameHTTP looks at the head of a message. RFC 9112, 6.3 says where its body ends.
func (f *flow) frameHTTP(st *stream, b []byte) verdict {
	if st.http.tunnel {
		return alien
	}
	var h http1.Head
	var body http1.Body
	var err error
	f.head = head{}
	n := min(len(b), len(httpVersion))
	if f.head.response = bytes.Equal(b[:n], httpVersion[:n]); f.head.response {
		if n < len(httpVersion) {
			return incomplete
		}
		if h, err = http1.ParseResponse(b, http1.Limits{}); err == nil {
			method := ""
			if len(st.http.waiting) > 0 {
				switch r := &st.http.waiting[0].head; {
				case r.connect:
					method = "CONNECT"
				case r.noBody:
					method = "HEAD"
				}
			}
			f.head.status = h.Status
			f.head.connect = method == "CONNECT" && h.Status/100 == 2
			body, err = http1.ResponseBody(&h, method)
		}
	} else {
		if !looksLikeMethod(b) {
			return alien
		}
		if h, err = http1.ParseRequest(b, http1.Limits{}); err == nil {
			f.head.noBody = bytes.Equal(h.Method, headMethod)
			f.head.connect = bytes.Equal(h.Method, connect)
			body, err = http1.RequestBody(&h)
		}
	}
	switch {
	case errors.Is(err, http1.ErrIncomplete):
		return incomplete
	case err != nil:
		return alien
	}
	if length, known := body.Length(); known || body.Done() {
		if body.Done() {
			length = 0
		}
		f.total = int64(h.Len()) + int64(min(length, 1<<40))
		return framed
	}
	f.inBody, f.body, f.pos = true, body, f.msg+int64(h.Len())
	probe := body
	f.head.untilClose = probe.Closed() == nil
	return framed
}

// looksLikeMethod tells whether b may begin with a request: a name in capitals, and a blank.
func looksLikeMethod(b []byte) bool {
	for i, c := range b[:min(len(b), 24)] {
		if c == ' ' {
			return i > 0
		}
		if (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return len(b) < 24
}

// bodyEnds looks for the end of a body that only itself tells. It returns false when that has not
// come yet.
func (s *Session) bodyEnds(sc *scope, layer int, st *stream, dir int, end int64) bool {
	f := &st.flows[dir]
	for f.pos < end && !f.body.Done() {
		_, n, err := f.body.Next(f.bytes(f.pos, end))
		f.pos += int64(n)
		if err != nil {
			if !f.partial {
				s.showPartial(sc, layer, st, dir, f.pos-f.msg+1)
			}
			f.framing.next(end, false)
			return false
		}
		if n == 0 {
			break
		}
	}
	if !f.body.Done() {
		return false
	}
	s.message(sc, layer, st, dir, f.pos)
	return true
}

// matchHTTP brings a response together with its request: RFC 9112, 9.3.2: "A server ... MUST send the
// corresponding responses in the same order that the requests were received."
func (s *Session) matchHTTP(st *stream, dir int, message int32, layer int) {
	note := func(spec *fact.Spec, n uint64) {
		s.add(fact.Fact{Spec: spec, N: n, Message: message, Layer: int32(layer)})
	}
	h, now := &st.http, st.flows[dir].head
	if !now.response {
		h.requests++
		note(&fact.HTTPRequestNumber, h.requests)
		if h.lastRequest != 0 {
			note(&fact.HTTPPrevRequest, h.lastRequest)
			s.earlier(h.lastRequest, &fact.HTTPNextRequest, s.number)
		}
		if n := len(h.waiting); n > 0 {
			h.waiting[n-1].next = s.number
		} else if h.lastAnswer != 0 {
			s.earlier(h.lastAnswer, &fact.HTTPNextRequest, s.number)
		}
		if len(h.waiting) == maxPipelined {
			s.stats.EvictedRequests++
			h.waiting = h.waiting[:copy(h.waiting, h.waiting[1:])]
		}
		h.waiting = append(h.waiting, httpRequest{frame: s.number, at: s.now, head: now, prev: h.lastRequest})
		h.lastRequest, h.lastAnswer = s.number, 0
		return
	}
	h.responses++
	note(&fact.HTTPResponseNumber, h.responses)
	if h.lastResponse != 0 {
		note(&fact.HTTPPrevResponse, h.lastResponse)
		s.earlier(h.lastResponse, &fact.HTTPNextResponse, s.number)
	}
	h.lastResponse = s.number
	h.tunnel = now.connect || now.status == 101
	if len(h.waiting) == 0 {
		return
	}
	r := h.waiting[0]
	note(&fact.HTTP.ResponseTo, r.frame)
	note(&fact.HTTP.Time, uint64(s.now-r.at))
	if r.prev != 0 {
		note(&fact.HTTPPrevRequest, r.prev)
	}
	if r.next != 0 {
		note(&fact.HTTPNextRequest, r.next)
	}
	// RFC 9110, 15.2: a response with 1xx is "interim": the final one still comes.
	if now.status >= 200 || now.status == 101 {
		s.earlier(r.frame, &fact.HTTP.ResponseIn, s.number)
		h.waiting = h.waiting[:copy(h.waiting, h.waiting[1:])]
		if len(h.waiting) == 0 {
			h.lastAnswer = s.number
		}
	}
}
