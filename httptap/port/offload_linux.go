package port

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"httptap/httptap/internal/undo"
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

// restoreWork names the process that switches offloads on again; its arguments are the interface and the offloads.
const restoreWork = "offloads"

// disableOffloads switches off what disturbs and starts the process that switches it on again.
func disableOffloads(name string) (*undo.Process, error) {
	var off []string
	for i := range offloads {
		changed, err := setOffload(name, i, false)
		if err != nil {
			restoreNow(name, off)
			return nil, err
		}
		if changed {
			off = append(off, offloads[i].name)
		}
	}
	if len(off) == 0 {
		return nil, nil
	}
	p, err := undo.Start(restoreWork, append([]string{name}, off...))
	if err != nil {
		restoreNow(name, off)
		return nil, err
	}
	return p, nil
}

func restoreNow(name string, off []string) error {
	var all error
	for i, o := range offloads {
		for _, u := range off {
			if u == o.name {
				_, err := setOffload(name, i, true)
				all = errors.Join(all, err)
			}
		}
	}
	return all
}

// Helper is to be called first thing in main by every program that opens a NIC: when the
// program was started to restore offloads, it does that and exits.
func Helper() {
	undo.Main(restoreWork, func(args []string) error {
		if len(args) < 2 {
			return errors.New("an interface and its offloads are needed")
		}
		if err := restoreNow(args[0], args[1:]); !errors.Is(err, unix.ENODEV) {
			return err
		}
		return nil // it has gone, and what it was set to with it
	})
}
