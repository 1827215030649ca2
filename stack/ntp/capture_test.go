package ntp

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"httptap/stack/field/fieldtest"
)

const (
	capture = "../../../shared/captures/pcapplusplus/Packet++Test__PacketExamples__Ntp.pcap"
	oracle  = "../../../shared/captures/pcapplusplus-tshark/Packet++Test__PacketExamples__Ntp.pcap.pos.tsv.gz"
)

// Each field that tshark names in the public captures has a span of that name and place.
func TestCaptures(t *testing.T) {
	f, err := os.Open(capture)
	if err != nil {
		t.Skipf("%s is not there", capture)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for frame := 1; ; frame++ {
		b, _, err := r.ReadPacketData()
		if err != nil {
			break
		}
		u, ok := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default).Layer(layers.LayerTypeUDP).(*layers.UDP)
		if !ok {
			t.Fatalf("frame %d is not UDP", frame)
		}
		at := len(b) - len(u.Payload)
		c := fieldtest.Decode(t, &Layout, u.Payload, nil)
		if n := countFaults(c); n != 0 {
			t.Errorf("frame %d: %d faults", frame, n)
		}
		if _, err := Parse(u.Payload); err != nil {
			t.Errorf("frame %d: %v", frame, err)
		}
		for _, s := range c.Spans {
			have[fmt.Sprint(frame, s.Spec.Name, 8*at+int(s.Bit), s.Len)] = true
		}
	}
	o, err := os.Open(oracle)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	z, err := gzip.NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for s := bufio.NewScanner(z); s.Scan(); {
		col := strings.Split(s.Text(), "\t")
		if !strings.HasPrefix(col[1], "ntp.") {
			continue
		}
		frame, _ := strconv.Atoi(col[0])
		pos, _ := strconv.Atoi(col[2])
		size, _ := strconv.Atoi(col[3])
		bit, n := 8*pos, 8*size
		if mask, _ := strconv.ParseUint(col[4], 16, 64); mask != 0 {
			bit, n = bit+n-bits.Len64(mask), bits.OnesCount64(mask)
		}
		fields++
		if !have[fmt.Sprint(frame, col[1], bit, n)] {
			t.Errorf("frame %d: no span for %s at bit %d, %d long", frame, col[1], bit, n)
		}
	}
	if fields < 60 {
		t.Errorf("only %d fields compared", fields)
	}
}
