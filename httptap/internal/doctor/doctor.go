package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
)

// A Level says how bad a finding is.
type Level string

// The levels. With Fail httptap does not start, or does not do what it is for; with Warn something
// that its users may meet is not as they expect.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "FAIL"
)

// A Finding is the answer to one question.
type Finding struct {
	Level Level  `json:"level"`
	What  string `json:"what"`          // was looked at
	Why   string `json:"why"`           // what was found, and what follows
	Fix   string `json:"fix,omitempty"` // the command or flag that mends it; "" for OK
}

// User is the name of the device that is none.
const User = "user"

// A Request is how httptap is to run.
type Request struct {
	Device string       // -i; a NIC is asked for DHCP servers
	Net    netip.Prefix // -net
	MTU    int          // -mtu; 0: not given
	Listen []string     // -listen: host:port, or a path with or without unix: before it
	Lab    bool         // -lab
	NAT    bool         // -nat
}

func (r Request) isTAP() bool { return strings.HasPrefix(r.Device, "tap") }
func (r Request) isNIC() bool { return r.Device != User && !r.isTAP() }

// Examine answers all questions, in an order in which each makes sense after those before it.
func Examine(ctx context.Context, s *System, r Request) []Finding {
	e := &exam{System: s, Request: r}
	checks := []func(*exam, context.Context){(*exam).checkSystem, (*exam).checkListen}
	if s.OS == "linux" {
		checks = append(checks, (*exam).checkTUN, (*exam).checkPrivilege, (*exam).checkGivingUp, (*exam).checkUserNamespaces,
			(*exam).checkTAP, (*exam).checkOverlap, (*exam).checkLocalDHCP, (*exam).checkNAT,
			(*exam).checkNIC, (*exam).checkWireless, (*exam).checkNICMTU, (*exam).checkOffloads, (*exam).checkResets,
			(*exam).checkForwarding, (*exam).checkDHCP, (*exam).checkPing)
	}
	checks = append(checks, (*exam).checkFiles, (*exam).checkProxies)
	for _, check := range checks {
		check(e, ctx)
	}
	return e.found
}

// Failed tells whether anything failed.
func Failed(all []Finding) bool {
	for _, f := range all {
		if f.Level == Fail {
			return true
		}
	}
	return false
}

// An exam is one run of all checks.
type exam struct {
	*System
	Request
	found []Finding
	nic   *Interface // set by checkNIC
}

func (e *exam) ok(what, why string, args ...any) {
	e.found = append(e.found, Finding{Level: OK, What: what, Why: fmt.Sprintf(why, args...)})
}

func (e *exam) warn(what, why, fix string) {
	e.found = append(e.found, Finding{Warn, what, why, fix})
}

func (e *exam) fail(what, why, fix string) {
	e.found = append(e.found, Finding{Fail, what, why, fix})
}

// unseen says what could not be looked at.
func (e *exam) unseen(what string, err error) {
	e.warn(what, "not looked at: "+err.Error(), e.asRoot())
}

// asRoot is the command that sees more.
func (e *exam) asRoot() string {
	also := ""
	if e.NAT {
		also = " -nat"
	}
	return "ask as root: sudo httptap doctor -i " + e.Device + also
}
