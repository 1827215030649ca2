package link

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// impairNames are the names of the text form, in the order that String writes them.
const impairNames = "loss, dup, reorder, corrupt, truncate, delay, jitter, overtake, rate, queue, qlen, mtu, seed"

// ParseImpair reads a configuration as people write it and String does, parts with a comma between,
// in any order:
//
//	loss=5%,dup=1%,reorder=2%,corrupt=0.1%,truncate=0.1%  of the frames
//	delay=20ms,jitter=5ms,overtake                        Overtake has no value
//	rate=10mbit,queue=64k,qlen=100                        bits a second; bytes and frames
//	mtu=1400,seed=7
//
// The empty text is the zero ImpairConfig. The error is ErrImpairName, ErrImpairTwice or
// ErrImpairValue, behind the part that it is about.
func ParseImpair(s string) (ImpairConfig, error) {
	var c ImpairConfig
	if strings.TrimSpace(s) == "" {
		return c, nil
	}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		name, value, given := strings.Cut(part, "=")
		if seen[name] {
			return ImpairConfig{}, fmt.Errorf("%q: %w", part, ErrImpairTwice)
		}
		seen[name] = true
		want, err := c.set(name, value, given)
		if err != nil {
			return ImpairConfig{}, fmt.Errorf("%q: %w", part, err)
		}
		if want != "" {
			return ImpairConfig{}, fmt.Errorf("%q: %w: want %s", part, ErrImpairValue, want)
		}
	}
	if err := c.Check(); err != nil {
		return ImpairConfig{}, err
	}
	return c, nil
}

// set reads one part of the text form. want is not empty when the value is none: what it has to
// be. Bounds are Check's.
func (c *ImpairConfig) set(name, value string, given bool) (want string, err error) {
	ok := given
	switch name {
	case "loss":
		want, ok = wantPercent, parsePercent(value, &c.Loss)
	case "dup":
		want, ok = wantPercent, parsePercent(value, &c.Duplicate)
	case "reorder":
		want, ok = wantPercent, parsePercent(value, &c.Reorder)
	case "corrupt":
		want, ok = wantPercent, parsePercent(value, &c.Corrupt)
	case "truncate":
		want, ok = wantPercent, parsePercent(value, &c.Truncate)
	case "delay":
		c.Delay, err = time.ParseDuration(value)
		want, ok = wantTime, err == nil
	case "jitter":
		c.Jitter, err = time.ParseDuration(value)
		want, ok = wantTime, err == nil
	case "overtake":
		c.Overtake = true
		want, ok = "no value: the name alone", !given
	case "rate":
		want, ok = wantRate, parseRate(value, &c.Rate)
	case "queue":
		want, ok = wantBytes, parseBytes(value, &c.QueueBytes)
	case "qlen":
		want, ok = wantCount, parseBytes(value, &c.QueueFrames) && isDigits(value)
	case "mtu":
		want, ok = wantMTU, parseBytes(value, &c.MTU) && isDigits(value) && c.MTU > 0
	case "seed":
		c.Seed, err = strconv.ParseUint(value, 10, 64)
		want, ok = wantSeed, err == nil
	default:
		return "", ErrImpairName
	}
	if ok {
		return "", nil
	}
	return want, nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// isDecimal tells whether s is digits, perhaps with a point among or before them: none of what
// else strconv.ParseFloat takes.
func isDecimal(s string) bool {
	whole, rest, point := strings.Cut(s, ".")
	return isDigits(whole+rest) && (!point || rest != "")
}

// parsePercent reads "0.5%". The point is moved in the text: a division would round.
func parsePercent(s string, p *float64) bool {
	s, ok := strings.CutSuffix(s, "%")
	if !ok || !isDecimal(s) {
		return false
	}
	f, err := strconv.ParseFloat(s+"e-2", 64)
	*p = f
	return err == nil
}

// units of rates in bits and of sizes, the largest first, as tc(8) has them: those of rates are
// powers of 1000, those of sizes powers of 1024.
var (
	rateUnits = []unit{{"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}
	sizeUnits = []unit{{"m", 1 << 20}, {"k", 1 << 10}, {"", 1}}
)

type unit struct {
	name string
	n    int64
}

// parseRate reads "1.5mbit" into bytes a second.
func parseRate(s string, rate *int64) bool {
	for _, u := range rateUnits {
		if v, ok := strings.CutSuffix(s, u.name); ok {
			f, err := strconv.ParseFloat(v, 64)
			f *= float64(u.n) / 8
			if !isDecimal(v) || err != nil || f < 1 || f > maxRate {
				return false
			}
			*rate = int64(f)
			return true
		}
	}
	return false
}

// parseBytes reads "64k".
func parseBytes(s string, n *int) bool {
	for _, u := range sizeUnits {
		if v, ok := strings.CutSuffix(s, u.name); ok {
			i, err := strconv.ParseInt(v, 10, 32)
			if !isDigits(v) || err != nil || i > maxQueue/u.n {
				return false
			}
			*n = int(i * u.n)
			return true
		}
	}
	return false
}

// String returns the form that ParseImpair reads, "" when c does nothing at all.
func (c ImpairConfig) String() string {
	var parts []string
	add := func(given bool, name, value string) {
		if given {
			parts = append(parts, name+"="+value)
		}
	}
	for _, p := range []struct {
		name string
		p    float64
	}{{"loss", c.Loss}, {"dup", c.Duplicate}, {"reorder", c.Reorder}, {"corrupt", c.Corrupt}, {"truncate", c.Truncate}} {
		add(p.p != 0, p.name, formatPercent(p.p))
	}
	add(c.Delay != 0, "delay", c.Delay.String())
	add(c.Jitter != 0, "jitter", c.Jitter.String())
	if c.Overtake {
		parts = append(parts, "overtake")
	}
	add(c.Rate != 0, "rate", formatUnits(8*c.Rate, rateUnits))
	add(c.QueueBytes != 0, "queue", formatUnits(int64(c.QueueBytes), sizeUnits))
	add(c.QueueFrames != 0, "qlen", strconv.Itoa(c.QueueFrames))
	add(c.MTU != 0, "mtu", strconv.Itoa(c.MTU))
	add(c.Seed != 0, "seed", strconv.FormatUint(c.Seed, 10))
	return strings.Join(parts, ",")
}

// formatPercent returns the shortest text that parsePercent reads as p.
func formatPercent(p float64) string {
	whole, rest, _ := strings.Cut(strconv.FormatFloat(p, 'f', -1, 64), ".")
	for len(rest) < 2 {
		rest += "0"
	}
	s := strings.TrimLeft(whole+rest[:2], "0")
	if s == "" {
		s = "0"
	}
	if rest = rest[2:]; rest != "" {
		s += "." + rest
	}
	return s + "%"
}

// formatUnits writes n in the largest unit that it is a multiple of.
func formatUnits(n int64, units []unit) string {
	for _, u := range units {
		if n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.name
		}
	}
	return ""
}
