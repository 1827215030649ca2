// Package undo puts back what a process changed on this machine, when it ends and however it ends: by
// return, by panic, by kill -9.
//
// The process that makes the change starts another one of the same program before it does, by [Start], and
// then may give its own privilege up. The other one keeps it, reads nothing but the end of its input, which also comes
// when its maker dies, does the work that it was started for, and exits. Only Linux has something to put back.
//
// What ends both at once, such as the end of a container or a service's whole control group by SIGKILL, leaves
// the change.
package undo
