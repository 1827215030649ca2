package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"httptap/httptap/internal/capture"
)

// A ringSize is a flag: how many bytes of frames are kept.
type ringSize int

// defaultRing is some seconds of a fast download, and hours of anything else.
const defaultRing ringSize = 16 << 20

const maxRing = min(4<<30, math.MaxInt)

var units = []struct {
	name  string
	bytes uint64
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// String implements flag.Value.
func (s ringSize) String() string {
	for _, u := range units {
		if n := uint64(s); n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatUint(n/u.bytes, 10) + u.name
		}
	}
	return "0"
}

// Set implements flag.Value.
func (s *ringSize) Set(text string) error {
	number, unit := text, uint64(1)
	for _, u := range units {
		if cut, ok := strings.CutSuffix(strings.ToUpper(text), u.name); ok {
			number, unit = strings.TrimSpace(cut), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if n *= unit; err != nil || n > maxRing || n > 0 && n < capture.MinSize {
		return fmt.Errorf("0, or a size from 1MB to 4GB, such as %v", defaultRing)
	}
	*s = ringSize(n)
	return nil
}
