package hub

import (
	"bytes"
	"slices"
	"testing"
)

// checkRing holds a ring against a list of the frames that are to be in it.
func checkRing(t *testing.T, r *ring, want [][]byte) {
	t.Helper()
	if r.n != len(want) || len(r.b) > r.max {
		t.Fatalf("%d frames in %d bytes, want %d in %d at most", r.n, len(r.b), len(want), r.max)
	}
	for i, rest := 0, *r; rest.n > 0; i++ {
		if got := rest.oldest(); !bytes.Equal(got, want[i]) {
			t.Fatalf("frame %d is %d bytes %x, want %d %x", i, len(got), got, len(want[i]), want[i])
		}
		rest.pop()
	}
}

// FuzzRing does what the bytes say to a ring and to a list: they never differ, and the ring refuses
// only what has no room.
func FuzzRing(f *testing.F) {
	f.Add(uint16(100), []byte{10, 20, 30, 200, 200, 1, 2, 3, 255, 255})
	f.Add(uint16(8000), bytes.Repeat([]byte{250, 250, 1, 130}, 300))
	f.Add(uint16(5), []byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, bound uint16, script []byte) {
		if len(script) > 4000 {
			script = script[:4000]
		}
		r := &ring{max: int(bound)}
		var want [][]byte
		held, longest := 0, lengthLen+3*255
		for i, op := range script {
			frame := bytes.Repeat([]byte{byte(i)}, int(op)*3)
			switch {
			case op < 128:
				if r.push(frame) {
					want = append(want, frame)
					held += lengthLen + len(frame)
				} else if free := r.max - held - longest; free >= 2*(lengthLen+len(frame)) {
					// What is free lies in two pieces, but for what is skipped.
					t.Fatalf("%d bytes are refused, %d of %d are taken", len(frame), held, r.max)
				}
			case op < 250:
				if r.n > 0 {
					held -= lengthLen + len(want[0])
					r.pop()
					want = want[1:]
				}
			default:
				back := [][]byte{{byte(i), 1}, frame, {byte(i), 3}}
				n := r.prepend(back, 40)
				if len(want)+n > 40 && n > 0 {
					t.Fatalf("%d frames went before %d", n, len(want))
				}
				want = slices.Concat(back[len(back)-n:], want)
				held = 0
				for _, f := range want {
					held += lengthLen + len(f)
				}
			}
			checkRing(t, r, want)
		}
	})
}
