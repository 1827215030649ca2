package pcap

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"httptap/stack/field"
)

// A found is a field that Wireshark found in a frame: where, under which mask when it has some
// bits of these bytes only, and how Wireshark shows the value. A layer has no value.
type found struct {
	name      string
	pos, size int
	mask      uint64
	layer     bool
	hidden    bool   // Wireshark has it for filters only
	loose     bool   // the field has some of these bytes' bits, and nobody says which
	hex       string // the bytes, or the first of them and two dots; with a mask the value
	show      string
}

// A caught is a frame and what Wireshark says of it, in the order of its tree.
type caught struct {
	file   string
	number int
	data   []byte
	wire   int
	theirs []found
}

func (c *caught) has(name string) bool {
	return slices.ContainsFunc(c.theirs, func(f found) bool { return f.name == name })
}

// An agreement counts, field by field, how often we say what Wireshark says.
type agreement struct {
	known   map[string]bool // every name that our rooms have
	names   map[string]bool // every name that Wireshark has, as far as the test knows
	fields  map[string]*tally
	layers  map[string]*tally // covered: the layers that Wireshark found and we know
	beyond  map[string]int    // uncovered: layers that we have no room for
	behind  map[string]int    // uncovered, too: layers that lie inside those
	foreign int               // fields of bytes that are not the frame's: decompressed, reassembled
	lacking map[string]int    // fields of covered layers that we do not have
	excused map[string]int    // differences accepted, by the name of the field
}

type tally struct {
	same, different int
	examples        []string
}

// newAgreement counts for a Wireshark that has the given names.
func newAgreement(names map[string]bool) *agreement {
	a := &agreement{known: map[string]bool{}, names: names, fields: map[string]*tally{}, layers: map[string]*tally{},
		beyond: map[string]int{}, behind: map[string]int{}, lacking: map[string]int{}, excused: map[string]int{}}
	for s, l := range Specs() {
		if l == nil || !IsFallback(l) { // gopacket's layers have no fields to compare
			a.known[s.Name] = true
		}
	}
	return a
}

func count(m map[string]*tally, name string) *tally {
	if m[name] == nil {
		m[name] = new(tally)
	}
	return m[name]
}

// differs notes a difference, unless it is one of the accepted ones.
func (a *agreement) differs(m map[string]*tally, c *caught, d difference) {
	d.frame = c
	for _, x := range accepted {
		if slices.ContainsFunc(strings.Fields(x.names), func(pattern string) bool { return nameMatches(pattern, d.name) }) &&
			(x.when == nil || x.when(d)) {
			a.excused[d.name]++
			return
		}
	}
	t := count(m, d.name)
	t.different++
	if len(t.examples) < 3 {
		t.examples = append(t.examples, fmt.Sprintf("%s frame %d: %s", c.file, c.number, d))
	}
}

// nameMatches: a star at the end stands for any rest.
func nameMatches(pattern, name string) bool {
	if p, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, p)
	}
	return pattern == name
}

// A difference is one place where we and Wireshark do not say the same.
type difference struct {
	name   string
	what   string      // "value", "place", "only theirs", "only ours"
	theirs *found      // nil when only ours
	ours   *field.Span // nil when only theirs
	text   string      // our value
	frame  *caught

	malformed bool // our decoding found an error in the same layer, at this place or before
}

func (d difference) String() string {
	s := d.what
	if d.theirs != nil {
		s += fmt.Sprintf("; theirs at %d+%d", d.theirs.pos, d.theirs.size)
		if d.theirs.mask != 0 {
			s += fmt.Sprintf(" mask %#x", d.theirs.mask)
		}
		s += fmt.Sprintf(" %.60q", d.theirs.show)
	}
	if d.ours != nil {
		s += fmt.Sprintf("; ours at bit %d+%d (%d+%d) %.60s", d.ours.Bit, d.ours.Len, d.ours.Bit/8, (d.ours.Len+7)/8, d.text)
		if d.ours.Err != nil {
			s += " !" + d.ours.Err.Label
		}
	}
	return s
}

// layerOf returns the layer that field i belongs to: the nearest before it whose name begins the
// field's, else the nearest at all.
func layerOf(theirs []found, i int) int {
	last := -1
	for k := i; k >= 0; k-- {
		if !theirs[k].layer {
			continue
		}
		if strings.HasPrefix(theirs[i].name, theirs[k].name+".") {
			return k
		}
		if last < 0 {
			last = k
			// The version of an IPv6 header is an ip.version.
			if first, _, _ := strings.Cut(theirs[i].name, "."); strings.HasPrefix(theirs[k].name, first) {
				return k
			}
		}
	}
	return last
}

