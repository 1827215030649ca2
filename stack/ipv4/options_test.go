package ipv4

import (
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// withOptions returns a packet without payload that has these options.
func withOptions(opts ...byte) []byte {
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	b := packet(Header{Protocol: 17, TTL: 64}, "")
	b = append(b, opts...)
	b[0] = 4<<4 | byte(len(b)/4)
	b[3] = byte(len(b))
	return fix(b)
}

// sampleOptions has each option that the table knows, in order.
var sampleOptions = map[string][]byte{
	"no operation":              {1, 1, 1, 0},
	"record route":              {7, 11, 8, 192, 0, 2, 9, 0, 0, 0, 0},
	"a full record route":       {7, 7, 8, 192, 0, 2, 9},
	"loose source route":        {0x83, 15, 8, 192, 0, 2, 9, 192, 0, 2, 10, 192, 0, 2, 11},
	"a source route at its end": {0x83, 11, 12, 192, 0, 2, 9, 192, 0, 2, 10},
	"strict source route":       {0x89, 7, 4, 192, 0, 2, 9},
	"time stamps":               {0x44, 12, 9, 0x10, 0, 0, 3, 0xe8, 0, 0, 0, 0},
	"time stamps and addresses": {0x44, 12, 13, 1, 192, 0, 2, 1, 0, 0, 3, 0xe8},
	"prespecified time stamps":  {0x44, 20, 13, 3, 192, 0, 2, 1, 0, 0, 3, 0xe8, 192, 0, 2, 2, 0, 0, 0, 0},
	"security":                  {0x82, 4, 0x5a, 0x80},
	"security, two flag bytes":  {0x82, 5, 0x3d, 0x81, 0x40},
	"security of RFC 791":       {0x82, 11, 0xd7, 0x88, 0, 7, 'A', 'B', 'x', 'y', 'z'},
	"extended security":         {0x85, 6, 5, 1, 2, 3},
	"stream identifier":         {0x88, 4, 0x12, 0x34},
	"router alert":              {0x94, 4, 0, 0},
	"MTU probe":                 {0x0b, 4, 5, 0xdc},
	"MTU reply":                 {0x0c, 4, 5, 0xdc},
	"traceroute":                {0x52, 12, 0, 1, 0, 2, 0xff, 0xff, 192, 0, 2, 1},
	"quick start":               {0x19, 8, 0x0f, 64, 1, 2, 3, 4},
	"commercial security":       {0x86, 10, 0, 0, 0, 1, 1, 4, 0, 2},
	"category bitmap":           {0x86, 12, 0, 0, 0, 1, 1, 6, 0, 2, 0x80, 1},
	"enumerated categories":     {0x86, 14, 0, 0, 0, 1, 2, 8, 0, 2, 0, 5, 0, 9},
	"ranged categories":         {0x86, 14, 0, 0, 0, 1, 5, 8, 0, 2, 0, 9, 0, 5},
	"permissive bitmap":         {0x86, 12, 0, 0, 0, 1, 6, 6, 0, 2, 0x80, 1},
	"free form tag":             {0x86, 11, 0, 0, 0, 1, 7, 5, 1, 2, 3},
	"a tag nobody knows":        {0x86, 10, 0, 0, 0, 1, 77, 4, 1, 2},
	"padded tags":               {0x86, 17, 0, 0, 0, 1, 0, 1, 4, 0, 2, 0, 0, 7, 3, 1, 0},
	"an unknown one":            {0xde, 4, 7, 7},
}

func specs() []*field.Spec {
	return append(append(more(), &Layout.Spec), field.Pointers(head[:])...)
}

func TestOptions(t *testing.T) {
	for name, o := range sampleOptions {
		ctx := fieldtest.Decode(t, &Layout, withOptions(o...), nil)
		for _, s := range ctx.Spans {
			if s.Err != nil {
				t.Errorf("%s: %s: %s", name, s.Spec.Name, s.Err.Label)
			}
		}
	}
	for _, c := range []struct {
		option, field, want string
	}{
		{"record route", "ip.opt.type", "Record Route (7)"},
		{"record route", "ip.rec_rt", "192.0.2.9"},
		{"record route", "ip.empty_rt", "0.0.0.0"},
		{"a full record route", "ip.empty_rt", "absent"},
		{"loose source route", "ip.rec_rt", "192.0.2.9"},
		{"loose source route", "ip.src_rt", "192.0.2.10"},
		{"loose source route", "ip.dst", "192.0.2.2"},
		{"strict source route", "ip.src_rt", "absent"},
		{"a source route at its end", "ip.src_rt", "absent"},
		{"commercial security", "ip.cipso.doi", "1"},
		{"commercial security", "ip.cipso.tag_type", "Restrictive Category Bitmap (1)"},
		{"commercial security", "ip.cipso.sensitivity_level", "2"},
		{"commercial security", "ip.cipso.categories", "absent"},
		{"category bitmap", "ip.cipso.categories", "8001"},
		{"permissive bitmap", "ip.cipso.tag_data", "00028001"},
		{"free form tag", "ip.cipso.tag_data", "010203"},
		{"free form tag", "ip.cipso.sensitivity_level", "absent"},
		{"permissive bitmap", "ip.cipso.sensitivity_level", "absent"},
		{"time stamps", "ip.opt.overflow", "1"},
		{"time stamps and addresses", "ip.opt.time_stamp", "1000 ms"},
		{"time stamps and addresses", "ip.opt.time_stamp_addr", "192.0.2.1"},
		{"security", "ip.opt.sec_cl", "Secret (0x5a)"},
		{"security", "ip.opt.sec_prot_auth_genser", "Set"},
		{"security of RFC 791", "ip.opt.sec_rfc791_tcc", `"xyz"`},
		{"router alert", "ip.opt.ra", "Router shall examine packet (0)"},
		{"router alert", "ip.opt.type.copy", "Set"},
		{"router alert", "ip.opt.type.number", "20"},
		{"stream identifier", "ip.opt.sid", "4660"},
		{"MTU probe", "ip.opt.mtu", "1500 bytes"},
		{"traceroute", "ip.opt.originator", "192.0.2.1"},
		{"an unknown one", "ip.opt.data", "0707"},
		{"no operation", "ip.opt.padding", "absent"},
		{"a full record route", "ip.opt.padding", "absent"}, // its end of list is the last byte
		{"security, two flag bytes", "ip.opt.padding", "0000"},
	} {
		ctx := fieldtest.Decode(t, &Layout, withOptions(sampleOptions[c.option]...), nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.option, c.field, got, c.want)
		}
	}
}

