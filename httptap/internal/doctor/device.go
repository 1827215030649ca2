package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"httptap/httptap/port"
)

// Bits of the capability sets. linux/capability.h
const (
	capSetGID   = 6
	capSetUID   = 7
	capNetAdmin = 12
	capNetRaw   = 13
)

// checkTUN finds out whether a TAP can be made at all.
func (e *exam) checkTUN(context.Context) {
	if !e.isTAP() {
		return
	}
	const what = "/dev/net/tun"
	err := e.OpenTUN()
	switch {
	case err == nil:
		e.ok(what, "is there and can be opened")
	case errors.Is(err, fs.ErrNotExist):
		why := "there is no such device: the module tun is not loaded, or this is a container that was not given it"
		if _, err := fs.Stat(e.Root, "sys/class/misc/tun"); err == nil {
			why = "there is no such file, though the kernel has the device: a container that was not given it"
		}
		e.fail(what, why, port.FixNoTun)
	case errors.Is(err, fs.ErrPermission):
		why := fmt.Sprintf("user %d may not open it", e.status().uid)
		if e.status().uid == 0 {
			why = "root may not open it: the container's list of devices does not have it"
		}
		e.fail(what, why, port.FixPermission)
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		e.fail(what, "the file is there, but the kernel has no such device", port.FixNoTun)
	default:
		e.fail(what, err.Error(), port.FixNoTun)
	}
}

// A status is what /proc says of this process.
type status struct {
	uid, gid      int
	effective     uint64 // capabilities
	noNewPrivs    bool
	setgroupsDeny bool    // in a user namespace that may not set them
	users         []users // that this user namespace has; none: not known
}

// users are user IDs of a user namespace: n from first on.
type users struct{ first, n uint64 }

func (s status) has(capability int) bool { return s.effective>>capability&1 != 0 }

// maps tells whether a user exists in this user namespace.
func (s status) maps(uid uint64) bool {
	return len(s.users) == 0 || slices.ContainsFunc(s.users, func(u users) bool { return uid-u.first < u.n })
}

func (e *exam) status() (s status) {
	s.uid, s.gid = -1, -1
	b, _ := fs.ReadFile(e.Root, "proc/self/status")
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		f := strings.Fields(value)
		if len(f) == 0 {
			continue
		}
		switch key {
		case "Uid":
			s.uid, _ = strconv.Atoi(f[min(1, len(f)-1)]) // the effective one
		case "Gid":
			s.gid, _ = strconv.Atoi(f[min(1, len(f)-1)])
		case "CapEff":
			s.effective, _ = strconv.ParseUint(f[0], 16, 64)
		case "NoNewPrivs":
			s.noNewPrivs = f[0] == "1"
		}
	}
	b, _ = fs.ReadFile(e.Root, "proc/self/uid_map")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 {
			first, err1 := strconv.ParseUint(f[0], 10, 64)
			n, err2 := strconv.ParseUint(f[2], 10, 64)
			if err1 == nil && err2 == nil {
				s.users = append(s.users, users{first, n})
			}
		}
	}
	s.setgroupsDeny = e.setting("proc/self/setgroups") == "deny"
	return s
}

// setting reads a file of one line, "" when there is none.
func (e *exam) setting(name string) string {
	b, _ := fs.ReadFile(e.Root, name)
	return strings.TrimSpace(string(b))
}

// needs returns which capabilities opening the device takes that this process does not have.
func (e *exam) needs() (missing []string) {
	s := e.status()
	if e.Device != User && !s.has(capNetAdmin) {
		missing = append(missing, "CAP_NET_ADMIN")
	}
	if e.isNIC() && !s.has(capNetRaw) {
		missing = append(missing, "CAP_NET_RAW")
	}
	return missing
}

// checkPrivilege finds out whether the device may be opened.
func (e *exam) checkPrivilege(context.Context) {
	if e.Device == User {
		return
	}
	s, missing := e.status(), e.needs()
	const what = "privilege"
	if len(missing) == 0 {
		e.ok(what, "user %d has CAP_NET_ADMIN%s; httptap gives it up once the device is open", s.uid, map[bool]string{true: " and CAP_NET_RAW"}[e.isNIC()])
		return
	}
	why := fmt.Sprintf("user %d has no %s", s.uid, strings.Join(missing, " and no "))
	switch {
	case s.noNewPrivs:
		e.fail(what, why+", and neither sudo nor file capabilities can give it: this process runs with no-new-privileges",
			"start httptap outside of the container or service that set it, or use -i user, which needs no privilege")
	case s.uid == 0:
		e.fail(what, why+", though it is root: a container without it",
			"give the container --cap-add NET_ADMIN --cap-add NET_RAW --device /dev/net/tun, or use -i user, which needs no privilege")
	default:
		e.fail(what, why, port.FixPermission+"; or give it to the program: "+e.setcap())
	}
}

// setcap is the command that gives the program file capabilities.
func (e *exam) setcap() string {
	const set = "sudo setcap cap_net_admin,cap_net_raw+ep "
	if e.CGO || strings.Contains(e.Program, "/go-build") {
		// With cgo it would not start; one of 'go run' is new each time.
		return "CGO_ENABLED=0 go build -o httptap.bin ./httptap && " + set + "httptap.bin"
	}
	return set + e.Program
}

