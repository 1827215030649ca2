package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

// A script is a conversation with one TCB, a stimulus or an expectation a line. What stands
// behind | says why, and is printed when the line fails. Numbers of sequence count from the
// sender's SYN, as in Wireshark; each script runs with several initial numbers.
//
//	config rx=100 tx=100 mss=1460    before open or accept; nagle=1 ecn=1 pace=1 cc=newreno rxmax=9
//	config rtt=100ms                 the handshake of establish takes so long
//	open                             active open
//	accept SYN 0 win 9 <mss 9> = E   passive open from this SYN; E is the error wanted
//	establish win 9 <mss 9>          an active open with this answer, up to ESTABLISHED
//	in STATE                         the usual way to a state, window 65535 and MSS 1460
//	< FLAGS 1+5 ack 1 win 9 <..> = E the peer's segment: numbers 1 to 5; E is Receive's error
//	> FLAGS 1+5 ack 1 win 9 <..>     what Transmit gives; what is left out is not compared
//	none                             Transmit gives nothing
//	wait 40ms                        time passes; nothing may be left to send before
//	elapse                           time passes until the deadline; paceless: no pacing from now on
//	deadline 40ms | none             from now
//	write 5 = 3, read 5 = 3          bytes; = EOF or an error's name; writeurgent 5 as write
//	urgent 5                         bytes to be read up to the end of urgent data
//	close discard abort fail mtu 99  what application and host do
//	state NAME, err NAME             nil for no error
//	gaps 9                           the peer sends every second byte of so many
//	answered 9                       so many probes are answered: closed
//	silent 100s                      it ends by itself, not before
//	chatter 100s                     as silent, though data of the peer keeps coming
//	cwnd 9, ssthresh 9, rto 1s       what they are now; ssthresh none: as at the begin
//	setcwnd 9, setssthresh 9         a window as if the connection had got to it
//	pipe 9, recoveries 1             what is in flight; fast recoveries; also retransmits, probes,
//	                                 reordering, doubles, marks, minrtt, srtt
//	burst 1 3 100                    three segments of new data, from 1 on, of 100 bytes each
//	recovery fast | timeout | none   what is done about losses
//	undone 1                         so many cuts of the window were taken back
//	ect 1                            the last segment may be marked by routers; 0: not
//	<ce FLAGS ...                    as <, in a packet that a router marked
//	why new data                     the reason of the last segment
//	keepalive 10s 1s 3               idle time, interval, count; usertimeout 30s
//	soft, notcause                   a soft error; it is not the cause of the end
//	consume                          whatever is sent now
//	duplicates 9                      so many duplicate ACKs; whatever is sent for them is taken
//	slow                             the peer has had its share of quick acknowledgments
//	info SRTT 100ms                  a field of Info; more in script_inspect_test.go
type script struct {
	t        *testing.T
	c        TCB
	cfg      Config
	nagle    bool
	now      time.Time
	iss, irs seq.Value
	wrote    int // bytes of our stream, and of the peer's that were read
	read     int
	edge     seq.Value // the right edge of the window as the peer knows it
	edgeSet  bool
	rtt      string // of the handshake
	buf      [1500]byte
}

// scriptErrors are the errors that a script can name.
var scriptErrors = map[string]error{
	"nil": nil, "EOF": io.EOF, "ErrRefused": ErrRefused, "ErrReset": ErrReset, "ErrTimeout": ErrTimeout,
	"ErrAborted": ErrAborted, "ErrClosed": ErrClosed, "ErrClosing": ErrClosing, "ErrNotSyn": ErrNotSyn,
	"ErrBadAck": ErrBadAck, "ErrNoAck": ErrNoAck, "ErrOutOfWindow": ErrOutOfWindow, "ErrChallenge": ErrChallenge,
	"ErrAfterClose": ErrAfterClose, "ErrNoRoom": ErrNoRoom, "ErrBadFIN": ErrBadFIN, "ErrNoTimestamp": ErrNoTimestamp, "ErrOldTimestamp": ErrOldTimestamp, "errHost": errHost,
}

var errHost = errors.New("no route to host")

