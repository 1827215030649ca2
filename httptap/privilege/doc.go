// Package privilege gives root up. A process that was started as root becomes the user who
// called sudo, else nobody, in all its threads and for good.
package privilege

import "errors"

// ErrKept says that root could be had again: the process must not go on.
var ErrKept = errors.New("privilege: root was not given up")
