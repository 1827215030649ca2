package tcp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A requirement is a row of the conformance table. test is a function of this package or, as
// "stack.TestName", of the package above; sentence is a case of it, or what it says when it fails.
// Without a test sentence says why: "not applicable", "not implemented", "in part" or "deviates".
type requirement struct{ id, what, test, sentence string }

// appendixB are the requirements of RFC 9293, appendix B, and how many of each kind there are.
var appendixB = []struct {
	kind string
	n    int
}{{"MUST", 69}, {"SHLD", 31}, {"REC", 1}, {"MAY", 18}}

// literals returns the text of each string that the test functions in a folder hold, by function.
func literals(t *testing.T, dir string) map[string]map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	out := map[string]map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Body == nil || !strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			}
			set := map[string]bool{}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil {
						set[s] = true
					}
				}
				return true
			})
			out[fn.Name.Name] = set
		}
	}
	return out
}

// unproven returns what is wrong with a row: its test or the sentence in it is not there.
func unproven(r requirement, here, above map[string]map[string]bool) string {
	if r.test == "" {
		kind, why, found := strings.Cut(r.sentence, ": ")
		if !found || why == "" || !slices.Contains([]string{"not applicable", "not implemented", "in part", "deviates"}, kind) {
			return fmt.Sprintf("%q is no reason", r.sentence)
		}
		return ""
	}
	tests, name := here, r.test
	if s, ok := strings.CutPrefix(name, "stack."); ok {
		tests, name = above, s
	}
	sentences, ok := tests[name]
	switch {
	case !ok:
		return "there is no test " + r.test
	case r.sentence != "" && !sentences[r.sentence]:
		return fmt.Sprintf("%s has no sentence %q", r.test, r.sentence)
	}
	return ""
}

// TestConformance holds the table against the tests that it names and against the numbers of the
// RFC.
func TestConformance(t *testing.T) {
	here, above := literals(t, "."), literals(t, "..")
	rows := map[string]int{}
	for _, r := range conformance {
		rows[r.id]++
		if r.what == "" {
			t.Errorf("%s: what is it?", r.id)
		}
		if wrong := unproven(r, here, above); wrong != "" {
			t.Errorf("%s, %s: %s", r.id, r.what, wrong)
		}
	}
	for _, k := range appendixB {
		for i := range k.n {
			if id := fmt.Sprintf("%s-%d", k.kind, i+1); rows[id] == 0 {
				t.Errorf("%s is not in the table", id)
			}
		}
		if id := fmt.Sprintf("%s-%d", k.kind, k.n+1); rows[id] > 0 {
			t.Errorf("%s: the RFC has none", id)
		}
	}
	for _, bad := range []requirement{
		{"X", "x", "TestOfNothing", ""}, {"X", "x", "stack.TestConformance", ""}, {"X", "x", "TestOpening", "a sentence of nobody"},
		{"X", "x", "stack.TestInitialSequenceNumbers", "LISTEN twice: %v"}, {"X", "x", "", "because"}, {"X", "x", "", "in part: "}, {"X", "x", "", ""},
	} {
		if unproven(bad, here, above) == "" {
			t.Errorf("%+v passes", bad)
		}
	}
}

// TestConformanceInDoc: the package doc has the table, a line a requirement, and no other.
func TestConformanceInDoc(t *testing.T) {
	b, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(b), "// # Conformance\n")
	if !found {
		t.Fatal("doc.go has no section Conformance")
	}
	section, _, _ = strings.Cut(section, "\npackage tcp")
	var got []string
	for line := range strings.Lines(section) {
		if row, ok := strings.CutPrefix(line, "//   - "); ok {
			got = append(got, strings.TrimSpace(row))
		}
	}
	want := conformanceLines()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d differs; the section has to be:\n//   - %s", i+1, strings.Join(want, "\n//   - "))
		}
	}
}