// ways are how a TCB gets to each state.
var ways = map[string]string{
	"SYN-SENT":     "open\n> SYN 0",
	"SYN-RECEIVED": "accept SYN 0 win 65535 <mss 1460>\n> SYN,ACK 0 ack 1",
	"ESTABLISHED":  "establish win 65535 <mss 1460>",
	"FIN-WAIT-1":   "in ESTABLISHED\nclose\n> FIN,ACK 1 ack 1",
	"FIN-WAIT-2":   "in FIN-WAIT-1\n< ACK 1 ack 2 win 65535",
	"CLOSE-WAIT":   "in ESTABLISHED\n< FIN,ACK 1 ack 1 win 65535\n> ACK 1 ack 2",
	"CLOSING":      "in FIN-WAIT-1\n< FIN,ACK 1 ack 1 win 65535\n> ACK 2 ack 2",
	"LAST-ACK":     "in CLOSE-WAIT\nclose\n> FIN,ACK 1 ack 2",
	"TIME-WAIT":    "in FIN-WAIT-2\n< FIN,ACK 1 ack 2 win 65535\n> ACK 2 ack 2",
}

// A case is a script with the sentence that it proves.
type scriptCase struct{ sentence, lines string }

func runScripts(t *testing.T, cases []scriptCase) {
	t.Helper()
	for _, sc := range cases {
		t.Run(sc.sentence, func(t *testing.T) {
			for _, base := range [][2]seq.Value{{100, 300}, {0xffffffff, 0xfffffffe}, {0xffffff00, 0x7fffff00}, {0x7ffffffe, 0xffffff00}} {
				s := newScript(t, base[0], base[1])
				s.run(sc.lines)
				s.none("at the end")
				if t.Failed() {
					t.Fatalf("with iss %d and irs %d: %+v", base[0], base[1], s.c.Info())
				}
			}
		})
	}
}

func newScript(t *testing.T, iss, irs seq.Value) *script {
	return &script{t: t, now: origin, rtt: "0s", iss: iss, irs: irs, cfg: endConfig(addrA, addrB, 32768, uint32(iss))}
}

func (s *script) run(lines string) {
	s.t.Helper()
	for i, line := range strings.Split(lines, "\n") {
		line, why, _ := strings.Cut(line, "|")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		s.line(line, fmt.Sprintf("line %d %q: %s", i+1, line, strings.TrimSpace(why)))
		checkInvariants(s.t, &s.c)
		if s.t.Failed() {
			return
		}
	}
}

var lineForm = regexp.MustCompile(`^(\S+)\s*([^<=]*?)\s*(<[^>]*>)?\s*(?:=\s*(\S+))?$`)

