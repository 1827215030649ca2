package link

import (
	"math/rand/v2"
	"time"
)

// A Verdict is what happens to one frame.
type Verdict struct {
	Drop, Duplicate, Hold bool
	Cut                   int           // bytes that are left of it, 0: all
	FlipBit               int           // the bit to turn, -1: none
	Jitter                time.Duration // added to the delay; may be under zero
}

// A Judge gives verdicts: the same sequence for the same seed and the same frame lengths.
type Judge struct {
	cfg ImpairConfig
	src rand.PCG
}

// NewJudge returns a judge for cfg.
func NewJudge(cfg ImpairConfig) *Judge {
	j := &Judge{cfg: cfg}
	j.src.Seed(cfg.Seed, 0x696d70616972)
	return j
}

// chance returns a value from 0 to just below 1.
func (j *Judge) chance() float64 { return float64(j.src.Uint64()>>11) / (1 << 53) }

// Next judges a frame of n bytes. Every verdict takes the same number of random values, so that
// changing one probability does not change the others' outcomes, nor does the time that a frame
// comes at.
func (j *Judge) Next(n int) Verdict {
	drop, dup, hold := j.chance(), j.chance(), j.chance()
	corrupt, bit := j.chance(), j.src.Uint64()
	cut, left := j.chance(), j.src.Uint64()
	late := j.chance()

	c := &j.cfg
	v := Verdict{Drop: drop < c.Loss, Duplicate: dup < c.Duplicate, Hold: hold < c.Reorder, FlipBit: -1}
	if cut < c.Truncate && n > HeaderLen {
		// A device takes no frame without a header, so that much is always left.
		n = HeaderLen + int(left%uint64(n-HeaderLen))
		v.Cut = n
	}
	if corrupt < c.Corrupt && n > 0 {
		v.FlipBit = int(bit % uint64(8*n))
	}
	v.Jitter = time.Duration((2*late - 1) * float64(c.Jitter))
	return v
}
