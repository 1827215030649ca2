//go:build race

package stack

// The race detector makes the grid ten times as slow, and needs it to be wide, not deep.
func init() { gridShort = true }
