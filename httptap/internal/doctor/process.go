package doctor

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A process is one that holds something.
type process struct {
	pid  int
	name string
}

func (p process) String() string { return fmt.Sprintf("process %d (%s)", p.pid, p.name) }

// holders says who holds something, "" when nobody that can be seen does.
func holders(all []process) string {
	var text []string
	for _, p := range all {
		text = append(text, p.String())
	}
	return strings.Join(text, ", ")
}

// descriptors calls f with each open file of each process whose files may be looked at: where its
// link in /proc leads, and its number. It tells whether there were processes whose files may not
// be looked at.
func (e *exam) descriptors(f func(pid int, fd, target string) (mine bool)) (all []process, hidden bool) {
	dirs, err := fs.ReadDir(e.Root, "proc")
	if err != nil {
		return nil, true
	}
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		dir := path.Join("proc", d.Name())
		fds, err := fs.ReadDir(e.Root, path.Join(dir, "fd"))
		if err != nil {
			hidden = true
			continue
		}
		for _, fd := range fds {
			target, err := fs.ReadLink(e.Root, path.Join(dir, "fd", fd.Name()))
			if err == nil && f(pid, fd.Name(), target) {
				name, _ := fs.ReadFile(e.Root, path.Join(dir, "comm"))
				all = append(all, process{pid, strings.TrimSpace(string(name))})
				break
			}
		}
	}
	return all, hidden
}

// socketHolders returns who has one of the sockets open.
func (e *exam) socketHolders(inodes []string) ([]process, bool) {
	return e.descriptors(func(_ int, _, target string) bool {
		inode, ok := strings.CutPrefix(target, "socket:[")
		return ok && slices.Contains(inodes, strings.TrimSuffix(inode, "]"))
	})
}

// tapHolders returns who has the TAP of this name open in our network namespace.
func (e *exam) tapHolders(name string) ([]process, bool) {
	ours, _ := fs.ReadLink(e.Root, "proc/self/ns/net")
	return e.descriptors(func(pid int, fd, target string) bool {
		if !strings.HasSuffix(target, "net/tun") {
			return false
		}
		dir := path.Join("proc", strconv.Itoa(pid))
		info, err := fs.ReadFile(e.Root, path.Join(dir, "fdinfo", fd))
		if err != nil {
			return false
		}
		// A TAP of the same name in another network namespace is another one.
		theirs, err := fs.ReadLink(e.Root, path.Join(dir, "ns", "net"))
		if err == nil && theirs != ours {
			return false
		}
		for line := range strings.Lines(string(info)) {
			if key, value, _ := strings.Cut(line, ":"); key == "iff" && strings.TrimSpace(value) == name {
				return true
			}
		}
		return false
	})
}

// A socket is a line of /proc/net/tcp or one of its like.
type socket struct {
	local netip.AddrPort
	state string
	inode string
}

// listening is TCP_LISTEN of the kernel's tcp_states.h as /proc/net/tcp has it.
const listening = "0A"

// sockets reads /proc/net/NAME and NAME6.
func (e *exam) sockets(name string) (all []socket, err error) {
	for _, file := range []string{name, name + "6"} {
		f, failed := e.Root.Open("proc/self/net/" + file)
		if failed != nil && file == name {
			return nil, failed
		}
		if failed != nil {
			continue // without IPv6 there is one file only
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 {
				continue
			}
			if local, ok := parseSocketAddr(fields[1]); ok {
				all = append(all, socket{local, fields[3], fields[9]})
			}
		}
		f.Close()
	}
	return all, nil
}

// parseSocketAddr reads an address of /proc/net/tcp: its words as hexadecimal numbers of this machine's
// byte order, then the port.
func parseSocketAddr(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	p, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a.Unmap(), uint16(p)), ok
}
