package seq

import "testing"

func TestWrap(t *testing.T) {
	const last = Value(0xffffffff)
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"the number after 2^32-1 is 0", last.Add(1) == 0, true},
		{"2^32-1 is before 0", last.Less(0), true},
		{"0 is not before 2^32-1", Value(0).Less(last), false},
		{"nothing is before itself", last.Less(last), false},
		{"everything is at or before itself", last.LessEq(last), true},
		{"a window over the wrap holds its start", last.In(last, 2), true},
		{"a window over the wrap holds 0", Value(0).In(last, 2), true},
		{"a window over the wrap ends", Value(1).In(last, 2), false},
		{"an empty window holds nothing", last.In(last, 0), false},
		{"the number before the window is outside", last.In(0, 10), false},
		{"the later over the wrap", Max(last, 3) == 3, true},
		{"the earlier over the wrap", Min(last, 3) == last, true},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v", c.name, c.got)
		}
	}
	if d := Value(5).Diff(last); d != 6 {
		t.Errorf("distance over the wrap is %d, want 6", d)
	}
	if d := last.Diff(5); d != -6 {
		t.Errorf("distance back over the wrap is %d, want -6", d)
	}
}
