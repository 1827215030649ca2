package tls

import (
	"encoding/binary"
	"strings"
)

// An exchange is how a suite before TLS 1.3 agrees on keys, and so what the messages of it hold.
type exchange uint8

const (
	exchangeUnknown  exchange = iota
	exchangeRSA               // RFC 5246, 7.4.7.1
	exchangeDHE               // RFC 5246, 7.4.3
	exchangeDHAnon            // the same, unsigned
	exchangeECDHE             // RFC 8422, 5.4
	exchangeECDHAnon          // the same, unsigned
	exchangePSK               // RFC 4279, 2
	exchangeDHEPSK            // RFC 4279, 3
	exchangeECDHEPSK          // RFC 5489, 2
	exchangeRSAPSK            // RFC 4279, 4
)

// exchanges are the beginnings of the suites' names.
var exchanges = []struct {
	prefix string
	exchange
}{
	{"TLS_RSA_PSK_", exchangeRSAPSK},
	{"TLS_RSA_", exchangeRSA},
	{"TLS_DHE_PSK_", exchangeDHEPSK},
	{"TLS_DHE_", exchangeDHE},
	{"TLS_DH_anon_", exchangeDHAnon},
	{"TLS_ECDHE_PSK_", exchangeECDHEPSK},
	{"TLS_ECDHE_", exchangeECDHE},
	{"TLS_ECDH_anon_", exchangeECDHAnon},
	{"TLS_ECDH_", exchangeECDHE}, // its client sends a point, too
	{"TLS_PSK_", exchangePSK},
}

func exchangeOf(suite uint64) exchange {
	name := cipherSuites[suite]
	for i := range exchanges {
		if strings.HasPrefix(name, exchanges[i].prefix) {
			return exchanges[i].exchange
		}
	}
	return exchangeUnknown
}

// rest returns what is captured of a message that ends at stop.
func (d *decoder) rest(stop int) []byte {
	if !d.More(stop) {
		return nil
	}
	return d.Frame[d.Pos():min(stop, d.Limit)]
}

func (d *decoder) serverKeyExchange(stop int) {
	x := d.exchange
	if x == exchangeUnknown {
		x = guessServer(d.rest(stop), stop-d.Pos())
	}
	switch x {
	case exchangePSK, exchangeRSAPSK, exchangeDHEPSK, exchangeECDHEPSK:
		if !d.opaque(fHintLength, fHint, stop) {
			return
		}
	}
	signed := x == exchangeDHE || x == exchangeECDHE
	switch x {
	case exchangeECDHE, exchangeECDHAnon, exchangeECDHEPSK:
		kind, ok := d.Number(&d.f[fCurveType], stop)
		if !ok || kind != 3 {
			d.Rest(&d.f[fExchange], stop)
			return
		}
		d.Number(&d.f[fNamedCurve], stop)
		d.opaque(fServerPointLength, fServerPoint, stop)
	case exchangeDHE, exchangeDHAnon, exchangeDHEPSK:
		if d.opaque(fPLength, fP, stop) && d.opaque(fGLength, fG, stop) {
			d.opaque(fYsLength, fYs, stop)
		}
	case exchangePSK, exchangeRSAPSK:
	default:
		d.Rest(&d.f[fExchange], stop)
	}
	if signed && d.More(stop) {
		if d.since12() {
			d.Number(&d.f[fSigAlg], stop)
		}
		d.opaque(fSigLength, fSig, stop)
	}
}

// guessServer recognizes the parameters of a ServerKeyExchange of n bytes, of which b are there,
// whose suite another frame named. It has to fit exactly.
func guessServer(b []byte, n int) exchange {
	fits := func(at int) bool { // a signature, with or without the algorithm before it, ends at n
		for _, skip := range []int{2, 0} {
			if k := at + skip; k+2 <= len(b) && k+2+int(binary.BigEndian.Uint16(b[k:])) == n {
				return true
			}
		}
		return false
	}
	if len(b) > 4 && b[0] == 3 && fits(4+int(b[3])) {
		return exchangeECDHE
	}
	at := 0
	for range 3 {
		if at+2 > len(b) {
			return exchangeUnknown
		}
		size := int(binary.BigEndian.Uint16(b[at:]))
		if size == 0 {
			return exchangeUnknown
		}
		at += 2 + size
	}
	if fits(at) {
		return exchangeDHE
	}
	return exchangeUnknown
}

func (d *decoder) clientKeyExchange(stop int) {
	x := d.exchange
	if b := d.rest(stop); x == exchangeUnknown && len(b) > 0 && 1+int(b[0]) == stop-d.Pos() {
		x = exchangeECDHE // nothing else has a length of one byte
	}
	switch x {
	case exchangePSK, exchangeRSAPSK, exchangeDHEPSK, exchangeECDHEPSK:
		if !d.opaque(fIdentityLength, fIdentity, stop) {
			return
		}
	}
	switch x {
	case exchangeECDHE, exchangeECDHAnon, exchangeECDHEPSK:
		d.opaque(fClientPointLength, fClientPoint, stop)
	case exchangeDHE, exchangeDHAnon, exchangeDHEPSK:
		d.opaque(fYcLength, fYc, stop)
	case exchangeRSA, exchangeRSAPSK:
		// SSL 3.0 has no length before it: RFC 6101, 5.6.7.1.
		if d.record == 0x0300 {
			d.Rest(&d.f[fEPMS], stop)
			return
		}
		d.opaque(fEPMSLength, fEPMS, stop)
	case exchangePSK:
	default:
		d.Rest(&d.f[fExchange], stop)
	}
}