// nobody is who root becomes, and his group. See package privilege.
const nobody = 65534

// later returns the user or group that root becomes.
func (e *exam) later(sudo string) uint64 {
	if id, err := strconv.ParseUint(e.Env[sudo], 10, 32); err == nil && id > 0 {
		return id
	}
	return nobody
}

// laterGroup is the group that httptap runs with.
func (e *exam) laterGroup() uint64 {
	if s := e.status(); s.uid != 0 {
		return uint64(s.gid)
	}
	return e.later("SUDO_GID")
}

// checkGivingUp finds out whether root can be given up, without which httptap does not go on.
func (e *exam) checkGivingUp(context.Context) {
	const what = "giving root up"
	s := e.status()
	if s.uid != 0 {
		if s.effective != 0 && e.CGO {
			e.fail(what, "a program that was built with cgo can't give file capabilities up in all its threads", e.setcap())
		}
		return
	}
	next := e.later("SUDO_UID")
	switch {
	case s.setgroupsDeny || !s.maps(next):
		e.fail(what, fmt.Sprintf("this user namespace has no user %d to become, or may not set groups", next),
			"use one with more users, 'unshare --map-root-user --map-auto --net', or sudo without one, or -i user outside")
	case !s.has(capSetUID) || !s.has(capSetGID):
		e.fail(what, "root without CAP_SETUID and CAP_SETGID can't become another user",
			"give the container --cap-add SETUID --cap-add SETGID, or start httptap as another user")
	default:
		e.ok(what, "httptap becomes user %d once the device is open", next)
	}
}

// checkUserNamespaces says whether a network of one's own, in which an ordinary user is root, is a way
// out.
func (e *exam) checkUserNamespaces(context.Context) {
	if len(e.needs()) == 0 || e.status().uid == 0 {
		return
	}
	const what, follows = "user namespaces", ", so that an ordinary user gets no network of his own with 'unshare' or a rootless container"
	switch {
	case e.setting("proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
		e.warn(what, "AppArmor restricts them (kernel.apparmor_restrict_unprivileged_userns is 1)"+follows,
			"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with 'userns,' for the program that makes them")
	case e.setting("proc/sys/kernel/unprivileged_userns_clone") == "0":
		e.warn(what, "they are for root only (kernel.unprivileged_userns_clone is 0)"+follows,
			"sudo sysctl -w kernel.unprivileged_userns_clone=1")
	case e.setting("proc/sys/user/max_user_namespaces") == "0":
		e.warn(what, "there may be none (user.max_user_namespaces is 0)"+follows,
			"sudo sysctl -w user.max_user_namespaces=10000")
	}
}

// find returns an interface of this name, nil when there is none.
func (e *exam) find(name string) (*Interface, error) {
	all, err := e.Interfaces()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, nil
}

// checkTAP finds out whether the name of the TAP is free.
func (e *exam) checkTAP(context.Context) {
	if !e.isTAP() {
		return
	}
	i, err := e.find(e.Device)
	switch {
	case err != nil:
		e.unseen(e.Device, err)
	case i == nil:
		e.ok(e.Device, "no interface has this name: httptap makes it, and it goes with httptap")
	case i.TAP == nil:
		e.fail(e.Device, fmt.Sprintf("an interface of this name is there that is no TAP but of kind %q", i.Kind), port.FixOther(e.Device))
	case i.TAP.IsTUN:
		e.fail(e.Device, "an interface of this name is there that is no TAP but a TUN: it carries packets, not frames", port.FixOther(e.Device))
	case i.TAP.MultiQueue:
		e.fail(e.Device, "it is a TAP of several queues, which httptap does not open", port.FixOther(e.Device))
	default:
		e.checkOldTAP(i)
	}
}

// checkOldTAP is about a TAP that is there already.
func (e *exam) checkOldTAP(i *Interface) {
	who, hidden := e.tapHolders(i.Name)
	if len(who) > 0 || i.Carrier {
		why := "in use by a process that can't be seen here"
		if len(who) > 0 {
			why = "in use by " + holders(who)
		}
		fix := port.FixBusy(i.Name)
		if len(who) == 0 && hidden {
			fix += "; " + e.asRoot() + " sees who it is"
		}
		e.fail(i.Name, why, fix)
		return
	}
	s := e.status()
	if i.TAP.Owner != 0 && int(i.TAP.Owner) != s.uid && !s.has(capNetAdmin) {
		e.fail(i.Name, fmt.Sprintf("it is there already and belongs to user %d, not to %d", i.TAP.Owner, s.uid), port.FixPermission)
		return
	}
	e.ok(i.Name, "it is there already, nobody uses it, and it stays when httptap ends")
	if e.MTU != 0 && i.MTU != e.MTU {
		e.warn(i.Name+" MTU", fmt.Sprintf("it is %d and httptap sets it to %d, for good", i.MTU, e.MTU), fmt.Sprintf("-mtu %d leaves it", i.MTU))
	}
}
