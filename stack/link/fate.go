package link

import (
	"strconv"
	"time"
)

// A Fate is what a Line did to a frame. The zero Fate is nothing.
type Fate struct {
	Lost, TooLong, QueueFull bool // why it was dropped

	Was     int  // its length before it was cut; 0: it was not
	Flipped bool // the bit Bit, counted from the frame's first and in each byte from the highest, was turned
	Bit     int
	Held    bool          // it was held back until another had passed
	Second  bool          // it is a second copy
	Delay   time.Duration // how long it was on its way
}

// Dropped tells whether the frame goes nowhere.
func (f Fate) Dropped() bool { return f.Lost || f.TooLong || f.QueueFull }

// Altered tells whether the frame is not what it was, or not where it was, in the sequence. A delay
// alone is neither.
func (f Fate) Altered() bool { return f.Was > 0 || f.Flipped || f.Held || f.Second }

// AppendText says in words what was done, with semicolons between: "lost", "bit 3 of byte 20 turned;
// delayed by 20ms". It appends nothing for the zero Fate.
func (f Fate) AppendText(b []byte) []byte {
	start := len(b)
	add := func(parts ...string) {
		if len(b) > start {
			b = append(b, "; "...)
		}
		for _, p := range parts {
			b = append(b, p...)
		}
	}
	switch {
	case f.Lost:
		add("lost")
	case f.TooLong:
		add("lost: longer than the impaired MTU")
	case f.QueueFull:
		add("lost: the queue before the impaired link was full")
	}
	if f.Second {
		add("second copy")
	}
	if f.Was > 0 {
		add("cut, it was ", strconv.Itoa(f.Was), " bytes long")
	}
	if f.Flipped {
		add("bit ", strconv.Itoa(f.Bit%8), " of byte ", strconv.Itoa(f.Bit/8), " turned")
	}
	if f.Held {
		add("held back until another frame had passed")
	}
	if f.Delay > 0 {
		add("delayed by ", f.Delay.String())
	}
	return b
}

// String returns the words of AppendText.
func (f Fate) String() string { return string(f.AppendText(nil)) }
