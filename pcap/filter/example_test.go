package filter_test

import (
	"errors"
	"fmt"

	"httptap/pcap"
	"httptap/pcap/filter"
	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/link"
)

func ExampleCompile() {
	frame := ethernet.Append(nil, link.Broadcast, link.Addr{2, 0, 0, 0, 0, 1}, ethernet.TypeARP)
	frame = arp.Append(frame, arp.OpRequest, link.Addr{2, 0, 0, 0, 0, 1}, [4]byte{10, 0, 0, 1}, link.Addr{}, [4]byte{10, 0, 0, 9})

	f, err := filter.Compile(`arp.opcode == "request" and arp.dst.proto_ipv4 == 10.0.0.0/8`)
	if err != nil {
		fmt.Println(err)
		return
	}
	var d pcap.Decoder
	fmt.Println(f.Match(&filter.Packet{Frame: frame, Spans: d.Decode(frame, len(frame))}))
	// Output: true
}

func ExampleError_Caret() {
	_, err := filter.Compile("ip.src == 10.0.0.1 and tcp.prot == 80")
	fmt.Println(err)
	if e := (*filter.Error)(nil); errors.As(err, &e) {
		fmt.Println(e.Caret())
	}
	// Output:
	// filter: 1:24: "tcp.prot" is no field; did you mean tcp.port?
	// ip.src == 10.0.0.1 and tcp.prot == 80
	//                        ^~~~~~~~
}
