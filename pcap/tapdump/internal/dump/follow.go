package dump

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"httptap/pcap"
	"httptap/pcap/session"
	"httptap/stack/field"
)

// maxFollow bounds what is kept of a stream.
const maxFollow = 64 << 20

// A follow prints the bytes of a stream, in order, as the two ends had them.
type follow struct {
	protocol session.Protocol
	stream   uint64
	form     string // ascii, hex, raw

	ends   [2]netip.AddrPort // the client, the server
	chunks []chunk
	kept   int
	beyond int64 // bytes over the limit
	any    bool
}

// A chunk is what one end said before the other did.
type chunk struct {
	fromServer bool
	frame      uint64
	gap        int64 // bytes that are missing
	data       []byte
}

// parseFollow reads "tcp,0,ascii".
func parseFollow(arg string) (*follow, error) {
	usage := Usagef("-z follow,%s: it is follow,tcp|udp,STREAM[,ascii|hex|raw], with the number that tcp.stream has", arg)
	part := strings.Split(arg, ",")
	if len(part) == 3 && (part[1] == "ascii" || part[1] == "hex" || part[1] == "raw") {
		part[1], part[2] = part[2], part[1] // as tshark has it
	}
	f := &follow{form: "ascii"}
	if len(part) < 2 || len(part) > 3 {
		return nil, usage
	}
	switch part[0] {
	case "tcp":
	case "udp":
		f.protocol = session.UDP
	default:
		return nil, usage
	}
	var err error
	if f.stream, err = strconv.ParseUint(part[1], 10, 64); err != nil {
		return nil, usage
	}
	if len(part) == 3 {
		if f.form = part[2]; f.form != "ascii" && f.form != "hex" && f.form != "raw" {
			return nil, usage
		}
	}
	return f, nil
}

// take keeps what the session hands over.
func (f *follow) take(c session.Chunk) {
	if c.Protocol != f.protocol || c.Stream != f.stream {
		return
	}
	f.any = true
	way := 0
	if !c.FromClient {
		way = 1
	}
	f.ends[way], f.ends[1-way] = c.Src, c.Dst
	data := c.Data
	if over := f.kept + len(data) - maxFollow; over > 0 {
		f.beyond += int64(over)
		data = data[:len(data)-over]
	}
	f.kept += len(data)
	n := len(f.chunks)
	if n == 0 || f.chunks[n-1].fromServer != !c.FromClient || c.Gap > 0 || f.chunks[n-1].gap > 0 || f.protocol == session.UDP {
		f.chunks = append(f.chunks, chunk{fromServer: !c.FromClient, frame: c.Frame, gap: c.Gap})
		n++
	}
	f.chunks[n-1].data = append(f.chunks[n-1].data, data...)
}

// Add implements Statistic: the session hands the bytes over.
func (f *follow) Add(*pcap.Meta, []byte, []field.Span) {}

func (f *follow) name() string { return [...]string{"TCP", "UDP"}[f.protocol] }

// Append implements Statistic.
func (f *follow) Append(dst []byte) []byte {
	if f.form == "raw" {
		for _, c := range f.chunks {
			dst = append(dst, c.data...)
		}
		return dst
	}
	if !f.any {
		return fmt.Appendf(dst, "%s stream %d: there is no such stream, or nobody said anything in it\n", f.name(), f.stream)
	}
	dst = fmt.Appendf(dst, "%s stream %d: %s → is the client, %s ← the server\n", f.name(), f.stream, f.ends[0], f.ends[1])
	for _, c := range f.chunks {
		arrow := "→"
		if c.fromServer {
			arrow = "←"
		}
		if c.gap > 0 {
			dst = fmt.Appendf(dst, "%s frame %d: %d bytes are missing in the capture\n", arrow, c.frame, c.gap)
			continue
		}
		dst = fmt.Appendf(dst, "%s frame %d: %d bytes\n", arrow, c.frame, len(c.data))
		if f.form == "hex" {
			dst = appendHexRows(dst, c.data)
			continue
		}
		for line := range strings.Lines(string(c.data)) {
			dst = append(pcap.AppendClean(dst, strings.TrimRight(line, "\r\n")), '\n')
		}
	}
	if f.beyond > 0 {
		dst = fmt.Appendf(dst, "%d further bytes: over %d are not kept\n", f.beyond, maxFollow)
	}
	return dst
}

func appendHexRows(dst, b []byte) []byte {
	for at := 0; at < len(b); at += 16 {
		row := b[at:min(at+16, len(b))]
		dst = fmt.Appendf(dst, "%08x  %-47x  ", at, spaced(row))
		for _, c := range row {
			if c < ' ' || c > '~' {
				c = '.'
			}
			dst = append(dst, c)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// spaced prints bytes with blanks between them.
type spaced []byte

// Format implements fmt.Formatter.
func (s spaced) Format(w fmt.State, _ rune) {
	text := fmt.Sprintf("% x", []byte(s))
	width, _ := w.Width()
	fmt.Fprintf(w, "%-*s", width, text)
}

// MarshalJSON implements json.Marshaler.
func (f *follow) MarshalJSON() ([]byte, error) {
	type piece struct {
		From  string `json:"from"` // client, server
		Frame uint64 `json:"frame"`
		Gap   int64  `json:"gap,omitempty"`
		Data  []byte `json:"data"` // in base64
	}
	out := struct {
		Protocol string  `json:"protocol"`
		Stream   uint64  `json:"stream"`
		Client   string  `json:"client"`
		Server   string  `json:"server"`
		Beyond   int64   `json:"beyond,omitempty"`
		Chunks   []piece `json:"chunks"`
	}{Protocol: strings.ToLower(f.name()), Stream: f.stream, Client: f.ends[0].String(), Server: f.ends[1].String(), Beyond: f.beyond, Chunks: []piece{}}
	for _, c := range f.chunks {
		who := "client"
		if c.fromServer {
			who = "server"
		}
		out.Chunks = append(out.Chunks, piece{who, c.frame, c.gap, c.data})
	}
	return json.Marshal(out)
}
