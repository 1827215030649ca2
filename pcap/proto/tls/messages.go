package tls

import (
	"encoding/binary"
	"time"

	"httptap/stack/field"
)

// Handshake types. RFC 8446, 4; RFC 5246, A.4; RFC 6347, 4.3.2
const (
	typeHelloRequest        = 0
	typeClientHello         = 1
	typeServerHello         = 2
	typeHelloVerifyRequest  = 3
	typeNewSessionTicket    = 4
	typeEncryptedExtensions = 8
	typeCertificate         = 11
	typeServerKeyExchange   = 12
	typeCertificateRequest  = 13
	typeCertificateVerify   = 15
	typeClientKeyExchange   = 16
	typeFinished            = 20
	typeCertificateStatus   = 22
	typeKeyUpdate           = 24
	typeCompressed          = 25
)

// body appends a message that ends at stop. What its type does not explain is undecoded.
func (d *decoder) body(typ byte, stop int) {
	known := typ != typeHelloVerifyRequest || d.datagram
	switch typ {
	case typeClientHello:
		d.clientHello(stop)
	case typeServerHello:
		d.serverHello(stop)
	case typeHelloVerifyRequest:
		if !d.datagram {
			break
		}
		d.Number(&d.f[fVersion], stop)
		d.opaque(fCookieLength, fCookie, stop)
	case typeNewSessionTicket:
		d.newSessionTicket(stop)
	case typeEncryptedExtensions:
		d.extensions(typ, stop)
	case typeCertificate:
		d.certificate(stop)
	case typeServerKeyExchange:
		d.serverKeyExchange(stop)
	case typeCertificateRequest:
		d.certificateRequest(stop)
	case typeCertificateVerify:
		if d.since12() {
			d.Number(&d.f[fSigAlg], stop)
		}
		d.opaque(fVerifyLength, fVerify, stop)
	case typeClientKeyExchange:
		d.clientKeyExchange(stop)
	case typeFinished:
		d.Rest(&d.f[fVerifyData], stop)
	case typeCertificateStatus:
		d.certificateStatus(stop)
	case typeKeyUpdate:
		d.Number(&d.f[fKeyUpdate], stop)
	case typeCompressed:
		d.Number(&d.f[fCompressAlgorithm], stop)
		d.Number(&d.f[fCompressSize], stop)
		d.opaque(fCompressLength, fCompressed, stop)
	default:
		known = typ == typeHelloRequest || typ == 14 || typ == 5 // those have nothing
	}
	if known {
		d.Finish(stop, &faultTrail)
	} else {
		d.Finish(stop, nil)
	}
}

// opaque appends a length and that many bytes.
func (d *decoder) opaque(length, bytes, stop int) bool {
	inner, ok := d.Length(&d.f[length], stop)
	return ok && d.Rest(&d.f[bytes], inner)
}

// list appends a group of fields of a fixed width that takes all until stop.
func (d *decoder) list(group, item, stop int) {
	if !d.More(stop) {
		return
	}
	g := d.Open(&d.f[group])
	for d.More(stop) {
		d.Field(&d.f[item], d.f[item].Bits, stop)
	}
	d.Close(g)
}

// counted appends a length and the list that it measures.
func (d *decoder) counted(length, group, item, stop int) bool {
	inner, ok := d.Length(&d.f[length], stop)
	if ok {
		d.list(group, item, inner)
	}
	return ok
}

// clientHello: RFC 8446, 4.1.2; RFC 6347, 4.2.1 adds the cookie.
func (d *decoder) clientHello(stop int) {
	d.Number(&d.f[fVersion], stop)
	d.random(typeClientHello, stop)
	if !d.opaque(fSessionIDLength, fSessionID, stop) {
		return
	}
	if d.datagram && !d.opaque(fCookieLength, fCookie, stop) {
		return
	}
	if d.counted(fSuitesLength, fSuites, fSuite, stop) && d.counted(fMethodsLength, fMethods, fMethod, stop) {
		d.someExtensions(typeClientHello, stop)
	}
}

// serverHello: RFC 8446, 4.1.3
func (d *decoder) serverHello(stop int) {
	version, _ := d.Number(&d.f[fVersion], stop)
	d.chosen = uint16(version)
	if d.offers13(typeServerHello, stop) {
		d.chosen = version13
		if d.datagram {
			d.chosen = 0xfefc
		}
	}
	d.random(typeServerHello, stop)
	if !d.opaque(fSessionIDLength, fSessionID, stop) {
		return
	}
	if v, ok := d.Number(&d.f[fSuite], stop); ok {
		d.exchange = exchangeOf(v)
	}
	d.Number(&d.f[fMethod], stop)
	d.someExtensions(typeServerHello, stop)
}

// random appends the 32 bytes that TLS 1.3 has random, and that begin with a time before that.
func (d *decoder) random(typ byte, stop int) {
	if d.is13() || typ == typeClientHello && d.offers13(typ, stop) {
		d.Bytes(&d.f[fRandomNew], 32, stop)
		return
	}
	if d.Have(stop) < 32 {
		d.Bytes(&d.f[fRandomNew], 32, stop)
		return
	}
	d.Add(&d.f[fRandom], 256)
}