// samePlace tells whether a span has the bits that Wireshark names: exactly with a mask, else by
// the bytes that hold it.
func samePlace(f found, s field.Span) bool {
	bit, end := int(s.Bit), s.End()
	if f.mask != 0 {
		// Wireshark says one byte of some fields that lie in two: the mask knows better.
		first := 8*f.pos + max(8*f.size, (bits.Len64(f.mask)+7)&^7) - bits.Len64(f.mask)
		return bit == first && end == first+bits.OnesCount64(f.mask)
	}
	if f.loose {
		return 8*f.pos <= bit && end <= 8*(f.pos+f.size)
	}
	return bit/8 == f.pos && ((end+7)/8 == f.pos+f.size || s.Len == 0 && f.size == 0)
}

// add compares one frame.
func (a *agreement) add(c *caught, spans []field.Span) {
	// The layers first: the fields of those that both have are compared.
	a.own(c)
	covered := make([]bool, len(c.theirs))
	used := make([]bool, len(spans))
	end := 1 << 30 // where the first layer begins that we do not have
	for _, s := range spans {
		if s.Spec.Kind == field.Layer && s.Spec.Ref == fallbackRef {
			end = min(end, int(s.Bit/8)-1) // gopacket's, whatever it is
		}
	}
	for i := range c.theirs {
		f := &c.theirs[i]
		if !f.layer {
			continue
		}
		if f.pos > end {
			a.behind[f.name]++
			continue
		}
		if !a.known[f.name] {
			a.beyond[f.name]++
			end = f.pos
			continue
		}
		k := slices.IndexFunc(spans, func(s field.Span) bool { return s.Spec.Name == f.name && int(s.Bit/8) == f.pos })
		if k < 0 {
			if f.pos < end {
				a.differs(a.layers, c, difference{name: f.name, what: "only theirs", theirs: f})
				end = f.pos
			} else {
				a.behind[f.name]++
			}
			continue
		}
		covered[i] = true
		used[k] = true
		count(a.layers, f.name).same++
	}
	layer, inCovered := 0, false
	starts := make([]int, len(spans))
	mine := make([]bool, len(spans)) // lies in a layer that both have
	for k, s := range spans {
		if s.Depth == 0 {
			layer, inCovered = int(s.Bit/8), used[k]
			if !used[k] && s.Spec.Kind == field.Layer && int(s.Bit/8) < end {
				a.differs(a.layers, c, difference{name: s.Spec.Name, what: "only ours", ours: &spans[k], malformed: endsInHead(spans, k)})
			}
		}
		if s.Depth == 0 && (s.Spec.Kind == field.Padding || s.Spec.Kind == field.Group) {
			inCovered = true // behind a payload: of a layer before
		}
		starts[k], mine[k] = layer, inCovered
	}
	broken := make([]bool, len(spans)) // an error stands in the layer up to here
	bad := false
	for k, s := range spans {
		bad = (bad && s.Depth > 0) || s.Err != nil && (s.Err.Severity == field.Error && s.Err != field.BadSum || strings.HasSuffix(s.Err.Name, ".segment"))
		broken[k] = bad
	}
	text := func(k int) string { return string(spans[k].AppendText(nil, c.data, starts[k])) }
	var rest []int // theirs without one of ours at the same place
	for i := range c.theirs {
		f := &c.theirs[i]
		if l := layerOf(c.theirs, i); f.layer || l < 0 || !covered[l] || f.pos > end {
			continue // what follows an uncovered layer is padding, whose place depends on that layer
		}
		if !a.known[f.name] {
			if !derived(f.name) && !f.hidden {
				a.lacking[f.name]++
			}
			continue
		}
		k := slices.IndexFunc(spans, func(s field.Span) bool { return s.Spec.Name == f.name && samePlace(*f, s) })
		// Of several at one place the first that is free, so that each of theirs has its own.
		for n := k; n >= 0 && n < len(spans); n++ {
			if !used[n] && spans[n].Spec.Name == f.name && samePlace(*f, spans[n]) {
				k = n
				break
			}
		}
		if k < 0 {
			rest = append(rest, i)
			continue
		}
		used[k] = true
		if !sameValue(c.data, spans[k], starts[k], f.show) {
			a.differs(a.fields, c, difference{name: f.name, what: "value", theirs: f, ours: &spans[k], text: text(k)})
			continue
		}
		count(a.fields, f.name).same++
	}
	for _, i := range rest {
		f := &c.theirs[i]
		k := -1
		for n, s := range spans {
			if !used[n] && s.Spec.Name == f.name {
				k = n
				break
			}
		}
		if k < 0 {
			a.differs(a.fields, c, difference{name: f.name, what: "only theirs", theirs: f})
			continue
		}
		used[k] = true
		a.differs(a.fields, c, difference{name: f.name, what: "place", theirs: f, ours: &spans[k], text: text(k)})
	}
	for k, s := range spans {
		if !used[k] && mine[k] && int(s.Bit/8) <= end && s.Spec.Kind != field.Layer && a.names[s.Spec.Name] {
			a.differs(a.fields, c, difference{name: s.Spec.Name, what: "only ours", ours: &spans[k], text: text(k), malformed: errorNear(spans, broken, k)})
		}
	}
}

