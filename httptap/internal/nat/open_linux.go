package nat

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"httptap/httptap/internal/undo"
)

// A NAT forwards for the clients behind a TAP. It ends with Close, and with the process.
type NAT struct {
	socket   socket
	undo     *undo.Process // nil: no forwarding was switched on
	uplinks  []uplink
	switched []string
	blockers []Chain
}

// Open makes the table and switches forwarding on. See the errors of this package.
//
// The order matters. The table comes first, because it keeps others out: what they switched on is not there any more
// when it can be made. Then the rules, so that nothing is forwarded that should not be; then the process that
// puts things back; then what it is to put back.
func Open(c Config) (_ *NAT, err error) {
	s, err := open()
	if err != nil {
		return nil, explain(err)
	}
	n := &NAT{socket: s}
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	b := newBatch()
	b.makeTable()
	if err := s.commit(b); err != nil {
		return nil, explainTable(err)
	}
	if n.uplinks, err = findUplinks(c.TAP); err != nil {
		return nil, err
	}
	if len(n.uplinks) == 0 {
		return nil, wrap(ErrNoUplink, FixNoUplink, nil)
	}
	b = newBatch()
	for _, chain := range chains(c, n.uplinks) {
		b.addChain(chain)
	}
	if err := s.commit(b); err != nil {
		return nil, explain(err)
	}
	if err := n.switchOn(c.TAP); err != nil {
		return nil, err
	}
	// What can't be found out is not in the way.
	n.blockers, _ = blockers(c.TAP)
	return n, nil
}

// switchOn has the kernel forward what comes in at the TAP and what answers it.
func (n *NAT) switchOn(tap string) error {
	on, err := forwarding(tap)
	if err != nil {
		return fmt.Errorf("nat: %w", err)
	}
	for _, u := range append([]uplink{{tap, on}}, n.uplinks...) {
		if !u.forwarding {
			n.switched = append(n.switched, u.name)
		}
	}
	if len(n.switched) == 0 {
		return nil
	}
	all, err := forwarding(everywhere)
	if err != nil {
		return fmt.Errorf("nat: %w", err)
	}
	held, err := n.socket.file()
	if err != nil {
		return err
	}
	defer held.Close()
	if n.undo, err = undo.Start(restoreWork, append([]string{digit(all)}, n.switched...), held); err != nil {
		return fmt.Errorf("nat: %w", err)
	}
	for _, name := range n.switched {
		if err := setForwarding(name, true); err != nil {
			fix := fmt.Sprintf("have it switched on by who may, 'sysctl -w net/ipv4/conf/%s/forwarding=1'; in a container /proc/sys can't be written: docker run --sysctl net.ipv4.ip_forward=1", name)
			return wrap(ErrForwarding, fix, err)
		}
	}
	return nil
}

// Close puts forwarding back and removes the table. A second Close does nothing.
func (n *NAT) Close() error {
	if n.socket.NetlinkSocket == nil {
		return nil
	}
	err := n.undo.Finish()
	n.socket.Close()
	n.socket.NetlinkSocket = nil
	if err != nil {
		return fmt.Errorf("%w of %s: sudo sysctl -w net/ipv4/conf/%s/forwarding=0: %w", // names may have dots
			ErrRestore, list(n.switched), strings.Join(n.switched, "/forwarding=0 net/ipv4/conf/"), err)
	}
	return nil
}

// String says what was changed and what puts it back.
func (n *NAT) String() string {
	s := "NAT to " + list(names(n.uplinks)) + ": made nftables table ip " + Table
	if len(n.switched) == 0 {
		return s + ", which ends with httptap, after kill -9, too"
	}
	return s + ", switched on forwarding of " + list(n.switched) + "; both end with httptap, after kill -9, too"
}

// Blockers returns the chains of other tables that drop what is to be forwarded.
func (n *NAT) Blockers() []Chain { return n.blockers }

// explainTable does so for an error of the first message, which asks for what is new in it.
func explainTable(err error) error {
	var refused *opError
	begun := errors.As(err, &refused) && refused.what != batchBegin
	switch {
	case errors.Is(err, unix.EEXIST):
		return wrap(ErrTaken, FixTaken, err)
	case errors.Is(err, unix.EPERM):
		if owned, _, e := whoseTable(); e == nil && owned != 0 {
			return wrap(ErrBusy, FixBusy, fmt.Errorf("%w, of netlink port %d (mostly its process ID)", err, owned))
		}
	case begun && (errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP)):
		var u unix.Utsname
		unix.Uname(&u)
		return wrap(ErrNoOwner, FixNoOwner, fmt.Errorf("%w on Linux %s", err, unix.ByteSliceToString(u.Release[:])))
	}
	return explain(err)
}

func wrap(name error, fix string, err error) error {
	if err == nil {
		return fmt.Errorf("%w: %s", name, fix)
	}
	return fmt.Errorf("%w: %s: %w", name, fix, err)
}
