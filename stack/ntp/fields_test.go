package ntp

import (
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func TestLayout(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, specs := range [][]field.Spec{{flags}, header[:], control[:], private[:],
		{specExt, specExtType, specExtLen, specExtValue, specKeyID, specMAC, specControlData, specControlPad, specPrivateData}} {
		for i := range specs {
			fieldtest.CheckSpec(t, &specs[i])
		}
	}
}

func TestFields(t *testing.T) {
	good := everything.Append(nil)
	gps := everything
	gps.Stratum, gps.RefID = 1, RefID{'G', 'P', 'S'}
	init := Header{Leap: 3, Version: 4, Mode: 4, RefID: RefID{'I', 'N', 'I', 'T'}}
	key := []byte{0, 0, 0, 11}
	mode6 := []byte{0x16, 0x82, 0, 1, 0x06, 0x18, 0, 0, 0, 0, 0, 5, 'a', '=', '1', '\r', '\n', 0, 0, 0}
	mode7 := []byte{0x97, 0x80, 3, 42, 0, 2, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8}
	with := func(b []byte, at int, v byte) []byte {
		b = append([]byte(nil), b...)
		b[at] = v
		return b
	}
	for _, c := range []struct {
		name        string
		b           []byte
		field, want string
		fault       *field.Fault
	}{
		{"the leap indicator", good, "ntp.flags.li", "last minute of the day has 61 seconds (1)", nil},
		{"the version", good, "ntp.flags.vn", "4", nil},
		{"a version that is none", with(good, 0, 0x3c), "ntp.flags.vn", "7", &faultVersion},
		{"the mode", good, "ntp.flags.mode", "server (4)", nil},
		{"the stratum", good, "ntp.stratum", "2", nil},
		{"the poll interval is signed", good, "ntp.ppoll", "-3 log2(s)", nil},
		{"the precision is signed", good, "ntp.precision", "-23 log2(s)", nil},
		{"the root delay", good, "ntp.rootdelay", "4660.337769s", nil},
		{"at stratum 2 the reference is an address", good, "ntp.refid", "192.0.2.1", nil},
		{"at stratum 1 it is a clock", gps.Append(nil), "ntp.refid", `"GPS"`, nil},
		{"at stratum 0 it is a kiss code", init.Append(nil), "ntp.refid", `"INIT"`, nil},
		{"zero is no reference", Header{Version: 4, Mode: 3}.Append(nil), "ntp.refid", "NULL", nil},
		{"a time of era 1", good, "ntp.xmt", "2062-04-04T04:53:08.207858515Z", nil},
		{"no time", init.Append(nil), "ntp.org", "NULL", nil},
		{"an extension field's type", join(good, ext(0x0104, 36)), "ntp.ext.type", "Unique Identifier (0x0104)", nil},
		{"its length", join(good, ext(0x0104, 36)), "ntp.ext.length", "36 bytes", nil},
		{"one that is too short", join(good, ext(0x0104, 8), make([]byte, 24)), "ntp.ext.length", "8 bytes", field.TooShort},
		{"one of length 0", join(good, ext(0x0104, 0), make([]byte, 40)), "ntp.ext.length", "0 bytes", field.TooShort},
		{"one that reaches too far", join(good, ext(0x0104, 64)[:40]), "ntp.ext.length", "64 bytes", field.Overrun},
		{"one of a crooked length", join(good, ext(0x0104, 30), make([]byte, 10)), "ntp.ext.length", "30 bytes", &faultUnit},
		{"a key behind a field", join(good, ext(0x0104, 36), key, make([]byte, 16)), "ntp.keyid", "0000000b", nil},
		{"a digest", join(good, key, make([]byte, 16)), "ntp.mac", "00000000000000000000000000000000", nil},
		{"a crypto-NAK has no digest", join(good, key), "ntp.mac", "absent", nil},
		{"version 3 has no extension fields", join(with(good, 0, 0x1c), key, make([]byte, 68)), "ntp.ext", "absent", nil},
		{"stray bytes", join(good, []byte{1, 2, 3}), "undecoded", "010203", &faultTrail},
		{"a header that is cut", good[:45], "ntp.xmt", "3132333435", field.Truncated},
		{"nothing", nil, "ntp.flags", "", field.Truncated},
		{"a control message", mode6, "ntp.ctrl.flags2.opcode", "read variables (2)", nil},
		{"its variables", mode6, "ntp.ctrl.variable", `"a=1"`, nil},
		{"its padding", mode6, "ntp.padding", "000000", nil},
		{"its key", join(mode6, key, make([]byte, 16)), "ntp.keyid", "0000000b", nil},
		{"its header is cut", mode6[:11], "ntp.ctrl.count", "00 bytes", field.Truncated},
		{"its count lies", mode6[:15], "ntp.ctrl.count", "5 bytes", field.Overrun},
		{"it has bytes too many", join(mode6, []byte{9}), "undecoded", "09", &faultTrail},
		{"a private message has no leap indicator", mode7, "ntp.flags.li", "absent", nil},
		{"but a response bit", mode7, "ntp.priv.flags.r", "Set", nil},
		{"its request", mode7, "ntp.priv.reqcode", "42", nil},
		{"its items", mode7, "ntp.priv.itemsize", "4 bytes", nil},
		{"its data", mode7, "ntp.priv.monlist.avgint", "16909060 s", nil},
		{"it may be cut", mode7[:6], "ntp.priv.reserved", "", field.Truncated},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.b, nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: fault %v, want %v", c.name, got, c.fault)
		}
		if faults := countFaults(ctx); c.fault == nil && faults != 0 {
			t.Errorf("%s: %d faults", c.name, faults)
		}
	}
}

func countFaults(c *field.Context) (n int) {
	for _, s := range c.Spans {
		if s.Err != nil {
			n++
		}
	}
	return n
}

// A capture that kept only the start of the message accuses nobody.
func TestSnapped(t *testing.T) {
	whole := join(everything.Append(nil), ext(0x0104, 36), make([]byte, 20))
	for n := range len(whole) {
		ctx := fieldtest.Decode(t, &Layout, whole[:n], func(c *field.Context) { c.Wire = len(whole) })
		for _, s := range ctx.Spans {
			if s.Err != nil && s.Err != field.Snapped {
				t.Errorf("%d of %d bytes: %s has fault %s", n, len(whole), s.Spec.Name, s.Err.Name)
			}
		}
		if countFaults(ctx) != 1 {
			t.Errorf("%d of %d bytes: %d faults", n, len(whole), countFaults(ctx))
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := join(everything.Append(nil), ext(0x0104, 36), make([]byte, 20))
	var c field.Context
	if n := testing.AllocsPerRun(100, func() {
		c.Reset(b, len(b))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}
