package tls

import (
	"encoding/binary"
	"strings"

	"httptap/stack/field"
)

// DatagramLayout is the field table of DTLS.
var DatagramLayout = field.Layout{
	Spec:  field.Spec{Name: "dtls", Label: "Datagram Transport Layer Security", Kind: field.Layer, Ref: "RFC 6347, 4.1"},
	Title: "DTLS [RFC6347]",
	Tail:  datagramTail,
	More:  func() []*field.Spec { return named(&datagram, "dtls.") },
	Guess: IsDatagram,
}

// datagram has the fields of DTLS: those of TLS under its own name.
var datagram = func() (t table) {
	for i, s := range stream {
		t[i] = rename(s)
	}
	return t
}()

func rename(s field.Spec) field.Spec {
	if strings.HasPrefix(s.Name, "tls.") {
		s.Name = "d" + s.Name
	}
	if s.Sub != nil {
		sub := make([]field.Spec, len(s.Sub))
		for i := range s.Sub {
			sub[i] = rename(s.Sub[i])
		}
		s.Sub = sub
	}
	return s
}

// named returns the fields whose names begin with prefix.
func named(t *table, prefix string) []*field.Spec {
	var list []*field.Spec
	for i := range t {
		if strings.HasPrefix(t[i].Name, prefix) {
			list = append(list, &t[i])
		}
	}
	return list
}

func datagramTail(c *field.Context) {
	d := decoder{f: &datagram, datagram: true}
	var end int
	d.Reader, end = field.NewReader(c)
	for d.More(c.Limit) {
		if !isDatagramRecord(c.Rest()) && !fitsRecord(c.Rest()) {
			c.Fault(c.AddBytes(&d.f[fContinuation], len(c.Rest())), &faultUnknown, 0)
			return
		}
		d.datagramRecord(end)
	}
}

// isDatagramRecord tells whether b begins as a record, as far as it goes. RFC 6347, 4.1; version
// 0x0100 is that of OpenSSL before 0.9.8f.
func isDatagramRecord(b []byte) bool {
	return b[0] >= typeCCS && b[0] <= typeCID && (len(b) < 3 ||
		b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd || b[2] == 0xfc) || b[1] == 1 && b[2] == 0)
}

// fitsRecord tells whether b begins as a record of an unknown version that fits into b.
func fitsRecord(b []byte) bool {
	return len(b) >= datagramHeader && b[0] >= typeCCS && b[0] < typeCID &&
		datagramHeader+int(binary.BigEndian.Uint16(b[11:])) <= len(b)
}

// datagramHeader is how many bytes a record without connection ID has before its content.
const datagramHeader = 13

// IsDatagram tells whether b is DTLS: records that fill it exactly. RFC 6347, 4.1.1: "Each DTLS
// record MUST fit within a single datagram."
func IsDatagram(b []byte) bool {
	for n := 0; ; n++ {
		if len(b) < datagramHeader || !isDatagramRecord(b) || b[0] == typeCID {
			return false
		}
		size := datagramHeader + int(binary.BigEndian.Uint16(b[11:]))
		if size > len(b) {
			return false
		}
		if b = b[size:]; len(b) == 0 {
			return true
		}
	}
}

func (d *decoder) datagramRecord(end int) {
	group := d.Open(&d.f[fRecord])
	start, typ := d.Pos(), d.Frame[d.Pos()]
	d.Add(&d.f[fContentType], 8)
	at := len(d.Spans)
	v, ok := d.Number(&d.f[fRecordVersion], end)
	if d.record = uint16(v); ok && versions[v] == "" {
		d.Fault(at, &faultVersion, 0)
	}
	epoch, _ := d.Number(&d.f[fEpoch], end)
	d.Number(&d.f[fSequence], end)
	if typ == typeCID {
		n, ok := idLength(d.Frame[min(start+11, d.Limit):d.Limit])
		if d.Cost += n; ok {
			d.Bytes(&d.f[fRecordCID], n, end)
		} else {
			d.Rest(&d.f[fUnknownRecord], end)
		}
	}
	if i, ok := d.Field(&d.f[fRecordLength], 16, end); ok {
		n := d.Spans[i].Uint(d.Frame)
		stop := d.Region(i, n, end)
		if n > maxRecord || n == 0 && typ != typeAppData {
			d.Fault(i, &faultRecord, 0)
		}
		// Epoch 0 is before any ChangeCipherSpec: RFC 6347, 4.1.
		d.sealed = epoch > 0
		d.content(typ, stop-d.Pos(), stop)
	}
	d.Close(group)
}

// idLength returns how long the connection ID is that b begins with, or how many lengths it can't
// have. Only the peers know, but the length behind it has to measure what follows. RFC 9146, 4
func idLength(b []byte) (int, bool) {
	n := 0
	for ; n <= 255 && n+2 <= len(b); n++ {
		if n+2+int(binary.BigEndian.Uint16(b[n:])) == len(b) {
			return n, true
		}
	}
	return n, false
}