func (s *script) line(line, at string) {
	s.t.Helper()
	marked := strings.HasPrefix(line, "<ce ")
	if marked {
		line = "<" + line[3:]
	}
	if line[0] == '<' || line[0] == '>' { // the arrow is no option
		line = map[byte]string{'<': "in:", '>': "out:"}[line[0]] + line[1:]
	}
	if settings, ok := strings.CutPrefix(line, "config "); ok {
		for _, f := range strings.Fields(settings) {
			s.configure(f, at)
		}
		return
	}
	m := lineForm.FindStringSubmatch(line)
	if m == nil {
		s.t.Fatalf("%s: not a line of a script", at)
	}
	verb, arg, opts, want := m[1], m[2], m[3], m[4]
	expect := func(name string, n int, err error) {
		s.t.Helper()
		if wantN, e := strconv.Atoi(name); e == nil {
			if n != wantN || err != nil {
				s.t.Errorf("%s: %d bytes, %v", at, n, err)
			}
			return
		}
		wantErr, ok := scriptErrors[name]
		if !ok {
			s.t.Fatalf("%s: no such error", at)
		}
		if !errors.Is(err, wantErr) {
			s.t.Errorf("%s: %v", at, err)
		}
	}
	if want == "" && verb != "write" && verb != "writeurgent" && verb != "read" {
		want = "nil"
	}
	switch verb {
	case "open":
		s.c.Open(s.now, s.cfg)
		s.c.SetNagle(s.nagle)
	case "accept":
		expect(want, 0, s.c.Accept(s.now, s.cfg, s.parse(s.segment(arg, opts, at))))
		s.c.SetNagle(s.nagle)
	case "establish":
		s.run("open\n> SYN 0\nwait " + s.rtt + "\n< SYN,ACK 0 ack 1 " + arg + " " + opts + "\n> ACK 1 ack 1\nstate ESTABLISHED")
	case "in":
		s.run(ways[arg] + "\nstate " + arg)
	case "in:":
		seg := s.parse(s.segment(arg, opts, at))
		if marked {
			seg = seg.Marked()
		}
		expect(want, 0, s.c.Receive(s.now, seg))
	case "out:":
		s.out(arg, opts, at)
	case "none":
		s.none(at)
	case "wait":
		s.none(at)
		s.now = s.now.Add(duration(s.t, arg))
	case "paceless":
		s.c.pacing = pacing{}
	case "elapse":
		s.none(at)
		s.now = s.c.Deadline()
	case "deadline":
		got := "none"
		if d := s.c.Deadline(); !d.IsZero() {
			got = d.Sub(s.now).String()
		}
		if arg != "none" {
			arg = duration(s.t, arg).String()
		}
		if got != arg {
			s.t.Errorf("%s: it is %s", at, got)
		}
	case "write", "writeurgent":
		n := number(s.t, arg)
		b := make([]byte, n)
		for i := range b {
			b[i] = ours(s.wrote + i)
		}
		if want == "" {
			want = arg
		}
		write := s.c.Write
		if verb == "writeurgent" {
			write = s.c.WriteUrgent
		}
		got, err := write(b)
		s.wrote += got
		expect(want, got, err)
	case "read":
		b := make([]byte, number(s.t, arg))
		if want == "" {
			want = arg
		}
		n, err := s.c.Read(b)
		for i, v := range b[:n] {
			if v != theirs(s.read+i) {
				s.t.Fatalf("%s: byte %d of the peer's stream is wrong", at, s.read+i)
			}
		}
		s.read += n
		expect(want, n, err)
	case "urgent":
		if n := s.c.Urgent(); n != number(s.t, arg) || s.c.Info().Urgent != n {
			s.t.Errorf("%s: it is %d", at, n)
		}
	case "close":
		s.c.CloseWrite(s.now)
	case "discard":
		s.c.Discard(s.now)
	case "abort":
		s.c.Abort(s.now)
	case "fail":
		s.c.Fail(errHost)
	case "soft":
		s.c.SoftError(errHost)
	case "mtu":
		s.c.PathMTU(s.now, number(s.t, arg))
	case "gaps": // every second byte of so many from 2 on
		for i := range number(s.t, arg) {
			s.run(fmt.Sprintf("< ACK %d+1 ack 1 win 65535\n> ACK 1 ack 1", 2+2*i))
		}
	case "consume": // whatever is sent now
		for ok := true; ok; {
			_, ok = s.transmit(at)
		}
	case "duplicates": // duplicates of the last ACK; whatever is sent for them is taken
		for range number(s.t, arg) {
			s.run(fmt.Sprintf("< ACK %d ack %d win %d\nconsume", s.c.rnxt.Diff(s.irs), s.c.una.Diff(s.iss), s.c.wnd))
		}
	case "answered": // so many probes that the peer answers, its window still closed
		for range number(s.t, arg) {
			s.now = s.c.Deadline()
			if seg, ok := s.transmit(at); !ok || len(seg.Payload()) != 1 {
				s.t.Fatalf("%s: no probe", at)
			}
			s.run("< ACK 1 ack 1 win 0")
		}
	case "silent": // time passes until the connection ends, not before
		for started := s.now; s.c.State() != Closed; {
			if d := s.c.Deadline(); d.IsZero() || d.Sub(started) > time.Hour {
				s.t.Fatalf("%s: it never ends", at)
			}
			s.now = s.c.Deadline()
			s.line("consume", at)
			if s.c.State() == Closed && s.now.Sub(started) < duration(s.t, arg) {
				s.t.Errorf("%s: it ended after %v", at, s.now.Sub(started))
			}
		}
	case "chatter": // as silent, while data of the peer keeps coming, which acknowledges nothing new
		for n, started := 0, s.now; s.c.State() != Closed; n++ {
			s.run(fmt.Sprintf("< ACK %d+1 ack 1 win 65535\nconsume\nread 1", n+1))
			s.now = s.c.Deadline()
			s.line("consume", at)
			if s.c.State() == Closed && s.now.Sub(started) < duration(s.t, arg) || n > 1000 {
				s.t.Fatalf("%s: %v after %v", at, s.c.State(), s.now.Sub(started))
			}
		}
	case "burst":
		words := strings.Fields(arg)
		from, size := number(s.t, words[0]), number(s.t, words[2])
		for i := range number(s.t, words[1]) {
			s.out(fmt.Sprintf("ACK %d+%d", from+i*size, size), "", fmt.Sprintf("%s (number %d)", at, i+1))
		}
	case "cwnd", "ssthresh", "undone", "rto", "recovery", "why", "pipe", "recoveries", "retransmits", "probes", "reordering", "doubles", "marks", "minrtt", "srtt":
		i := s.c.Info()
		got := fmt.Sprint(map[string]any{"cwnd": i.CWnd, "ssthresh": i.SSThresh, "undone": i.Undone, "rto": i.RTO, "recovery": i.Recovery,
			"why": i.Why, "pipe": i.Pipe, "recoveries": i.Recoveries, "retransmits": i.Retransmits, "probes": i.TailProbes,
			"reordering": i.Reordering, "doubles": i.DoublesHeard, "marks": i.MarksEchoed, "minrtt": i.MinRTT, "srtt": i.SRTT}[verb])
		if verb == "recovery" && got == "" || verb == "ssthresh" && i.SSThresh == maxCWnd {
			got = "none"
		}
		if verb == "rto" || verb == "minrtt" || verb == "srtt" {
			arg = duration(s.t, arg).String()
		}
		if got != arg {
			s.t.Errorf("%s: it is %s", at, got)
		}
	case "setcwnd":
		s.c.cong.w.CWnd = number(s.t, arg)
	case "setssthresh":
		s.c.cong.w.SSThresh = number(s.t, arg)
	case "ect":
		if s.c.ECT() != (arg == "1") {
			s.t.Errorf("%s: it is %v", at, s.c.ECT())
		}
	case "keepalive":
		words := strings.Fields(arg)
		s.c.SetKeepAlive(s.now, duration(s.t, words[0]), duration(s.t, words[1]), number(s.t, words[2]))
	case "usertimeout":
		s.c.SetUserTimeout(s.now, duration(s.t, arg))
	case "notcause":
		if errors.Is(s.c.Err(), errHost) {
			s.t.Errorf("%s: %v", at, s.c.Err())
		}
	case "slow":
		s.c.quick = 0
	case "state":
		if s.c.State().String() != arg {
			s.t.Errorf("%s: it is %v", at, s.c.State())
		}
	case "err":
		expect(arg, 0, s.c.Err())
		if arg == "nil" && s.c.Err() != nil {
			s.t.Errorf("%s: it is %v", at, s.c.Err())
		}
	default:
		if !s.inspect(verb, arg, at) {
			s.t.Fatalf("%s: not a line of a script", at)
		}
	}
}

