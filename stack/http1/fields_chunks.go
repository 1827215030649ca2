package http1

import (
	"strconv"

	"httptap/stack/field"
)

// The parts of a chunked body. RFC 9112, 7.1
var (
	chunkSize = field.Spec{Name: "http.chunk_size", Label: "Chunk size", Kind: field.Custom, Class: field.Length, Format: formatChunkSize, Ref: "RFC 9112, 7.1"}
	chunkData = field.Spec{Name: "http.chunk_data", Label: "Chunk data", Kind: field.Payload, Ref: "RFC 9112, 7.1"}
	chunkEnd  = field.Spec{Name: "http.chunk_boundary", Label: "Chunk boundary", Kind: field.Padding, Ref: "RFC 9112, 7.1"}

	badChunk = &field.Fault{Name: "http.chunk.malformed", Label: "this is no chunk size", Severity: field.Error}
	noEnd    = &field.Fault{Name: "http.chunk.end", Label: "a chunk ends with a line's end", Severity: field.Error}
)

// parseChunkSize reads the line of a chunk's size, with its extensions.
func parseChunkSize(line []byte) (n uint64, ok bool) {
	digits := 0
	for _, c := range line {
		v, isHex := hex(c)
		if !isHex {
			return n, digits > 0 && (c == ';' || c == ' ' || c == '\t' || c == '\r' || c == '\n')
		}
		if digits++; digits > 15 {
			return 0, false
		}
		n = n<<4 | uint64(v)
	}
	return n, digits > 0
}

// formatChunkSize prints the number that the line has in hexadecimal.
func formatChunkSize(dst, msg []byte, off, n int) []byte {
	v, ok := parseChunkSize(msg[off : off+n])
	if !ok {
		return field.AppendQuoted(dst, msg[off:off+n])
	}
	return strconv.AppendUint(dst, v, 10)
}

// chunks adds the chunks that are in this segment and the trailer section.
func chunks(c *field.Context) {
	for len(c.Rest()) > 0 {
		text, n := cutLine(c.Rest())
		size, ok := parseChunkSize(text)
		i := c.AddBytes(&chunkSize, n)
		if !ok {
			c.Fault(i, badChunk, 0)
			if rest := len(c.Rest()); rest > 0 {
				c.AddBytes(&fileData, rest)
			}
			return
		}
		if size == 0 {
			fieldLines(c, &trailerField, &message{})
			return
		}
		if have := min(size, uint64(len(c.Rest()))); have > 0 {
			c.AddBytes(&chunkData, int(have))
			if have < size {
				return // it goes on in another segment
			}
		}
		if rest := c.Rest(); len(rest) > 0 {
			switch text, n := cutLine(rest[:min(len(rest), 2)]); {
			case len(text) == 0:
				c.AddBytes(&chunkEnd, n)
			case len(rest) == 1 && rest[0] == '\r':
				c.AddBytes(&chunkEnd, 1)
			default:
				c.Fault(c.AddBytes(&fileData, len(rest)), noEnd, 0)
			}
		}
	}
}
