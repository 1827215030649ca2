package privilege

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// AsInvoker runs f on this thread with the rights over files that the user has who called sudo, so
// that what f makes is his and f touches nothing that he may not touch. Without sudo f runs as it
// is. f must do its work in its own goroutine. The supplementary groups stay those of root, which Drop
// gives up.
func AsInvoker(f func() error) error {
	uid, gid, ok := invoker()
	if os.Geteuid() != 0 || !ok {
		return f()
	}
	runtime.LockOSThread()
	// setfsuid(2): when it becomes nonzero, the file capabilities, such as CAP_DAC_OVERRIDE, are
	// cleared from the effective set; they come back with 0. It acts on this thread only.
	set := func(uid, gid int) error {
		if _, err := unix.SetfsgidRetGid(gid); err != nil {
			return fmt.Errorf("privilege: setfsgid %d: %w", gid, err)
		}
		if _, err := unix.SetfsuidRetUid(uid); err != nil {
			return fmt.Errorf("privilege: setfsuid %d: %w", uid, err)
		}
		// Neither call says whether it worked, but the next one tells what is set.
		if is, err := unix.SetfsuidRetUid(-1); err != nil || is != uid {
			return fmt.Errorf("privilege: setfsuid %d: it stays %d", uid, is)
		}
		return nil
	}
	if err := set(uid, gid); err != nil {
		return err // the thread ends with this goroutine
	}
	err := f()
	if back := set(0, 0); back != nil {
		return errors.Join(err, back)
	}
	runtime.UnlockOSThread()
	return err
}

// invoker returns the user who called sudo. Root who called it is nobody else.
func invoker() (uid, gid int, ok bool) {
	uid, gid = id("SUDO_UID"), id("SUDO_GID")
	return uid, gid, uid > 0 && gid > 0
}
