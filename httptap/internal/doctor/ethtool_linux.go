package doctor

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What linux/ethtool.h calls ETH_SS_FEATURES and ETH_GSTRING_LEN.
const (
	setFeatures = 4
	nameLen     = 32
)

// maxFeatures bounds what the kernel says of its features; there are 64 of them today.
const maxFeatures = 1024

// offloadsOn returns the names of the features of an interface that are on. It asks as ethtool -k does:
// for the set's size, its strings, and two words a block of 32 features. linux/ethtool.h
func offloadsOn(name string) ([]string, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, denied("a socket for ethtool", err)
	}
	defer unix.Close(fd)
	n := binary.NativeEndian

	// struct ethtool_sset_info: cmd, reserved, a mask of sets, a length for each set that is there.
	info := make([]byte, 20)
	n.PutUint32(info, unix.ETHTOOL_GSSET_INFO)
	n.PutUint64(info[8:], 1<<setFeatures)
	if err := ethtool(fd, name, info); err != nil {
		return nil, err
	}
	count := int(n.Uint32(info[16:]))
	if n.Uint64(info[8:]) == 0 || count == 0 || count > maxFeatures {
		return nil, fmt.Errorf("the features of %s: the kernel says there are %d", name, count)
	}
	// struct ethtool_gstrings: cmd, set, length, names of ETH_GSTRING_LEN bytes.
	names := make([]byte, 12+count*nameLen)
	n.PutUint32(names, unix.ETHTOOL_GSTRINGS)
	n.PutUint32(names[4:], setFeatures)
	n.PutUint32(names[8:], uint32(count))
	if err := ethtool(fd, name, names); err != nil {
		return nil, err
	}
	// struct ethtool_gfeatures: cmd, blocks, for each block available, requested, active, never changed.
	blocks := (count + 31) / 32
	features := make([]byte, 8+16*blocks)
	n.PutUint32(features, unix.ETHTOOL_GFEATURES)
	n.PutUint32(features[4:], uint32(blocks))
	if err := ethtool(fd, name, features); err != nil {
		return nil, err
	}
	var on []string
	for i := range count {
		if active := n.Uint32(features[8+16*(i/32)+8:]); active>>(i%32)&1 != 0 {
			text, _, _ := bytes.Cut(names[12+i*nameLen:][:nameLen], []byte{0})
			on = append(on, string(text))
		}
	}
	return on, nil
}

// ethtool does one request.
func ethtool(fd int, name string, request []byte) error {
	ifr := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&request[0])}
	copy(ifr.name[:unix.IFNAMSIZ-1], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&ifr))); errno != 0 {
		return denied("ethtool on "+name, errno)
	}
	return nil
}