// endsInHead tells whether the frame ends before the header of the layer at span k does.
func endsInHead(spans []field.Span, k int) bool {
	for n := k + 1; n < len(spans) && spans[n].Depth > 0; n++ {
		if spans[n].Err == field.Truncated || spans[n].Err == field.Snapped {
			return true
		}
	}
	return false
}

// errorNear tells whether an error is known before span k, or inside of its group.
func errorNear(spans []field.Span, broken []bool, k int) bool {
	for n := k; n < len(spans) && (n == k || spans[n].Depth > spans[k].Depth || spans[n].Depth == spans[k].Depth && spans[n].Bit == spans[k].Bit); n++ {
		if broken[n] {
			return true
		}
	}
	return k+2 < len(spans) && (broken[k+1] || broken[k+2]) && spans[k+1].Depth > 0
}

// own leaves out of theirs what is not in the frame's bytes, but in some that were made of them.
func (a *agreement) own(c *caught) {
	c.theirs = slices.DeleteFunc(c.theirs, func(f found) bool {
		if f.mask != 0 || f.size == 0 || f.hex == "" {
			return false
		}
		want := strings.TrimSuffix(f.hex, "..")
		n := min(len(want)/2, f.size)
		if f.pos+n <= len(c.data) && hex.EncodeToString(c.data[f.pos:f.pos+n]) == want[:2*n] {
			return false
		}
		a.foreign++
		return true
	})
}

// report prints the agreement of each field and fails the test where it is not whole.
func (a *agreement) report(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	total, same := 0, 0
	names := slices.SortedFunc(maps.Keys(a.fields), cmp.Compare)
	perfect := 0
	for _, name := range names {
		f := a.fields[name]
		total += f.same + f.different
		same += f.same
		if f.different == 0 {
			perfect++
		}
	}
	fmt.Fprintf(&b, "%d of %d values agree; %d of %d fields agree in every frame\n", same, total, perfect, len(names))
	fmt.Fprintf(&b, "covered layers:")
	for _, name := range slices.Sorted(maps.Keys(a.layers)) {
		l := a.layers[name]
		fmt.Fprintf(&b, " %s %d/%d", name, l.same, l.same+l.different)
	}
	fmt.Fprintf(&b, "\nuncovered layers, without a room:")
	for _, name := range slices.Sorted(maps.Keys(a.beyond)) {
		fmt.Fprintf(&b, " %s %d", name, a.beyond[name])
	}
	fmt.Fprintf(&b, "\nuncovered layers, inside of those:")
	for _, name := range slices.Sorted(maps.Keys(a.behind)) {
		fmt.Fprintf(&b, " %s %d", name, a.behind[name])
	}
	fmt.Fprintf(&b, "\nfields of bytes that are not the frame's own: %d", a.foreign)
	fmt.Fprintf(&b, "\naccepted differences:")
	for _, name := range slices.Sorted(maps.Keys(a.excused)) {
		fmt.Fprintf(&b, " %s %d", name, a.excused[name])
	}
	if testing.Verbose() {
		fmt.Fprintf(&b, "\nagreement a field:")
		for _, name := range names {
			f := a.fields[name]
			fmt.Fprintf(&b, "\n  %-45s %6d of %6d", name, f.same, f.same+f.different)
		}
	}
	t.Log(b.String())
	complain := func(what string, m map[string]*tally) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if f := m[name]; f.different > 0 {
				t.Errorf("%s %s: %d of %d disagree\n    %s", what, name, f.different, f.same+f.different, strings.Join(f.examples, "\n    "))
			}
		}
	}
	complain("layer", a.layers)
	complain("field", a.fields)
	for _, name := range slices.Sorted(maps.Keys(a.lacking)) {
		t.Errorf("field %s: Wireshark has it %d times, we never", name, a.lacking[name])
	}
}