// conformanceLines is the table as doc.go has it.
func conformanceLines() (lines []string) {
	for i := 0; i < len(conformance); {
		id, parts := conformance[i].id, []string{}
		for ; i < len(conformance) && conformance[i].id == id; i++ {
			part := conformance[i].test
			if part == "" {
				part = conformance[i].sentence
			}
			if !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
		lines = append(lines, id+": "+strings.Join(parts, "; "))
	}
	return lines
}

// conformance maps the requirements of RFC 9293, appendix B, to what proves them: a test and, where
// it has several cases, the sentence of one. A row without a test says why there is none.
var conformance = []requirement{
	{"MUST-1", "treat the window as an unsigned number", "TestWindowIsUnsigned", "a window of 32768 bytes is not negative"},
	{"MUST-2", "sender computes the checksum", "TestChecksumOfAnyLength", ""},
	{"MUST-3", "receiver checks the checksum", "stack.TestEveryDropIsCounted", "a segment's wrong checksum"},
	{"MUST-4", "support the mandatory option set", "TestOptionsOfSegments", "NOPs before, between and behind options are skipped"},
	{"MUST-5", "receive an option in any segment", "TestOptionsOfSegments", "an option may come in any segment: an unknown one with a FIN"},
	{"MUST-6", "ignore options that are not supported", "TestOptionsOfSegments", "an option that is not implemented is ignored without error, before one that is"},
	{"MUST-7", "cope with an illegal option length", "TestOptionsOfSegments", "an illegal length in data does not cost the data: length 0"},
	{"MUST-7", "cope with an illegal option length", "TestHandshakeOptions", "an option of length zero ends the list, what was before it counts: RFC 9293, 3.2"},
	{"MUST-8", "clock-driven part of the initial number", "stack.TestInitialSequenceNumbers", "a second is %d numbers, one each 4 microseconds are 250000"},
	{"MUST-9", "the PRF is not computable from outside", "stack.TestInitialSequenceNumbers", "another secret gives the same number"},
	{"MUST-10", "simultaneous open", "TestHandshake", "RFC 9293, figure 7: both ends open at once"},
	{"MUST-11", "SYN-RECEIVED remembers how it was opened", "TestOpening", "an active open that is reset in SYN-RECEIVED was refused"},
	{"MUST-11", "SYN-RECEIVED remembers how it was opened", "TestOpening", "a passive open that is reset was not refused"},
	{"MUST-12", "the application learns of an abort", "TestApplicationLearnsHowItEnded", "the peer reset: an error"},
	{"MUST-12", "the application learns of an abort", "stack.TestCloseWithUnreadDataResets", ""},
	{"MUST-13", "TIME-WAIT for 2 MSL", "TestClosingSequences", "figure 12, peer A: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, 2 MSL, CLOSED"},
	{"MUST-14", "send and receive the MSS option", "TestMSS", "every SYN has an MSS option: the active open's"},
	{"MUST-14", "send and receive the MSS option", "TestMSS", "the MSS of a SYN counts for a passive open"},
	{"MUST-15", "send MSS of 536 by default", "TestMSS", "no MSS in the SYN of a passive open: 536"},
	{"MUST-15", "send MSS of 536 by default", "TestHandshakeOptions", "without an MSS option it is 536: RFC 9293, 3.7.1"},
	{"MUST-16", "effective send MSS", "TestMSS", "the effective send MSS is the smaller of the peer's and what our IP layer sends"},
	{"MUST-16", "effective send MSS", "TestMSS", "Eff.snd.MSS = SendMSS + 20 - TCPhdrsize: timestamps leave 12 bytes less"},
	{"MUST-17", "the application can disable Nagle's algorithm", "TestNagle", "without it each small write goes at once"},
	{"MUST-18", "RFC 6298 and Karn's algorithm", "TestRoundTripOfWhatWasSentTwice", ""},
	{"MUST-18", "RFC 6298 and Karn's algorithm", "TestRTT", "2.2: the first: SRTT is R, RTTVAR R/2, RTO SRTT + 4 RTTVAR"},
	{"MUST-18", "RFC 6298 and Karn's algorithm", "", "deviates: the least RTO is 200 ms, and any new ACK ends the backing off (rto.go says why)"},
	{"MUST-19", "slow start, congestion avoidance, backoff", "TestCongestionControlIsThere", "slow start: one more segment for each that is acknowledged"},
	{"MUST-19", "slow start, congestion avoidance, backoff", "TestCongestionControlIsThere", "congestion avoidance: one more segment a window"},
	{"MUST-19", "slow start, congestion avoidance, backoff", "TestCongestionControlIsThere", "exponential backoff: the timeout doubles for the same segment"},
	{"MUST-20", "close the connection on R2 retransmissions", "TestConnectionFailures", "data is sent again for 100 s at least"},
	{"MUST-20", "negative advice to IP on R1 retransmissions", "", "in part: no advice on R1, a host has one router and no other to try"},
	{"MUST-21", "the application can set R2", "TestUserTimeout", "ESTABLISHED ends after the application's R2"},
	{"MUST-22", "the same mechanism for SYNs", "TestConnectionFailures", "a SYN is sent again as data is: the timeout doubles"},
	{"MUST-23", "R2 of 3 minutes at least for a SYN", "TestConnectionFailures", "a SYN is sent again for 3 minutes at least"},
	{"MUST-24", "the application can request keep-alives", "TestKeepAlive", "the application turns them off again"},
	{"MUST-25", "keep-alives are off by default", "TestKeepAlive", "keep-alives are off until the application asks"},
	{"MUST-26", "keep-alives only when idle", "TestKeepAlive", "data that comes puts the probe off"},
	{"MUST-26", "keep-alives only when idle", "TestKeepAlive", "no probe while data is unacknowledged: its own timer looks after it"},
	{"MUST-27", "keep-alive interval is configurable", "TestKeepAlive", "the interval is the application's"},
	{"MUST-28", "keep-alive interval of 2 hours by default", "", "not applicable: there is no default, SetKeepAlive is told the interval"},
	{"MUST-29", "keep-alives tolerate lost ACKs", "TestKeepAlive", "one probe without an answer says nothing: the next one is answered"},
	{"MUST-30", "support for the urgent pointer", "TestUrgentReceived", "the pointer is an offset from the segment's number to the byte behind the urgent data"},
	{"MUST-30", "support for the urgent pointer", "TestUrgentSent", "urgent data goes with URG and a pointer behind its last byte"},
	{"MUST-31", "urgent data of any length", "TestUrgentReceived", "urgent data may be longer than the window and all buffers"},
	{"MUST-31", "urgent data of any length", "TestUrgentSent", "urgent data of any length: the pointer says as much as it can, and later the rest"},
	{"MUST-32", "inform the application of urgent data", "TestUrgentReceived", "the pointer comes before its data: the application is told at once"},
	{"MUST-32", "inform the application of urgent data", "", "in part: net.Conn has no upcall, an application asks stack.Conn.Info"},
	{"MUST-33", "the application learns how much urgent data there is", "TestUrgentReceived", "a pointer that advances moves the end of the urgent data"},
	{"MUST-34", "robust against a shrinking window", "TestShrinkingWindow", "a window that shrinks and grows again is used again"},
	{"MUST-35", "probe a window that shrank to zero", "TestShrinkingWindow", "a window that shrinks to zero is probed in the standard way"},
	{"MUST-36", "probe a zero window", "TestPersist", "a closed window is probed after one timeout, and then ever more rarely"},
	{"MUST-37", "allow a window to stay zero", "TestZeroWindowProbes", "hours with a closed window do not end the connection while its probes are answered"},
	{"MUST-37", "allow a window to stay zero", "stack.TestZeroWindowForHours", ""},
	{"MUST-38", "silly window avoidance of the sender", "TestSendWindow", "a silly window is left alone until the timer ends it: RFC 9293, 3.8.6.2.1"},
	{"MUST-39", "silly window avoidance of the receiver", "TestReceiveWindow", "a silly window is not offered: RFC 9293, 3.8.6.2.2"},
	{"MUST-40", "ACK delay under 0.5 s", "TestAcknowledging", "one segment's ACK is delayed, less than half a second"},
	{"MUST-41", "a passive OPEN does not affect others", "stack.TestPassiveOpenBesideOthers", "LISTEN twice: %v"},
	{"MUST-42", "LISTEN beside connections of the same port", "stack.TestPassiveOpenBesideOthers", "LISTEN beside SYN-SENT: %v, %v"},
	{"MUST-43", "a local address in OPEN", "stack.TestDialOfInvalidAddresses", "from our own address: %v"},
	{"MUST-43", "a local address in OPEN", "stack.TestListenErrors", ""},
	{"MUST-44", "ask IP for the source address", "stack.TestLocalAddressOfSegments", "the local address is %v"},
	{"MUST-45", "keep the local address", "stack.TestLocalAddressOfSegments", "from %v to %v, may be cut: %v"},
	{"MUST-46", "reject OPEN to a broadcast or multicast address", "stack.TestDialOfInvalidAddresses", ""},
	{"MUST-47", "report soft errors to the application", "TestReports", "the host reported an error, Info says %v"},
	{"MUST-48", "the application specifies the Diffserv field", "stack.TestFieldsOfTheApplication", "a segment with TOS %#x"},
	{"MUST-49", "configurable TTL", "stack.TestFieldsOfTheApplication", "a segment with TTL %d and TOS %#x"},
	{"MUST-50", "ignore IP options", "stack.TestSegmentsWithIPOptions", ""},
	{"MUST-51", "the application specifies a source route", "", "not implemented: RFC 7126, 4.3 and 4.4 have such packets dropped on the way"},
	{"MUST-52", "its source route overrides a received one", "", "not implemented: see MUST-51"},
	{"MUST-53", "build a return route", "", "not implemented: see MUST-51"},
	{"MUST-54", "act on ICMP errors", "stack.TestICMPErrorReachesTheConnection", ""},
	{"MUST-54", "act on ICMP errors", "stack.TestICMPErrorsOfAnOpenConnection", "net unreachable"},
	{"MUST-55", "discard Source Quench", "stack.TestICMPErrorsOfAnOpenConnection", "source quench"},
	{"MUST-56", "no abort on soft ICMP errors", "stack.TestICMPErrorsOfAnOpenConnection", "host unreachable"},
	{"MUST-56", "no abort on soft ICMP errors", "TestConnectionFailures", "a soft error does not end SYN-RECEIVED"},
	{"MUST-56", "no abort on soft ICMP errors", "", "deviates: in SYN-SENT any error ends it, as RFC 5461, 4 describes"},
	{"MUST-57", "discard segments to broadcast and multicast", "stack.TestSegmentsWithInvalidAddresses", "to the network's broadcast address"},
	{"MUST-58", "aggregate ACKs", "TestAcknowledging", "data and the FIN behind it have one ACK"},
	{"MUST-59", "process all that is queued before an ACK", "TestAcknowledging", "all that is queued is processed before one ACK is sent"},
	{"MUST-60", "without PUSH calls do not buffer for ever", "TestPush", "small writes are not kept back for want of a PUSH"},
	{"MUST-61", "without PUSH calls set PSH in the last segment", "TestPush", "the last of what is queued is pushed, nothing before it"},
	{"MUST-62", "the pointer is behind the urgent data", "TestUrgentSent", "segments before the urgent data point at its end, those behind it at nothing"},
	{"MUST-63", "reject a SYN from an invalid address", "stack.TestSegmentsWithInvalidAddresses", "from a group"},
	{"MUST-64", "options of any alignment", "TestOptionsOfSegments", "options begin on any octet: none is aligned"},
	{"MUST-65", "no MSS option but in a SYN", "TestOptionsSentAreWellFormed", "%s: an MSS option: %v, in %v"},
	{"MUST-66", "RST and URG with a zero window", "TestResetWithData", "a RST is heeded with a closed window"},
	{"MUST-66", "RST and URG with a zero window", "TestUrgentReceived", "the urgent pointer of a probe into a closed window is heeded, its data is not"},
	{"MUST-67", "MSS option of MMS_R - 20 at most", "TestHandshakeOptions", "our MSS is what we can receive"},
	{"MUST-68", "every option but EOL and NOP has a length", "TestOptionsSentAreWellFormed", ""},
	{"MUST-69", "pad with zeros", "TestOptionsSentAreWellFormed", ""},

	{"SHLD-1", "secure initial number", "stack.TestInitialSequenceNumbers", "1000 connections begin at %d numbers: they can be guessed from each other"},
	{"SHLD-2", "a RST can contain data", "TestResetWithData", "a RST may include data: it is not given to the reader"},
	{"SHLD-3", "a RST says that data was lost", "TestDiscard", "data that was not read when it closed: a RST at once"},
	{"SHLD-4", "timestamps to reduce TIME-WAIT", "stack.TestTimeWaitIsReused", ""},
	{"SHLD-5", "send the MSS option unless it is 536", "TestMSS", "every SYN has an MSS option: the passive open's, though the peer sent none"},
	{"SHLD-6", "MSS of an interface of varying MTU", "", "not applicable: a link.Device has one MTU"},
	{"SHLD-7", "Nagle's algorithm", "TestNagle", "with data unacknowledged small writes are collected until it is"},
	{"SHLD-8", "ECN", "TestCongestionControlIsThere", "ECN: both ask, a mark is echoed until CWR, and an echo cuts the window"},
	{"SHLD-9", "inform the application between R1 and R2", "TestReports", "sent again 3 times, Info says %d"},
	{"SHLD-9", "inform the application between R1 and R2", "", "in part: it has to ask, see MUST-32"},
	{"SHLD-10", "R1 of 3 retransmissions at least", "", "not applicable: Info counts them, R1 is whoever asks' to choose"},
	{"SHLD-11", "R2 of 100 s at least", "TestRetransmissionTimer", "the end after 100 s of silence and 15 timeouts: RFC 9293, 3.8.3"},
	{"SHLD-12", "keep-alives without data", "TestKeepAlive", "a probe has no data and the number before SND.NXT"},
	{"SHLD-13", "applications do not use urgent data", "", "not applicable: it is the application's; nothing here does"},
	{"SHLD-14", "do not shrink the window", "TestReceiveWindow", "the window closes as data waits and opens as it is read"},
	{"SHLD-15", "no new data into a shrunk window", "TestShrinkingWindow", "a usable window that becomes negative: no new data is sent"},
	{"SHLD-16", "resend old data within a shrunk window", "TestShrinkingWindow", "what lies in the window that is left is sent again normally"},
	{"SHLD-17", "no timeout for data past the right edge", "TestShrinkingWindow", "data beyond the right edge is not acknowledged: the connection is not ended"},
	{"SHLD-18", "delayed ACKs", "TestAcknowledging", "data that is written takes the delayed ACK with it"},
	{"SHLD-19", "an ACK for every second full segment", "TestAcknowledging", "2 * RMSS bytes are acknowledged at once, however they come"},
	{"SHLD-20", "the application can disable error reports", "", "not applicable: reports are read in Info, nobody is called"},
	{"SHLD-21", "change the Diffserv field during a connection", "stack.TestFieldsOfTheApplication", "a segment with TOS %#x"},
	{"SHLD-22", "pass the Diffserv field unchanged", "stack.TestFieldsWithECN", "data with TOS %#x"},
	{"SHLD-23", "applications do not change the Diffserv field", "", "not applicable: ours do not; it is not for the stack to keep others from it"},
	{"SHLD-24", "a later source route overrides", "", "not implemented: see MUST-51"},
	{"SHLD-25", "inform the application of soft ICMP errors", "stack.TestICMPErrorsOfAnOpenConnection", "%s: the application learns %v"},
	{"SHLD-25", "inform the application of soft ICMP errors", "TestRetransmissionTimer", "a soft error becomes the cause: RFC 1122, 4.2.3.9"},
	{"SHLD-26", "abort on hard ICMP errors", "stack.TestHardICMPErrorsEndAnOpening", ""},
	{"SHLD-26", "abort on hard ICMP errors", "", "deviates: once synchronized they are soft, RFC 5927, 5.2"},
	{"SHLD-27", "collapse PSH bits", "TestPush", "several writes make the largest possible segments, with one PSH"},
	{"SHLD-28", "send segments of maximum size", "TestPush", "%s: a segment of %d bytes though more is queued"},
	{"SHLD-29", "first probe after one RTO", "TestZeroWindowProbes", "the first probe after one retransmission timeout, measured: 300 ms"},
	{"SHLD-30", "exponential backoff of probes", "TestZeroWindowProbes", "the interval of the probes ends at a minute"},
	{"SHLD-31", "hold segments that are out of order", "TestAcknowledging", "segments beyond the next number are held: once the gap is filled all are there"},
	{"REC-1", "32 bits for windows", "TestWindowIsUnsigned", "REC-1: the largest scaled window, %d, is taken as %d"},

	{"MAY-1", "half-duplex close", "TestDiscard", "an application that closed: data is answered with a RST"},
	{"MAY-2", "accept a SYN from TIME-WAIT", "stack.TestTimeWaitIsReused", ""},
	{"MAY-3", "always send the MSS option", "TestMSS", "every SYN has an MSS option: one of 536, too"},
	{"MAY-4", "retransmit with the same IP identity", "", "not implemented: each packet has its own"},
	{"MAY-5", "keep-alives", "TestKeepAlive", "all probes without an answer end it"},
	{"MAY-6", "keep-alives with a garbage octet", "", "not implemented: no peer is known to need it"},
	{"MAY-7", "resend data beyond a shrunk window", "TestSendWindow", "a window that shrinks below what is in flight: it is sent again when due"},
	{"MAY-8", "keep the receive window closed", "TestClosedReceiveWindow", "our window stays closed for as long as nobody reads: each probe is answered"},
	{"MAY-9", "pass the received Diffserv field up", "", "not implemented: no application asked"},
	{"MAY-10", "IP timestamp option", "", "not implemented: ignored, see MUST-50"},
	{"MAY-11", "IP record route option", "", "not implemented: ignored, see MUST-50"},
	{"MAY-12", "RFC 5961 against data injection", "TestSynchronizedStates", "an ACK older than any window is answered with an ACK: RFC 5961, 5.2"},
	{"MAY-13", "an ACK for a segment that is out of order", "TestAcknowledging", "a segment in the window, not at its left edge, is acknowledged at once with RCV.NXT"},
	{"MAY-14", "FLUSH call", "", "not implemented: net.Conn has no such call"},
	{"MAY-15", "PUSH on SEND calls", "", "not implemented: net.Conn has no such call; see MUST-60 and MUST-61"},
	{"MAY-16", "aggregate data that is not pushed", "TestNagle", "a full segment goes at once"},
	{"MAY-17", "tell the application of PSH", "", "not implemented: data is given as it comes"},
	{"MAY-18", "alternative congestion control", "TestCongestionControlIsThere", "another algorithm can be chosen"},

	// Not numbered, but said: the processing of section 3.10.
	{"3.10.2", "SEND in each state", "TestUserCalls", "SEND in FIN-WAIT-1: connection closing"},
	{"3.10.3", "RECEIVE in each state", "TestUserCalls", "RECEIVE in CLOSE-WAIT: what is on hand, then connection closing"},
	{"3.10.4", "CLOSE in each state", "TestUserCalls", "CLOSE in ESTABLISHED waits for the SENDs before it, in FIN-WAIT-1"},
	{"3.10.5", "ABORT in each state", "TestAbort", "RFC 9293, 3.10.5: ESTABLISHED"},
	{"3.10.7.1", "a segment in CLOSED", "stack.TestSegmentsToNoConnection", "CLOSED: a segment without flags is reset"},
	{"3.10.7.2", "a segment in LISTEN", "stack.TestSegmentsToNoConnection", "LISTEN: any acknowledgment is bad"},
	{"3.10.7.3", "a segment in SYN-SENT", "TestSynSentByScript", "an ACK of nothing we sent is the host's to reset, and we wait on: RFC 9293, 3.10.7.3"},
	{"3.10.7.3", "a segment in SYN-SENT", "stack.TestHalfOpenPeerIsReset", ""},
	{"3.10.7.4", "a segment in the other states", "TestSynchronizedStates", "a RST at the next number ends it"},
	{"3.10.7.4", "a segment in the other states", "TestAcceptability", "data that covers the window"},
	{"3.10.8", "the user timeout in each state", "TestUserTimeout", "LAST-ACK ends after the application's R2"},
}
