package privilege

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nobody is the user and group that own nothing, on every Linux.
const nobody = 65534

// Drop gives root up: the process runs as SUDO_UID and SUDO_GID, else as nobody, without
// supplementary groups and capabilities, and can't gain any. A process that is not root keeps
// its user and loses its capabilities. It must be called before the first byte of input is
// looked at; files and sockets that are open stay so.
func Drop() error {
	if os.Getuid() == 0 {
		uid, gid := nobody, nobody
		if u, g, ok := invoker(); ok {
			uid, gid = u, g
		}
		// The order matters: without root no group can be given up. These calls act on all
		// threads. capabilities(7): when all user IDs become nonzero, "all capabilities are
		// cleared from the permitted, effective, and ambient capability sets".
		if err := syscall.Setgroups(nil); err != nil {
			return fmt.Errorf("privilege: setgroups: %w", err)
		}
		if err := syscall.Setresgid(gid, gid, gid); err != nil {
			return fmt.Errorf("privilege: setresgid %d: %w", gid, err)
		}
		if err := syscall.Setresuid(uid, uid, uid); err != nil {
			return fmt.Errorf("privilege: setresuid %d: %w", uid, err)
		}
	} else if err := clearCapabilities(); err != nil {
		return err
	}
	if err := noNewPrivileges(); err != nil {
		return fmt.Errorf("privilege: no new privileges: %w", err)
	}
	if syscall.Setuid(0) == nil || os.Geteuid() == 0 {
		return ErrKept
	}
	return nil
}

func id(env string) int {
	n, err := strconv.Atoi(os.Getenv(env))
	if err != nil {
		return -1
	}
	return n
}

// noNewPrivileges bars every thread from gaining privileges through exec. prctl(2) speaks for
// one thread only; seccomp(2) with SECCOMP_FILTER_FLAG_TSYNC carries the attribute to all of
// them, with a filter that allows everything.
func noNewPrivileges() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
	program := unix.SockFprog{Len: 1, Filter: &allow}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	if r != 0 {
		return fmt.Errorf("thread %d could not be reached", r)
	}
	return nil
}

// clearCapabilities empties the sets of every thread of a process that has some without root.
func clearCapabilities() error {
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&h, &sets[0]); err != nil {
		return fmt.Errorf("privilege: capget: %w", err)
	}
	if sets[0].Permitted|sets[1].Permitted == 0 {
		return nil
	}
	sets = [2]unix.CapUserData{}
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&h)), uintptr(unsafe.Pointer(&sets[0])), 0)
	if errno != 0 {
		return errors.Join(ErrKept, fmt.Errorf("capset for all threads: %w (a binary built with CGO_ENABLED=0 can)", errno))
	}
	return nil
}
