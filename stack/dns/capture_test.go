package dns

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

const (
	captures = "../../../shared/captures/pcapplusplus"
	oracle   = captures + "-tshark"
)

// packets returns the frames of a capture file.
func packets(t *testing.T, file string) [][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r gopacket.PacketDataSource
	if strings.HasSuffix(file, "ng") {
		r, err = pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
	} else {
		r, err = pcapgo.NewReader(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for {
		b, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
}

// message finds the DNS message in a frame.
func message(frame []byte) (at int, l *field.Layout) {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	if u, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP); ok && (u.SrcPort == Port || u.DstPort == Port) {
		return len(frame) - len(u.Payload), &Layout
	}
	if u, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && (u.SrcPort == Port || u.DstPort == Port) && len(u.Payload) > 2+HeaderLen {
		return len(frame) - len(u.Payload), &StreamLayout
	}
	return 0, nil
}

// generated are fields that Wireshark derives: no bits of their own.
var generated = map[string]bool{
	"dns.qry.name.len": true, "dns.count.labels": true, "dns.response_in": true, "dns.response_to": true, "dns.time": true,
	"dns.retransmission": true, "dns.retransmit_request": true, "dns.retransmit_response": true, "dns.retransmit_request_in": true,
	"dns.retransmit_response_in": true, "dns.unsolicited": true, "dns.extraneous.data": true, "dns.extraneous.length": true,
}

// typed are fields of data that this table leaves to bytes, and what Wireshark shows of a
// group that has no bytes of its own here.
func typed(name string) bool {
	for _, p := range []string{"dns.rrsig.", "dns.nsec3.", "dns.dnskey.", "dns.ds.", "dns.srv.service", "dns.srv.proto", "dns.srv.name"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// Every message of the public captures: gopacket reads the same questions and records, and
// each field that tshark names has a span of that name with its bytes and its value.
func TestCaptures(t *testing.T) {
	files, _ := filepath.Glob(captures + "/*")
	if len(files) == 0 {
		t.Skipf("%s is not there", captures)
	}
	messages, fields := 0, 0
	for _, file := range files {
		base := filepath.Base(file)
		if !strings.Contains(strings.ToLower(base), "dns") {
			continue
		}
		want := readOracle(t, filepath.Join(oracle, base+".pos.tsv.gz"))
		for i, frame := range packets(t, file) {
			at, l := message(frame)
			if l == nil {
				continue
			}
			messages++
			where := fmt.Sprintf("%s frame %d", base, i+1)
			c := fieldtest.Decode(t, l, frame[at:], nil)
			againstGopacket(t, where, frame[at:], l)
			spans := map[string][]field.Span{}
			for _, s := range c.Spans {
				key := fmt.Sprintf("%s %d %d", s.Spec.Name, 8*at+int(s.Bit), s.Len)
				spans[key] = append(spans[key], s)
			}
			for _, f := range want[i+1] {
				if generated[f.name] || typed(f.name) || f.name == "dns" || f.name == "dns.resp.type" && f.len == 8 { // a bit of NSEC's map
					continue
				}
				fields++
				found := spans[fmt.Sprintf("%s %d %d", f.name, f.bit, f.len)]
				if len(found) == 0 {
					t.Errorf("%s: no span for %+v", where, f)
					continue
				}
				if got := show(found[0], frame[at:]); got != f.shown && !equalNumbers(got, f.shown) {
					t.Errorf("%s: %s is %q, tshark has %q", where, f.name, got, f.shown)
				}
			}
		}
	}
	t.Logf("%d messages, %d fields agree with tshark", messages, fields)
}

// show returns a span's value as tshark shows it.
func show(s field.Span, msg []byte) string {
	switch s.Spec.Kind {
	case field.Custom, field.IPv4, field.IPv6:
		return string(s.AppendValue(nil, msg, 0))
	case field.Bytes:
		var parts []string
		for _, b := range s.Bytes(msg) {
			parts = append(parts, fmt.Sprintf("%02x", b))
		}
		return strings.Join(parts, ":")
	case field.Text:
		return string(s.Bytes(msg))
	case field.Group:
		return ""
	}
	return strconv.FormatUint(s.Uint(msg), 10)
}

// equalNumbers tells whether two texts are one number, decimal or hexadecimal.
func equalNumbers(a, b string) bool {
	v, err := strconv.ParseUint(a, 0, 64)
	w, werr := strconv.ParseUint(b, 0, 64)
	return err == nil && werr == nil && v == w
}

// oracleField is a row of tshark's positions: a field of a frame, where it is and its value.
type oracleField struct {
	name     string
	bit, len int
	shown    string
}

func readOracle(t *testing.T, file string) map[int][]oracleField {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int][]oracleField{}
	for s := bufio.NewScanner(z); s.Scan(); {
		col := strings.Split(s.Text(), "\t")
		if len(col) < 8 || !strings.HasPrefix(col[1], "dns") {
			continue
		}
		frame, _ := strconv.Atoi(col[0])
		pos, _ := strconv.Atoi(col[2])
		size, _ := strconv.Atoi(col[3])
		f := oracleField{col[1], 8 * pos, 8 * size, col[7]}
		if mask, _ := strconv.ParseUint(col[4], 16, 64); mask != 0 {
			f.bit += f.len - bits.Len64(mask)
			f.len = bits.OnesCount64(mask)
		}
		all[frame] = append(all[frame], f)
	}
	return all
}

func againstGopacket(t *testing.T, where string, b []byte, l *field.Layout) {
	t.Helper()
	if l == &StreamLayout {
		b = b[2 : 2+min(len(b)-2, int(binary.BigEndian.Uint16(b)))]
	}
	m, err := Parse(b)
	var o layers.DNS
	if oerr := o.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil || oerr != nil {
		if (err == nil) != (oerr == nil) {
			t.Logf("%s: %v, gopacket %v", where, err, oerr)
		}
		return
	}
	if m.ID() != o.ID || m.Response() != o.QR || m.Truncated() != o.TC || m.Count(Answers) != len(o.Answers) {
		t.Errorf("%s: header %+v", where, o)
	}
	theirs := append(append(append([]layers.DNSResourceRecord(nil), o.Answers...), o.Authorities...), o.Additionals...)
	i := 0
	for r := range m.Records() {
		w := theirs[i]
		i++
		if strings.Trim(r.Name.String(), ".") != string(w.Name) || r.Type != uint16(w.Type) || r.TTL != w.TTL && r.Type != TypeOPT || len(r.Data()) != int(w.DataLength) {
			t.Errorf("%s: record %s, gopacket %+v", where, r.Record(), w)
		}
		if a, ok := r.Addr(); ok && a.String() != w.IP.String() {
			t.Errorf("%s: address %v, gopacket %v", where, a, w.IP)
		}
		if n, ok := r.Target(); ok {
			if got := map[uint16]string{TypeCNAME: string(w.CNAME), TypeNS: string(w.NS), TypePTR: string(w.PTR), TypeMX: string(w.MX.Name), TypeSOA: string(w.SOA.MName), TypeSRV: string(w.SRV.Name)}[r.Type]; n.String() != got {
				t.Errorf("%s: target %s, gopacket %s", where, n, got)
			}
		}
	}
}
