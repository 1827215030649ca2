package tls_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httptap/pcap"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// sessions returns the frames of the recorded sessions. Apart, each of them is a connection of its
// own, so that tshark knows no more than a single frame says.
func sessions(t *testing.T, apart bool, which string) (frames [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/" + which + ".txt")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d sessions in testdata: %v", len(files), err)
	}
	for n, name := range files {
		if !apart && strings.Contains(name, "dhe-psk") {
			continue // tshark leaves their key exchange out
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		client, seq := uint16(30000+10*n), map[string]uint32{}
		for line := range strings.Lines(string(text)) {
			who, digits, _ := strings.Cut(line, " ")
			if who == "N" {
				client, seq = client+1, map[string]uint32{}
			}
			if who != "C" && who != "S" {
				continue
			}
			if apart {
				client, seq = uint16(40000+len(frames)), map[string]uint32{}
			}
			b, datagram := fieldtest.Hex(digits), strings.HasPrefix(filepath.Base(name), "dtls")
			src, dst := client, uint16(443)
			if datagram {
				dst = 4433
			}
			if who == "S" {
				src, dst = dst, src
			}
			if datagram {
				frames = append(frames, fieldtest.UDPFrame(src, dst, b))
			} else {
				frames = append(frames, fieldtest.TCPFrame(src, dst, 1+seq[who], b))
			}
			seq[who] += uint32(len(b))
		}
	}
	return frames
}

// never is what differs on purpose whatever tshark knows; the package comment has the reasons.
var never = []string{"tls.handshake.hint", "tls.handshake.hint_len", "tls.handshake.random_time", "tls.handshake.random_bytes",
	"dtls.alert_message"}

// TestAgainstTshark: each field of each recorded session has the place that tshark gives it.
func TestAgainstTshark(t *testing.T) {
	var d pcap.Decoder
	decode := func(f []byte) []field.Span { return d.Decode(f, len(f)) }
	// What tshark finds only when it saw the suite in another frame, and we by the form.
	except := never
	for _, name := range []string{"client_point", "client_point_len", "server_point", "server_point_len", "server_curve_type",
		"server_named_curve", "p", "p_len", "g", "g_len", "ys", "ys_len", "sig", "sig_len", "sig_hash_alg", "sig_hash_hash", "sig_hash_sig"} {
		except = append(except, "tls.handshake."+name, "dtls.handshake."+name)
	}
	fieldtest.AgreeTshark(t, decode, []string{"tls", "dtls"}, except, sessions(t, true, "*")...)
}

// TestAgainstTsharkOverSessions: here tshark knows what was agreed before.
func TestAgainstTsharkOverSessions(t *testing.T) {
	var d pcap.Decoder
	decode := func(f []byte) []field.Span { return d.Decode(f, len(f)) }
	// What only those know who saw another frame: that a session is of TLS 1.3, or uses RSA or DHE.
	except := append(never, "tls.record.opaque_type", "tls.record.content_type")
	for _, name := range []string{"epms", "epms_len", "yc", "yc_len", "identity", "identity_len"} {
		except = append(except, "tls.handshake."+name, "dtls.handshake."+name)
	}
	fieldtest.AgreeTshark(t, decode, []string{"tls", "dtls"}, except, sessions(t, false, "tls*")...)
}
