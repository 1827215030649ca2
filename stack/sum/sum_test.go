package sum

import (
	"testing"
)

// slow is RFC 1071 read aloud: 16-bit words, carries added back at once.
func slow(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		s += w
		if s > 0xffff {
			s = s&0xffff + 1
		}
	}
	return ^uint16(s)
}

func TestRFC1071Example(t *testing.T) {
	// RFC 1071, 3: the sum of these words is 0xddf2.
	b := []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}
	if got := Partial(0).Add(b).Checksum(); got != ^uint16(0xddf2) {
		t.Fatalf("checksum %#04x, want %#04x", got, ^uint16(0xddf2))
	}
}

func TestPseudo6(t *testing.T) {
	src, dst := [16]byte{0xfe, 0x80, 15: 1}, [16]byte{0xff, 0x02, 15: 2}
	flat := append(append([]byte{}, src[:]...), dst[:]...)
	flat = append(flat, 0, 1, 0x23, 0x45, 0, 0, 0, 58)
	if got, want := Pseudo6(src, dst, 58, 0x12345).Checksum(), slow(flat); got != want {
		t.Fatalf("pseudo-header sum %#04x, want %#04x", got, want)
	}
}

func FuzzAgainstReference(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte{0xff}, 0)
	f.Add(make([]byte, 1460), 20)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		want := slow(b)
		if got := Partial(0).Add(b).Checksum(); got != want {
			t.Fatalf("whole: %#04x, want %#04x of % x", got, want, b)
		}
		if cut = cut &^ 1; cut < 0 || cut > len(b) {
			return
		}
		if got := Partial(0).Add(b[:cut]).Add(b[cut:]).Checksum(); got != want {
			t.Fatalf("cut at %d: %#04x, want %#04x of % x", cut, got, want, b)
		}
	})
}

func TestPseudo4(t *testing.T) {
	src, dst := [4]byte{255, 255, 255, 255}, [4]byte{192, 168, 10, 1}
	flat := []byte{255, 255, 255, 255, 192, 168, 10, 1, 0, 17, 0xff, 0xff}
	if got, want := Pseudo4(src, dst, 17, 0xffff).Checksum(), slow(flat); got != want {
		t.Fatalf("pseudo-header sum %#04x, want %#04x", got, want)
	}
}

func BenchmarkSum1460(b *testing.B) {
	p := make([]byte, 1460)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	var s Partial
	for b.Loop() {
		s = s.Add(p)
	}
	_ = s
}
