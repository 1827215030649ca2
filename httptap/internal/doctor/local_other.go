//go:build !linux

package doctor

import "errors"

// local: what only Linux has is not asked for elsewhere, see Examine.
func local(s *System) {
	s.MaxFiles = func() (uint64, error) { return 0, errors.ErrUnsupported }
}
