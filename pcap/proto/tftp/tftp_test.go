package tftp_test

import (
	"bytes"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/tftp"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var (
	read      = []byte("\x00\x01boot.img\x00octet\x00blksize\x001428\x00tsize\x000\x00")
	write     = []byte("\x00\x02there\x00netascii\x00")
	data      = []byte("\x00\x03\x00\x01some of the file")
	long      = append([]byte("\x00\x03\x00\x02"), bytes.Repeat([]byte{7}, 1428)...)
	last      = []byte("\x00\x03\xff\xff")
	ack       = []byte("\x00\x04\x00\x01")
	lost      = []byte("\x00\x05\x00\x01File not found\x00")
	oack      = []byte("\x00\x06blksize\x001428\x00windowsize\x004\x00")
	odd       = []byte("\x00\x09what")
	unended   = []byte("\x00\x01boot.img")
	valueless = []byte("\x00\x06blksize\x00")
	all       = [][]byte{read, write, data, long, last, ack, lost, oack, odd, unended, valueless}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &tftp.Layout, nil, []fieldtest.Case{
		{Name: "what is asked for", Bytes: read, Field: "tftp.source_file", Want: `"boot.img"`},
		{Name: "how", Bytes: read, Field: "tftp.type", Want: `"octet"`},
		{Name: "an option", Bytes: read, Field: "tftp.option.value", Want: `"1428"`},
		{Name: "where to", Bytes: write, Field: "tftp.destination_file", Want: `"there"`},
		{Name: "a block", Bytes: data, Field: "tftp.block", Want: "1"},
		{Name: "its bytes", Bytes: ack, Field: "tftp.opcode", Want: "Acknowledgement (4)"},
		{Name: "an error", Bytes: lost, Field: "tftp.error.code", Want: "File not found (1)"},
		{Name: "and why", Bytes: lost, Field: "tftp.error.message", Want: `"File not found"`},
		{Name: "accepted options", Bytes: oack, Field: "tftp.option.name", Want: `"blksize"`},
		{Name: "no operation", Bytes: odd, Field: "tftp.opcode", Want: "9", Fault: "tftp.opcode.unknown"},
		{Name: "a text without end", Bytes: unended, Field: "tftp.source_file", Fault: "tftp.string.unended"},
		{Name: "an option without a value", Bytes: valueless, Field: "tftp.option", Fault: "tftp.option.valueless"},
		{Name: "cut", Bytes: ack[:3], Field: "tftp.block", Fault: "malformed.truncated"},
	})
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &tftp.Layout, nil, all...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"tftp"}, []string{"tftp.option"},
		fieldtest.UDPFrame(40000, 69, read), fieldtest.UDPFrame(40000, 69, write), fieldtest.UDPFrame(69, 40000, ack), fieldtest.UDPFrame(69, 40000, lost), fieldtest.UDPFrame(69, 40000, oack))
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &tftp.Layout, nil, all...) }
