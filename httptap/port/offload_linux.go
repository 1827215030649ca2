package port

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The receive offloads that make one frame of several, so that what is seen is not what was
// on the wire. linux/ethtool.h
var offloads = []struct {
	name     string
	get, set uint32
	bit      uint32 // of the flags word, where the offload is a bit of it
}{
	{"gro", unix.ETHTOOL_GGRO, unix.ETHTOOL_SGRO, 0},
	{"lro", unix.ETHTOOL_GFLAGS, unix.ETHTOOL_SFLAGS, 1 << 15}, // ETH_FLAG_LRO
}

// ethtoolValue is struct ethtool_value.
type ethtoolValue struct{ cmd, data uint32 }

func ethtool(name string, v *ethtoolValue) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(v)}
	copy(req.name[:], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req))); errno != 0 {
		return errno
	}
	return nil
}

// setOffload switches one offload and tells whether that changed it.
func setOffload(name string, i int, on bool) (changed bool, err error) {
	o := offloads[i]
	v := ethtoolValue{cmd: o.get}
	if err := ethtool(name, &v); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			return false, nil // a device that does not have it can't be disturbed by it
		}
		return false, err
	}
	was := v.data != 0
	want := ethtoolValue{cmd: o.set}
	if o.bit != 0 {
		was, want.data = v.data&o.bit != 0, v.data&^o.bit
	}
	if was == on {
		return false, nil
	}
	if on {
		want.data |= max(o.bit, 1)
	}
	return true, ethtool(name, &want)
}

// A restorer is the process that puts offloads back. It has root where its maker may have
// dropped it; it reads nothing but the end of its input, which also comes when the maker dies.
type restorer struct {
	proc *os.Process
	pipe *os.File
}

// helperName is argv[0] of that process; the arguments are the interface and the offloads.
const helperName = "httptap-restore-offloads"

// disableOffloads switches off what disturbs and starts the process that switches it on again.
func disableOffloads(name string) (*restorer, error) {
	var undo []string
	for i := range offloads {
		changed, err := setOffload(name, i, false)
		if err != nil {
			restoreNow(name, undo)
			return nil, err
		}
		if changed {
			undo = append(undo, offloads[i].name)
		}
	}
	if len(undo) == 0 {
		return nil, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		restoreNow(name, undo)
		return nil, err
	}
	defer r.Close()
	proc, err := os.StartProcess("/proc/self/exe", append([]string{helperName, name}, undo...), &os.ProcAttr{
		Files: []*os.File{r, nil, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setsid: true}, // Ctrl-C on the terminal is not for it
	})
	if err != nil {
		w.Close()
		restoreNow(name, undo)
		return nil, err
	}
	return &restorer{proc, w}, nil
}

func restoreNow(name string, undo []string) error {
	var all error
	for i, o := range offloads {
		for _, u := range undo {
			if u == o.name {
				_, err := setOffload(name, i, true)
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

// restore lets the process do its work and waits for it.
func (r *restorer) restore() error {
	if r == nil {
		return nil
	}
	r.pipe.Close()
	state, err := r.proc.Wait()
	if err == nil && !state.Success() {
		err = fmt.Errorf("port: the receive offloads could not be switched on again: %s", state)
	}
	return err
}

// Helper is to be called first thing in main by every program that opens a NIC: when the
// program was started to restore offloads, it does that and exits.
func Helper() {
	if len(os.Args) < 2 || os.Args[0] != helperName {
		return
	}
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	for b := make([]byte, 1); ; {
		if _, err := os.Stdin.Read(b); err != nil {
			break
		}
	}
	if err := restoreNow(os.Args[1], os.Args[2:]); err != nil && !errors.Is(err, unix.ENODEV) {
		fmt.Fprintf(os.Stderr, "httptap: switching %s of %s on again: %v\n", strings.Join(os.Args[2:], ", "), os.Args[1], err)
		os.Exit(1)
	}
	os.Exit(0)
}