func TestOptionsThatLie(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []byte
		field   string
		fault   *field.Fault
	}{
		{"a length of 1", []byte{7, 1, 4, 0}, "ip.opt.len", optLenBad},
		{"a length of 0", []byte{0xde, 0, 0, 0}, "ip.opt.len", optLenBad},
		{"a length past the header", []byte{7, 40, 4, 0}, "ip.opt.len", optLenBad},
		{"a route without its pointer", []byte{7, 2, 0, 0}, "ip.opt.len", optLenBad},
		{"a route of five bytes", []byte{7, 8, 4, 1, 2, 3, 4, 5}, "ip.opt.len", optLenBad},
		{"a pointer before the route", []byte{7, 7, 3, 1, 2, 3, 4}, "ip.opt.ptr", ptrBefore},
		{"a pointer into an address", []byte{0x83, 7, 6, 1, 2, 3, 4}, "ip.opt.ptr", ptrMiddle},
		{"a pointer into a time stamp", []byte{0x44, 8, 7, 0, 1, 2, 3, 4}, "ip.opt.ptr", ptrMiddle},
		{"time stamps of an unknown form", []byte{0x44, 8, 5, 2, 1, 2, 3, 4}, "ip.opt.flag", timestampOdd},
		{"half a pair of address and time stamp", []byte{0x44, 8, 5, 1, 1, 2, 3, 4}, "ip.opt.len", optLenBad},
		{"time stamps without a flag", []byte{0x44, 3, 5, 0}, "ip.opt.len", optLenBad},
		{"a router alert of three bytes", []byte{0x94, 3, 0, 0}, "ip.opt.len", optLenBad},
		{"a security option without a level", []byte{0x82, 2, 0, 0}, "ip.opt.len", optLenBad},
		{"a commercial security option without a domain", []byte{0x86, 5, 0, 0, 0, 0}, "ip.opt.len", optLenBad},
		{"a tag without its length", []byte{0x86, 7, 0, 0, 0, 1, 1, 0}, "ip.cipso.tag_type", cipsoTagBad},
		{"a bitmap tag without a level", []byte{0x86, 9, 0, 0, 0, 1, 1, 3, 0, 0}, "ip.cipso.tag_length", cipsoTagBad},
		{"a free form tag of one byte", []byte{0x86, 9, 0, 0, 0, 1, 7, 1, 0, 0}, "ip.cipso.tag_length", cipsoTagBad},
		{"a tag past the option", []byte{0x86, 10, 0, 0, 0, 1, 7, 5, 0, 0}, "ip.cipso.tag_length", cipsoTagBad},
		{"an extended security option without a code", []byte{0x85, 2, 0, 0}, "ip.opt.len", optLenBad},
	} {
		ctx := fieldtest.Decode(t, &Layout, withOptions(c.options...), nil)
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: %s has fault %v, want %s", c.name, c.field, got, c.fault.Name)
		}
	}
	// An option whose length would lie behind the header is marked itself.
	ctx := fieldtest.Decode(t, &Layout, withOptions(1, 1, 1, 7), nil)
	var last field.Span
	for _, s := range ctx.Spans {
		if s.Spec == &optType {
			last = s
		}
	}
	if last.Err != optLenBad || last.Uint(ctx.Frame) != 7 {
		t.Errorf("the last option's type %d has fault %v", last.Uint(ctx.Frame), last.Err)
	}
}

// A transport checksum is of the end of a source route, not of the hop that the header names.
func TestSourceRouteAndThePseudoHeader(t *testing.T) {
	for name, want := range map[string][4]byte{
		"loose source route":        {192, 0, 2, 11},
		"strict source route":       {192, 0, 2, 9},
		"a source route at its end": dst,
		"record route":              dst,
		"no operation":              dst,
	} {
		ctx := fieldtest.Decode(t, &Layout, withOptions(sampleOptions[name]...), nil)
		if got := [4]byte(ctx.Pseudo.Dst[:4]); got != want {
			t.Errorf("%s: the pseudo-header has %v, want %v", name, got, want)
		}
	}
}

// Each beginning of a packet with options is decoded as far as it goes.
func TestOptionsCutShort(t *testing.T) {
	for name, o := range sampleOptions {
		b := withOptions(o...)
		for n := HeaderLen; n < len(b); n++ {
			ctx := fieldtest.Decode(t, &Layout, b[:n], nil)
			if last := ctx.Spans[len(ctx.Spans)-1]; last.Err != field.Truncated {
				t.Errorf("%s cut to %d bytes: %s has fault %v", name, n, last.Spec.Name, last.Err)
			}
		}
	}
}