func (s *script) configure(f, at string) {
	name, v, _ := strings.Cut(f, "=")
	switch name {
	case "rx":
		s.cfg.Rx = make([]byte, number(s.t, v))
	case "tx":
		s.cfg.Tx = make([]byte, number(s.t, v))
	case "rtt":
		s.rtt = v
	case "mss":
		s.cfg.MSS = number(s.t, v)
	case "path":
		s.cfg.PathMTU = number(s.t, v)
	case "timewait":
		s.cfg.TimeWait = duration(s.t, v)
	case "nagle":
		s.nagle = v == "1"
	case "ecn":
		s.cfg.ECN = v == "1"
	case "pace":
		s.cfg.Pace = v == "1"
	case "cc":
		s.cfg.Congestion = map[string]Controller{"newreno": new(NewReno), "cubic": new(Cubic), "fixed": new(fixedWindow)}[v]
	case "offset":
		s.cfg.TimeOffset = uint32(number(s.t, v))
	case "rxmax":
		s.cfg.RxMax = number(s.t, v)
	default:
		s.t.Fatalf("%s: no such setting", at)
	}
}

func number(t testing.TB, v string) int {
	t.Helper()
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func duration(t *testing.T, v string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The bytes of the two streams.
func ours(i int) byte   { return byte(i*7 + i>>8) }
func theirs(i int) byte { return byte(i*13 + i>>8 + 5) }

// fields are what a line says about a segment; -1 is not said.
type fields struct {
	flags    Flags
	seq, len int
	ack, win int
	ackSaid  bool
	urg      int
	options  string
}

func (s *script) fields(arg, opts, at string) fields {
	s.t.Helper()
	f := fields{win: -1, options: opts}
	words := strings.Fields(arg)
	for _, name := range strings.Split(words[0], ",") {
		bit := -1
		for i, n := range flagNames {
			if n == name {
				bit = i
			}
		}
		if bit < 0 {
			if name == "NONE" {
				continue
			}
			s.t.Fatalf("%s: no flag %q", at, name)
		}
		f.flags |= 1 << bit
	}
	where, length, found := strings.Cut(words[1], "+")
	f.seq = number(s.t, where)
	if found {
		f.len = number(s.t, length)
	}
	for i := 2; i+1 < len(words); i += 2 {
		v := number(s.t, words[i+1])
		switch words[i] {
		case "ack":
			f.ack, f.ackSaid = v, true
		case "win":
			f.win = v
		case "urg":
			f.urg = v
		default:
			s.t.Fatalf("%s: no field %q", at, words[i])
		}
	}
	return f
}

// segment builds the peer's segment.
func (s *script) segment(arg, opts, at string) []byte {
	s.t.Helper()
	f := s.fields(arg, opts, at)
	o := buildOptions(s.t, opts, s.iss)
	b := make([]byte, HeaderLen+len(o)+f.len)
	copy(b[HeaderLen:], o)
	first := f.seq - 1 // the SYN is number 0
	if f.flags&SYN != 0 {
		first++
	}
	for i := range f.len {
		b[HeaderLen+len(o)+i] = theirs(first + i)
	}
	h := Header{SrcPort: addrB.Port(), DstPort: addrA.Port(), Seq: s.irs.Add(f.seq), Flags: f.flags, Window: uint16(max(f.win, 0))}
	if f.flags&ACK != 0 {
		if !f.ackSaid {
			s.t.Fatalf("%s: an ACK of what?", at)
		}
		h.Ack = s.iss.Add(f.ack)
	}
	Put(b, h, len(o), sum.Pseudo4(addrB.Addr().As4(), addrA.Addr().As4(), 6, len(b)))
	binary.BigEndian.PutUint16(b[18:], uint16(f.urg))
	return b
}

func (s *script) parse(b []byte) Segment {
	s.t.Helper()
	seg, err := Parse(b)
	if err != nil {
		s.t.Fatal(err)
	}
	return seg
}

// transmit takes the TCB's next segment, written into dirty memory.
func (s *script) transmit(at string) (Segment, bool) {
	s.t.Helper()
	for i := range s.buf {
		s.buf[i] = 0xa5
	}
	pending := s.c.Pending(s.now)
	n := s.c.Transmit(s.now, s.buf[:])
	if n > 0 && !pending {
		s.t.Errorf("%s: Transmit had a segment, but Pending was false", at)
	}
	if n == 0 {
		return Segment{}, false
	}
	if !bytes.Equal(s.buf[n:], bytes.Repeat([]byte{0xa5}, len(s.buf)-n)) {
		s.t.Errorf("%s: it wrote behind the segment", at)
	}
	seg := parsed(s.t, s.buf[:n], addrA, addrB)
	if seg.SrcPort() != addrA.Port() || seg.DstPort() != addrB.Port() || seg.Urgent() != 0 && seg.Flags()&URG == 0 {
		s.t.Errorf("%s: ports %d, %d, urgent pointer %d", at, seg.SrcPort(), seg.DstPort(), seg.Urgent())
	}
	s.checkEdge(seg, at)
	return seg, true
}

// checkEdge: RFC 9293, 3.8.6: "A TCP receiver SHOULD NOT shrink the window". Scaling rounds it.
func (s *script) checkEdge(seg Segment, at string) {
	s.t.Helper()
	if seg.Flags()&(RST|ACK) != ACK {
		return
	}
	shift := s.c.rcvShift
	if seg.Flags()&SYN != 0 {
		shift = 0
	}
	edge := seg.Ack().Add(int(seg.Window()) << shift)
	if s.edgeSet && edge.Add(1<<s.c.rcvShift-1).Less(s.edge) {
		s.t.Errorf("%s: the window's right edge went back by %d", at, s.edge.Diff(edge))
	}
	s.edge, s.edgeSet = edge, true
}

func (s *script) none(at string) {
	s.t.Helper()
	if seg, ok := s.transmit(at); ok {
		s.t.Errorf("%s: it sends %s", at, s.show(seg))
		return
	}
	checkQuiet(s.t, &s.c, s.now)
}

func (s *script) show(seg Segment) string {
	return fmt.Sprintf("> %v %d+%d ack %d win %d urg %d %s", seg.Flags(), seg.Seq().Diff(s.iss), len(seg.Payload()),
		seg.Ack().Diff(s.irs), seg.Window(), seg.Urgent(), s.showOptions(seg.Options()))
}

func (s *script) out(arg, opts, at string) {
	s.t.Helper()
	f := s.fields(arg, opts, at)
	seg, ok := s.transmit(at)
	if !ok {
		s.t.Errorf("%s: it sends nothing", at)
		return
	}
	same := seg.Flags()&^PSH == f.flags&^PSH && (f.flags&PSH == 0 || seg.Flags()&PSH != 0) &&
		seg.Seq() == s.iss.Add(f.seq) && len(seg.Payload()) == f.len &&
		(!f.ackSaid || seg.Ack() == s.irs.Add(f.ack)) && (f.win < 0 || int(seg.Window()) == f.win) && int(seg.Urgent()) == f.urg &&
		(opts == "" || s.showOptions(seg.Options()) == opts)
	if !same {
		s.t.Errorf("%s: it sends %s", at, s.show(seg))
	}
	for i, v := range seg.Payload() {
		if v != ours(f.seq-1+i) {
			s.t.Fatalf("%s: byte %d of our stream is wrong", at, f.seq-1+i)
		}
	}
}