// offers13 tells whether the hello whose random is at Pos names TLS 1.3 in its extension for that,
// or, as a ServerHello, chooses it. RFC 8446, 4.2.1
func (d *decoder) offers13(typ byte, stop int) bool {
	at := d.Pos()
	if typ == typeServerHello && d.Stopped() {
		return false
	}
	b := d.Frame[min(at, d.Limit):max(min(stop, d.Limit), min(at, d.Limit))]
	skip := func(n, size int) bool { // over n bytes and a vector behind a length of size bytes
		if len(b) < n+size {
			return false
		}
		l := 0
		for _, v := range b[n : n+size] {
			l = l<<8 | int(v)
		}
		if len(b) < n+size+l {
			return false
		}
		b = b[n+size+l:]
		return true
	}
	if !skip(32, 1) {
		return false
	}
	if typ == typeServerHello {
		if len(b) < 3 {
			return false
		}
		b = b[3:]
	} else if d.datagram && !skip(0, 1) || !skip(0, 2) || !skip(0, 1) {
		return false
	}
	if len(b) < 2 {
		return false
	}
	for b = b[2:]; len(b) >= 4; d.Cost++ {
		ext, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return false
		}
		if ext != 43 {
			b = b[n:]
			continue
		}
		v := b[:n]
		if typ == typeClientHello && n > 0 {
			v = b[1:n]
		}
		for ; len(v) >= 2; v = v[2:] {
			d.Cost++
			if is13(binary.BigEndian.Uint16(v)) {
				return true
			}
		}
		return false
	}
	return false
}

// is13 tells whether v is TLS 1.3, DTLS 1.3 or a draft of it.
func is13(v uint16) bool { return v == version13 || v == 0xfefc || v>>8 == 0x7f && v&0xff >= 14 }

// newSessionTicket: RFC 8446, 4.6.1; RFC 5077, 3.3
func (d *decoder) newSessionTicket(stop int) {
	d.Number(&d.f[fTicketLifetime], stop)
	if d.is13() {
		d.Number(&d.f[fTicketAgeAdd], stop)
		d.opaque(fTicketNonceLength, fTicketNonce, stop)
	}
	d.opaque(fTicketLength, fTicket, stop)
	if d.is13() {
		d.extensions(typeNewSessionTicket, stop)
	}
}

// certificate: RFC 8446, 4.4.2; RFC 5246, 7.4.2
func (d *decoder) certificate(stop int) {
	if d.is13() && !d.opaque(fContextLength, fContext, stop) {
		return
	}
	inner, ok := d.Length(&d.f[fCertificatesLength], stop)
	if !ok || !d.More(inner) {
		return
	}
	g := d.Open(&d.f[fCertificates])
	for d.More(inner) {
		d.opaque(fCertificateLength, fCertificate, inner)
		if d.is13() {
			d.extensions(typeCertificate, inner)
		}
	}
	d.Close(g)
}

// certificateRequest: RFC 8446, 4.3.2; RFC 5246, 7.4.4
func (d *decoder) certificateRequest(stop int) {
	if d.is13() {
		if d.opaque(fContextLength, fContext, stop) {
			d.extensions(typeCertificateRequest, stop)
		}
		return
	}
	if !d.counted(fCertTypesCount, fCertTypes, fCertType, stop) {
		return
	}
	if d.since12() && !d.counted(fSigAlgsLength, fSigAlgs, fSigAlg, stop) {
		return
	}
	d.names(stop)
}

// names appends the distinguished names of authorities.
func (d *decoder) names(stop int) {
	inner, ok := d.Length(&d.f[fDNamesLength], stop)
	if !ok || !d.More(inner) {
		return
	}
	g := d.Open(&d.f[fDNames])
	for d.More(inner) {
		if one, ok := d.Length(&d.f[fDNameLength], inner); ok {
			d.name(one)
		}
	}
	d.Close(g)
}

// name appends a Name: the head of its SEQUENCE, which says again how long it is, and the rest.
func (d *decoder) name(stop int) {
	b := d.Frame[min(d.Pos(), d.Limit):max(min(stop, d.Limit), min(d.Pos(), d.Limit))]
	head := 2
	if len(b) >= 2 && b[1] > 0x80 && b[1] <= 0x84 {
		head += int(b[1] & 0x7f)
	}
	if len(b) > head && b[0] == 0x30 {
		d.Bytes(&d.f[fDNameHead], head, stop)
	}
	d.Rest(&d.f[fDName], stop)
}

// certificateStatus: RFC 6066, 8
func (d *decoder) certificateStatus(stop int) {
	if v, ok := d.Number(&d.f[fStatusType], stop); ok && v == 1 {
		d.opaque(fOCSPLength, fOCSP, stop)
		return
	}
	d.Rest(&d.f[fOCSP], stop)
}

// appendSeconds prints seconds since 1970.
func appendSeconds(dst, msg []byte, off, n int) []byte {
	if n != 4 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	return time.Unix(int64(binary.BigEndian.Uint32(msg[off:])), 0).UTC().AppendFormat(dst, time.RFC3339)
}

// appendMilliseconds prints milliseconds since 1970.
func appendMilliseconds(dst, msg []byte, off, n int) []byte {
	if n != 8 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	v := binary.BigEndian.Uint64(msg[off:])
	if v > 1<<47 { // beyond the year 6400
		return field.AppendHex(dst, msg[off:off+n])
	}
	return time.UnixMilli(int64(v)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}
