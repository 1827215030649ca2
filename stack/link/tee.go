package link

// Direction says which way a frame went, seen from whoever holds the Device.
type Direction uint8

// The directions.
const (
	In  Direction = iota // read from the device
	Out                  // written to it
)

// String returns "IN" or "OUT".
func (d Direction) String() string {
	if d == Out {
		return "OUT"
	}
	return "IN"
}

// Tee returns a Device that hands every frame that passes d to show, before it is written and
// after it was read. show may be called by two goroutines at once and must not keep the frame.
func Tee(d Device, show func(dir Direction, frame []byte)) Device {
	return &tee{d, show}
}

type tee struct {
	Device
	show func(Direction, []byte)
}

func (t *tee) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	n, err := t.Device.ReadFrames(bufs, sizes)
	for i := range n {
		t.show(In, bufs[i][:sizes[i]])
	}
	return n, err
}

func (t *tee) WriteFrames(frames [][]byte) (int, error) {
	for _, f := range frames {
		t.show(Out, f)
	}
	return t.Device.WriteFrames(frames)
}
