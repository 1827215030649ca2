package ntp

import "time"

// A ServerConfig says what a server tells of its clock.
type ServerConfig struct {
	Leap           int
	Stratum        int // 0 makes every reply a kiss-o'-death with RefID as its code
	Precision      int8
	RefID          RefID
	RootDelay      time.Duration
	RootDispersion time.Duration
	Reference      time.Time // when the clock was last set; zero is unknown
}

// AppendReply appends the reply to a client's request to dst: the request arrived at received
// and the reply leaves at now, both on the server's clock. The request's extension fields and
// its authenticator are ignored: this server knows no keys. It fails with ErrMode for what is no client's request, or as Parse does; there is
// nothing to reply to then.
func AppendReply(dst, request []byte, cfg ServerConfig, received, now time.Time) ([]byte, error) {
	m, err := Parse(request)
	if err != nil {
		return dst, err
	}
	if m.Mode() != ModeClient {
		return dst, ErrMode
	}
	h := Header{
		Leap: cfg.Leap, Mode: ModeServer, Stratum: cfg.Stratum, Precision: cfg.Precision, RefID: cfg.RefID,
		RootDelay: ShortOf(cfg.RootDelay), RootDispersion: ShortOf(cfg.RootDispersion),
		// RFC 5905, 9.2: version, poll and the transmit timestamp come from the
		// request, the last one as the origin.
		Version: m.Version(), Poll: m.Poll(), Origin: m.Transmit(),
		Receive: FromTime(received), Transmit: FromTime(now),
	}
	if !cfg.Reference.IsZero() {
		h.Reference = FromTime(cfg.Reference)
	}
	return h.Append(dst), nil
}
