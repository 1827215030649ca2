package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"httptap/httptap/api"
)

// Errors of a /send body.
var (
	errJSON   = errors.New("the body is not a JSON string, nor an array of strings and of {\"frame\":\"...\",\"comment\":\"...\"}")
	errBase64 = errors.New("not base64 (standard alphabet, with padding)")
	errMany   = fmt.Errorf("at most %d frames in a body", MaxSend)
	errNote   = fmt.Errorf("a comment has at most %d bytes", api.MaxComment)
)

// buffer is the memory of one call: the text of a body and the frames in it. It is reused.
type buffer struct {
	text   []byte
	raw    []byte   // the frames' bytes
	frames [][]byte // into raw
	notes  []string // the comments of the frames; none when no frame has one
	sizes  []int
}

var pool = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer  { return pool.Get().(*buffer) }
func putBuffer(b *buffer) { pool.Put(b) }

// readBody reads all of r; expect is what its length is said to be. Memory is taken as the body
// comes: a claim alone costs little.
func (b *buffer) readBody(r io.Reader, expect int64) error {
	b.text = b.text[:0]
	if need := int(min(max(expect, 512), 64<<10)) + 1; cap(b.text) < need {
		b.text = make([]byte, 0, need)
	}
	for {
		n, err := r.Read(b.text[len(b.text):cap(b.text)])
		b.text = b.text[:len(b.text)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(b.text) == cap(b.text) {
			b.text = append(b.text, 0)[:len(b.text)]
		}
	}
}

// decode finds the frames in the body: a JSON string or an array of them and of objects.
func (b *buffer) decode() error {
	b.frames, b.raw = b.frames[:0], b.raw[:0]
	clear(b.notes)
	b.notes = b.notes[:0]
	// Decoding never needs more than the text has: frames that point into raw stay valid.
	if cap(b.raw) < len(b.text) {
		b.raw = make([]byte, 0, len(b.text))
	}
	s := bytes.Trim(b.text, jsonSpace)
	if plain, ok := plainStrings(s); ok {
		for plain != nil {
			var text []byte
			if text, plain = cutString(plain); text == nil {
				break
			}
			if err := b.add(text); err != nil {
				return err
			}
		}
		return nil
	}
	return b.decodeSlowly(s)
}

// jsonSpace is white space between tokens. RFC 8259, 2
const jsonSpace = " \t\r\n"

// plainStrings tells whether s is a JSON string or an array of them, without escapes, so that
// it can be read without a parser. It returns what is between the brackets.
func plainStrings(s []byte) ([]byte, bool) {
	if bytes.IndexByte(s, '\\') >= 0 || len(s) < 2 {
		return nil, false
	}
	if s[0] == '"' && s[len(s)-1] == '"' && bytes.IndexByte(s[1:len(s)-1], '"') < 0 {
		return s, isPlain(s[1 : len(s)-1])
	}
	if s[0] != '[' || s[len(s)-1] != ']' {
		return nil, false
	}
	inner := bytes.Trim(s[1:len(s)-1], jsonSpace)
	for rest := inner; len(rest) > 0; {
		if rest[0] != '"' {
			return nil, false
		}
		end := bytes.IndexByte(rest[1:], '"')
		if end < 0 || !isPlain(rest[1:end+1]) {
			return nil, false
		}
		rest = bytes.TrimLeft(rest[end+2:], jsonSpace)
		if len(rest) == 0 {
			break
		}
		if rest[0] != ',' {
			return nil, false
		}
		if rest = bytes.TrimLeft(rest[1:], jsonSpace); len(rest) == 0 {
			return nil, false // a comma with nothing behind it
		}
	}
	return inner, true
}

// isPlain tells whether a string's content has no line end, which JSON forbids there and base64
// would skip.
func isPlain(s []byte) bool { return bytes.IndexByte(s, '\n') < 0 && bytes.IndexByte(s, '\r') < 0 }

// cutString returns the first string's content and what follows it and its comma.
func cutString(s []byte) (text, rest []byte) {
	start := bytes.IndexByte(s, '"')
	if start < 0 {
		return nil, nil
	}
	end := start + 1 + bytes.IndexByte(s[start+1:], '"')
	return s[start+1 : end : end], s[end+1:]
}

// A commented is a frame in a body: a string, or an object that has something to say of it, too.
type commented struct {
	Frame   *string `json:"frame"`
	Comment string  `json:"comment"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *commented) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Frame)
	}
	type object commented // without this method
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode((*object)(c))
}

// decodeSlowly is for bodies with escapes or comments, and for those that are wrong.
func (b *buffer) decodeSlowly(s []byte) error {
	var list []commented
	var one string
	switch err := json.Unmarshal(s, &one); {
	case err == nil && !bytes.Equal(s, []byte("null")):
		list = []commented{{Frame: &one}}
	case len(s) > 0 && s[0] == '[':
		if err := json.Unmarshal(s, &list); err != nil {
			return fmt.Errorf("%w: %w", errJSON, err)
		}
	case err != nil:
		return fmt.Errorf("%w: %w", errJSON, err)
	default:
		return errJSON
	}
	for _, item := range list {
		if item.Frame == nil {
			return fmt.Errorf("%w: an item has no frame", errJSON)
		}
		if len(item.Comment) > api.MaxComment {
			return errNote
		}
		if err := b.add([]byte(*item.Frame)); err != nil {
			return err
		}
		if item.Comment != "" {
			for len(b.notes) < len(b.frames) {
				b.notes = append(b.notes, "")
			}
			b.notes[len(b.frames)-1] = item.Comment
		}
	}
	return nil
}

// add decodes one frame.
func (b *buffer) add(text []byte) error {
	if len(b.frames) == MaxSend {
		return errMany
	}
	start := len(b.raw)
	raw, err := base64.StdEncoding.AppendDecode(b.raw, text)
	if err != nil {
		return fmt.Errorf("frame %d: %w: %w", len(b.frames)+1, errBase64, err)
	}
	b.raw = raw
	b.frames = append(b.frames, raw[start:len(raw):len(raw)])
	return nil
}

// slots returns memory for n frames of size bytes.
func (b *buffer) slots(n, size int) ([][]byte, []int) {
	if cap(b.raw) < n*size {
		b.raw = make([]byte, n*size)
	}
	b.raw = b.raw[:cap(b.raw)]
	b.frames = b.frames[:0]
	for i := range n {
		b.frames = append(b.frames, b.raw[i*size:(i+1)*size:(i+1)*size])
	}
	if cap(b.sizes) < n {
		b.sizes = make([]int, n)
	}
	return b.frames, b.sizes[:n]
}

// take makes the first n slots, as they were filled, the frames.
func (b *buffer) take(n int) {
	b.frames = b.frames[:n]
	for i := range n {
		b.frames[i] = b.frames[i][:b.sizes[i]]
	}
}

// encode writes the frames as JSON: an array, or for version 0 one string, which is empty when
// there is no frame. The line's end is version 0's, too.
func (b *buffer) encode(array bool) {
	b.text = b.text[:0]
	if array {
		b.text = append(b.text, '[')
	}
	for i, f := range b.frames {
		if i > 0 {
			b.text = append(b.text, ',')
		}
		b.text = append(b.text, '"')
		b.text = base64.StdEncoding.AppendEncode(b.text, f)
		b.text = append(b.text, '"')
	}
	switch {
	case array:
		b.text = append(b.text, ']')
	case len(b.frames) == 0:
		b.text = append(b.text, '"', '"')
	}
	b.text = append(b.text, '\n')
}
