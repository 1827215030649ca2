package pcap

import (
	"testing"

	"httptap/stack/field"
)

// TestNumbers: keys of any size are found, and no other key is.
func TestNumbers(t *testing.T) {
	var n numbers
	keys := []uint32{1, 255, 256, 0x800, 0xffff, 0x10000, 0x10800, 0x80c2000e}
	of := map[uint32]*field.Layout{}
	for _, k := range keys {
		of[k] = new(field.Layout)
		n.set(k, of[k])
		n.set(k, new(field.Layout)) // a second row of the key does not count
	}
	for _, k := range append(keys, 0, 2, 257, 0x801, 0xfffe, 0x20000) {
		if got := n.get(k); got != of[k] {
			t.Errorf("key %#x: %p, want %p", k, got, of[k])
		}
	}
}

// TestEveryRowIsFound: each row of the registry leads to its layout.
func TestEveryRowIsFound(t *testing.T) {
	for _, r := range registry {
		if got := layouts.get(field.Next{Table: r.table, Key: r.key}); got != r.layout {
			t.Errorf("%v %d leads to another layout than %s", r.table, r.key, r.layout.Spec.Name)
		}
	}
}
