package lab

import (
	"net"
	"testing"
)

func TestDropped(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("a")
		before := w.lab.Dropped()
		c, err := h.DialContext(w.ctx, "udp4", net.JoinHostPort(labAddr.String(), "9"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 3 {
			if _, err := c.Write([]byte("nobody listens")); err != nil {
				t.Log(err) // of the datagram before
			}
		}
		if _, err := c.Read(make([]byte, 1)); err == nil { // until the answer to one of them comes
			t.Error("somebody listens at port 9")
		}
		after := w.lab.Dropped()
		if n := after["udp_port"] - before["udp_port"]; n == 0 || n > 3 {
			t.Errorf("%d datagrams to a port where nobody listens", n)
		}
		for _, name := range []string{"short", "not_for_us", "arp", "ip", "udp", "udp_full", "tcp_refused", "tcp_state", "backlog"} {
			if _, ok := after[name]; !ok {
				t.Errorf("%q is not counted: %v", name, after)
			}
		}
	})
	for name, want := range map[string]string{"UDPPort": "udp_port", "NotForUs": "not_for_us", "ARP": "arp", "": "", "A": "a", "TCPRefusedByUs": "tcp_refused_by_us"} {
		if got := snake(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
