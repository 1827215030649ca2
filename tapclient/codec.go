package tapclient

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"httptap/httptap/api"
)

// encode appends frames as JSON: an array of strings, or for version 0 the one frame's string. A frame
// that comment, unless it is nil, says something of is an object.
func encode(dst []byte, frames [][]byte, array bool, comment func([]byte) string) []byte {
	if array {
		dst = append(dst, '[')
	}
	for i, f := range frames {
		if i > 0 {
			dst = append(dst, ',')
		}
		var says string
		if comment != nil {
			says = comment(f)
			says = strings.ToValidUTF8(says[:min(len(says), api.MaxComment)], "")
		}
		if says != "" {
			dst = append(dst, `{"frame":`...)
		}
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, f)
		dst = append(dst, '"')
		if says != "" {
			text, _ := json.Marshal(says) // a string has no error
			dst = append(append(append(dst, `,"comment":`...), text...), '}')
		}
	}
	if array {
		dst = append(dst, ']')
	}
	return dst
}

// decode reads the answer of /recv, a string or an array of strings, into bufs. Base64 and
// JSON's own characters do not meet, so that strings are what lies between quotes.
// It returns how many frames there were, and how many more that do not fit their buffer.
func decode(b []byte, bufs [][]byte, sizes []int) (n, tooLong int, err error) {
	b = bytes.TrimSpace(b)
	if bytes.IndexByte(b, '\\') >= 0 {
		b = unescape(b)
	}
	if len(b) < 2 || b[0] != '"' && b[0] != '[' {
		return 0, 0, fmt.Errorf("%w: /recv answered %.40q", ErrServer, b)
	}
	for n < len(bufs) {
		start := bytes.IndexByte(b, '"')
		if start < 0 {
			return n, tooLong, nil
		}
		b = b[start+1:]
		end := bytes.IndexByte(b, '"')
		if end < 0 {
			return n, tooLong, fmt.Errorf("%w: /recv answered a string without an end", ErrServer)
		}
		text := b[:end]
		b = b[end+1:]
		if len(text) == 0 {
			continue // version 0's "nothing there"
		}
		if decodedLen(text) > len(bufs[n]) {
			tooLong++
			continue // link.Device: dropped and counted, never cut
		}
		size, err := base64.StdEncoding.Decode(bufs[n], text)
		if err != nil {
			return n, tooLong, fmt.Errorf("%w: /recv answered what is not base64: %w", ErrServer, err)
		}
		if size == 0 {
			continue // base64 may have line ends
		}
		sizes[n] = size
		n++
	}
	return n, tooLong, nil
}

// unescape writes JSON strings without escapes, of which base64 needs none; some encoders write
// its slash as \/ nevertheless. It returns nothing when b is something else.
func unescape(b []byte) []byte {
	var list []string
	if json.Unmarshal(b, &list) != nil {
		list = make([]string, 1)
		if json.Unmarshal(b, &list[0]) != nil {
			return nil
		}
	}
	plain := []byte{'['}
	for _, s := range list {
		if strings.ContainsRune(s, '"') {
			return nil
		}
		plain = append(append(append(plain, '"'), s...), '"')
	}
	return append(plain, ']')
}

// decodedLen returns how many bytes text decodes to.
func decodedLen(text []byte) int {
	return (len(text)+3)/4*3 - bytes.Count(text[max(0, len(text)-2):], []byte{'='})
}
