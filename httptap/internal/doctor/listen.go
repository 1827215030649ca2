package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"httptap/httptap/api"
)

// What Windows calls these. winsock2.h
const (
	wsaeAccess    = syscall.Errno(10013)
	wsaeInUse     = syscall.Errno(10048)
	wsaeNoAddress = syscall.Errno(10049)
)

// checkSystem says what can't be had on this system at all.
func (e *exam) checkSystem(context.Context) {
	switch {
	case e.Device == User:
		e.ok("device", "user needs neither a device nor privilege")
	case e.OS != "linux":
		e.fail("device", fmt.Sprintf("%s: on %s httptap has no TAP and no packet socket", e.Device, e.OS), "-i user, which needs neither")
	}
}

// checkListen looks at each address.
func (e *exam) checkListen(ctx context.Context) {
	for _, address := range e.Listen {
		e.checkAddress(ctx, address)
	}
}

// checkAddress finds out whether an address can be had, and who has it.
func (e *exam) checkAddress(ctx context.Context, address string) {
	path, isUnix := strings.CutPrefix(address, "unix:")
	if isUnix || strings.HasPrefix(path, "/") {
		e.checkSocket(ctx, address, path)
		return
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		e.fail("address", fmt.Sprintf("%s: %v", address, err), "-listen "+api.DefaultListen)
		return
	}
	err = e.TryListen(address)
	switch {
	case err == nil:
		e.ok("address", "%s is free", address)
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaeInUse):
		e.addressTaken(ctx, address, host, port)
	case errors.Is(err, wsaeAccess):
		e.fail("address", address+": Windows keeps this port for itself: "+err.Error(),
			"see which ports it keeps with 'netsh interface ipv4 show excludedportrange protocol=tcp', and use another: -listen "+net.JoinHostPort(host, "7070"))
	case errors.Is(err, fs.ErrPermission):
		e.fail("address", address+": a port below 1024 needs privilege: "+err.Error(), "-listen "+e.freePort(host, 7070))
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, wsaeNoAddress):
		e.fail("address", address+": this machine has no such address", "-listen "+net.JoinHostPort("127.0.0.1", port))
	default:
		e.fail("address", err.Error(), "-listen "+api.DefaultListen)
	}
}

// addressTaken says by whom.
func (e *exam) addressTaken(ctx context.Context, address, host, port string) {
	number, _ := strconv.Atoi(port)
	other := "another port: -listen " + e.freePort(host, number+1)
	who, ask := e.tcpHolders(host, uint16(number))
	if device, ok := e.otherHTTPTap(ctx, address); ok {
		e.fail("address", fmt.Sprintf("%s is taken by another httptap (%s), %s", address, device, who),
			fmt.Sprintf("use that one, its URL is http://%s, or %s", address, other))
		return
	}
	if ask {
		other += "; " + e.asRoot() + " sees who it is"
	}
	e.fail("address", fmt.Sprintf("%s is taken by %s", address, who), "end that, or use "+other)
}

// tcpHolders says who listens on a port, and whether root could say more.
func (e *exam) tcpHolders(host string, port uint16) (who string, more bool) {
	all, err := e.sockets("tcp")
	if err != nil {
		return "a process that can't be seen here", false
	}
	addr, _ := netip.ParseAddr(host)
	var inodes []string
	for _, s := range all {
		if s.local.Port() == port && s.state == listening && (s.local.Addr() == addr || s.local.Addr().IsUnspecified() || addr.IsUnspecified() || !addr.IsValid()) {
			inodes = append(inodes, s.inode)
		}
	}
	found, hidden := e.socketHolders(inodes)
	if len(found) > 0 {
		return holders(found), false
	}
	return "a process that can't be seen here", hidden
}

// freePort returns an address with the first port from a number on that is free.
func (e *exam) freePort(host string, from int) string {
	for port := from; port < min(from+50, 1<<16); port++ {
		address := net.JoinHostPort(host, strconv.Itoa(port))
		if e.TryListen(address) == nil {
			return address
		}
	}
	return net.JoinHostPort(host, "0") // the kernel finds one
}

// otherHTTPTap tells whether an httptap answers at the address, and what it serves. It asks for /stats,
// because /info makes a client of whoever asks.
func (e *exam) otherHTTPTap(ctx context.Context, address string) (device string, ok bool) {
	status, body, err := e.Ask(ctx, address, api.PathStats)
	if err != nil {
		return "", false
	}
	var stats struct {
		Ports    []struct{ Name, Kind string }
		Requests *uint64
	}
	if status == 200 && json.Unmarshal(body, &stats) == nil && stats.Requests != nil {
		for _, p := range stats.Ports {
			if p.Kind == "device" {
				return p.Name, true
			}
		}
		return User, true
	}
	var refused api.Error
	if (status == 401 || status == 403) && json.Unmarshal(body, &refused) == nil && refused.Error != "" {
		return "it says: " + refused.Error, true
	}
	// Version 0 has no /stats, and clients without a name only.
	status, body, err = e.Ask(ctx, address, api.PathInfo)
	var info api.Info
	if err == nil && status == 200 && json.Unmarshal(body, &info) == nil && info.MTU > 0 && info.HardwareAddr != "" {
		return "of version 0, " + info.HardwareAddr, true
	}
	return "", false
}

// checkSocket finds out whether a Unix socket can be made.
func (e *exam) checkSocket(ctx context.Context, address, path string) {
	const other = "another path: -listen unix:"
	err := e.Connect(path)
	switch {
	case err == nil:
		if device, ok := e.otherHTTPTap(ctx, address); ok {
			e.fail("address", fmt.Sprintf("%s is taken by another httptap (%s)", path, device), "use that one, or "+other+path+".2")
			return
		}
		e.fail("address", path+" is taken: somebody listens there", "see who with 'ss -lxp src "+path+"', or use "+other+path+".2")
	case errors.Is(err, fs.ErrNotExist):
		e.ok("address", "unix:%s is free", path)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.ok("address", "unix:%s is left over from a process that has ended", path)
	default:
		e.fail("address", "unix:"+path+": "+err.Error(), "-listen "+api.DefaultListen)
	}
}
