package port

import "fmt"

// The ways out that the errors of Open name. Whoever looks for causes before anything is opened, as
// httptap doctor does, names the same.
const (
	FixNoTun      = "load it with 'modprobe tun'; a container needs --device /dev/net/tun; or use -i user, which needs no device"
	FixPermission = "run it with sudo (it needs CAP_NET_ADMIN and CAP_NET_RAW), or use -i user, which needs no privilege"
	FixAbsent     = "'ip link' lists those there are; 'tap0' makes one, 'user' needs none"
	FixUser       = "use 'httptap -i user'"
)

// FixBusy is the way out when an interface is in use.
func FixBusy(name string) string {
	return fmt.Sprintf("use another name, such as -i tap1, or see 'ip -d link show %s'", name)
}

// FixOther is the way out when the interface called name is no TAP that can be opened.
func FixOther(name string) string {
	return fmt.Sprintf("see what it is with 'ip -d link show %s', or use another name, such as -i tap1", name)
}

// FixDown is the way out when a NIC is down.
func FixDown(name string) string {
	return fmt.Sprintf("bring it up first: sudo ip link set %s up", name)
}
