package link

import "math/rand/v2"

// ImpairConfig says how a link is bad. Each value is a probability from 0 to 1 for a frame.
type ImpairConfig struct {
	Loss      float64
	Duplicate float64
	Reorder   float64 // the frame is held back until the next one has passed
	Corrupt   float64 // one bit is turned
	Seed      uint64
}

// A Verdict is what happens to one frame.
type Verdict struct {
	Drop, Duplicate, Hold bool
	FlipBit               int // the bit to turn, -1: none
}

// A Judge gives verdicts: the same sequence for the same seed and the same frame lengths.
type Judge struct {
	cfg ImpairConfig
	rnd *rand.Rand
}

// NewJudge returns a judge for cfg.
func NewJudge(cfg ImpairConfig) *Judge {
	return &Judge{cfg, rand.New(rand.NewPCG(cfg.Seed, 0x696d70616972))}
}

// Next judges a frame of n bytes. Every verdict takes the same number of random values, so that
// changing one probability does not change the others' outcomes.
func (j *Judge) Next(n int) Verdict {
	drop, dup, hold := j.rnd.Float64(), j.rnd.Float64(), j.rnd.Float64()
	corrupt, bit := j.rnd.Float64(), j.rnd.Uint64()
	v := Verdict{Drop: drop < j.cfg.Loss, Duplicate: dup < j.cfg.Duplicate, Hold: hold < j.cfg.Reorder, FlipBit: -1}
	if corrupt < j.cfg.Corrupt && n > 0 {
		v.FlipBit = int(bit % uint64(8*n))
	}
	return v
}
