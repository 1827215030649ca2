package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"httptap/httptap/api"
	"httptap/pcap"
	"httptap/pcap/filter"
	"httptap/pcap/tapdump/internal/dump"
	"httptap/stack/field"
	"httptap/stack/link"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// flags are the command line as it is written.
type flags struct {
	read, filter, write    string
	ihttp                  bool
	url, since             string
	follow, quiet, analyse bool
	count                  uint64
	style                  string
	tree, hex              bool
	fields, options, stats list
	classes, us            string
	clock, colour          string
	list, version, numeric bool
	completion             string
}

var styles = map[string]dump.Style{"line": dump.Line, "summary": dump.Summary, "json": dump.JSON, "fields": dump.Fields}

func (o *flags) define() *flag.FlagSet {
	f := flag.NewFlagSet("tapdump", flag.ContinueOnError)
	f.StringVar(&o.read, "r", "", "read a `file`, instead of naming it first")
	f.BoolVar(&o.ihttp, "ihttp", false, "read what crosses the switch of an httptap, until Ctrl-C")
	f.StringVar(&o.url, "url", api.DefaultURL, "`URL` of the httptap, or unix:PATH of its socket; the token that it may demand is $"+api.TokenEnv)
	f.StringVar(&o.since, "since", "", "with -ihttp: frames from some `time` ago on, too: 10s, or all that httptap still has")
	f.BoolVar(&o.follow, "f", false, "follow a file that grows, until Ctrl-C")
	f.StringVar(&o.filter, "Y", "", "only frames that a display `filter` lets through; also written behind the file")
	f.Uint64Var(&o.count, "c", 0, "end after `n` frames that the filter lets through")
	f.StringVar(&o.style, "T", "line", "print a frame as `style`: line, summary, json, fields")
	f.BoolVar(&o.tree, "V", false, "print a frame as a tree of all its fields")
	f.BoolVar(&o.hex, "x", false, "print a dump of a frame in which each field has lines of its own, behind anything else; alone with -T none")
	f.Var(&o.fields, "e", "with -T fields: a `field` to print; may be repeated; tapdump -G lists all")
	f.Var(&o.options, "E", "with -T fields: an `option`: header=y, separator=, occurrence=f|l|a, aggregator=, quote=d|s|n; /t is a tab, /s a space")
	f.Var(&o.stats, "z", "print a `statistic` instead of frames: "+dump.StatNames+"; may be repeated")
	f.StringVar(&o.write, "w", "", "write the frames to a `file` instead of printing them: .pcap, .pcapng, with .gz compressed, - is standard output")
	f.BoolVar(&o.analyse, "A", false, "compare frames with those before them: streams, retransmissions, response times, messages put together from segments and fragments; on by itself where a filter, -e or -z names what that finds")
	f.BoolVar(&o.quiet, "q", false, "decode all frames and print none")
	f.StringVar(&o.classes, "classes", "", "with -T line: the `classes` of fields to show, with commas between them, or all: "+strings.Join(classNames(), ", "))
	f.StringVar(&o.us, "us", "", "`addresses`, with commas between them, that are shown as us")
	f.StringVar(&o.clock, "t", string(dump.Relative), "show times as `format`: r since the first frame, d since the one before, dd since the one printed before, a local, ad with the date, u UTC, ud with the date, e since 1970")
	f.StringVar(&o.colour, "color", "auto", "`when` to use colours: auto on a terminal unless NO_COLOR is set, always, never")
	f.BoolVar(&o.list, "G", false, "print all fields, with their types and what they are")
	f.BoolVar(&o.numeric, "n", false, "accepted, and always so: no name is looked up")
	f.BoolVar(&o.version, "version", false, "print the version")
	f.StringVar(&o.completion, "completion", "", "print the completion script of a `shell`: bash, zsh or fish")
	f.Usage = func() {} // what is wrong is said once, by main
	f.SetOutput(io.Discard)
	return f
}

// parse reads the command line.
func parse(args []string, stdout *os.File) (c dump.Config, err error) {
	var o flags
	f := o.define()
	words, err := o.words(f, args)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			f.SetOutput(stdout)
			f.PrintDefaults()
			fmt.Fprint(stdout, examples)
			return c, err
		}
		return c, dump.Usagef("%w; see tapdump -h", err)
	}
	switch {
	case o.version:
		fmt.Fprintln(stdout, "tapdump", version)
		return c, errDone
	case o.completion != "":
		return c, complete(stdout, f, o.completion)
	case o.list:
		return c, listFields(stdout)
	}
	if words, err = o.input(&c, words); err != nil {
		return c, err
	}
	if err := o.choose(&c, words); err != nil {
		return c, err
	}
	if err := o.output(&c, stdout); err != nil {
		return c, err
	}
	return c, nil
}

// words parses the flags, which may stand anywhere, and returns the rest. What begins with a minus behind the
// first word of a filter and is no flag's name is the filter's, as in: tcp.len -1.
func (o *flags) words(f *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		rest := f.Args()
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(words, rest...), nil
		}
		if len(rest) == 0 {
			return words, nil
		}
		words, rest = append(words, rest[0]), rest[1:]
		for len(rest) > 0 && strings.HasPrefix(rest[0], "-") && rest[0] != "--" && len(words) > 1 && !isFlag(f, rest[0]) {
			words, rest = append(words, rest[0]), rest[1:]
		}
		args = rest
	}
}

// isFlag tells whether an argument is the name of a flag, with or without a value.
func isFlag(f *flag.FlagSet, arg string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return name == "h" || name == "help" || f.Lookup(name) != nil
}

// input takes the file from the words, unless a flag says where frames come from.
func (o *flags) input(c *dump.Config, words []string) ([]string, error) {
	in := &c.Input
	switch {
	case o.ihttp && o.read != "":
		return nil, dump.Usagef("-ihttp and -r both say where frames come from: give one of them")
	case o.ihttp && o.follow:
		return nil, dump.Usagef("-f follows a file; -ihttp has no end anyway")
	case o.ihttp:
		in.URL, in.Since, in.Token = o.url, o.since, os.Getenv(api.TokenEnv)
		return words, nil
	case o.since != "":
		return nil, dump.Usagef("-since needs -ihttp: it is httptap that keeps frames")
	case o.read != "":
		in.Name = o.read
	case len(words) == 0:
		return nil, dump.Usagef("a file is needed, as in: tapdump capture.pcapng; - is standard input, -ihttp a running httptap; see tapdump -h")
	default:
		in.Name, words = words[0], words[1:]
	}
	if in.Follow = o.follow; in.Follow && in.Name == "-" {
		return nil, dump.Usagef("-f follows a file; standard input is read to its end anyway")
	}
	return words, nil
}

// choose compiles the filter.
func (o *flags) choose(c *dump.Config, words []string) error {
	text := strings.Join(words, " ")
	if text != "" && o.filter != "" {
		return dump.Usagef("-Y and %q are both filters: give one of them", text)
	}
	if text += o.filter; text != "" {
		f, err := filter.Compile(text)
		if err != nil || o.analyse {
			if f, err = filter.CompileFacts(text); err != nil {
				return &dump.Error{Code: dump.ExitUsage, Err: err}
			}
			c.Session = true
		}
		c.Filter = f
	}
	c.Count = o.count
	c.Session = c.Session || o.analyse
	return nil
}

// output says what is to be done with frames.
func (o *flags) output(c *dump.Config, stdout *os.File) (err error) {
	c.Stdout, c.Stderr, c.Quiet, c.WriteTo = stdout, os.Stderr, o.quiet, o.write
	for _, text := range o.stats {
		s, compares, err := dump.ParseStatistic(text)
		if err != nil {
			return err
		}
		c.Session = c.Session || compares
		c.Stats = append(c.Stats, s)
	}
	p := &c.Print
	style, ok := styles[o.style]
	if o.style == "none" {
		style, ok = dump.None, o.hex
	}
	if !ok {
		return dump.Usagef("-T %s: the styles are line, summary, json, fields (and none, with -x); -V is a tree", o.style)
	}
	if p.Style, p.Hex = style, o.hex; o.tree {
		if style != dump.Line {
			return dump.Usagef("-V and -T %s are both styles: give one of them", o.style)
		}
		p.Style = dump.Tree
	}
	if p.Hex && (style == dump.JSON || style == dump.Fields) {
		return dump.Usagef("-x is for people, -T %s for programs: give one of them", o.style)
	}
	if (style == dump.Fields) != (len(o.fields) > 0) {
		return dump.Usagef("-T fields and -e belong together, as in: tapdump -T fields -e ip.src -e ip.dst FILE")
	}
	p.Fields = dump.FieldOptions{Fields: o.fields, Separator: "\t", Aggregator: ","}
	for _, option := range o.options {
		if err := p.Fields.Set(option); err != nil {
			return err
		}
	}
	if err := p.Fields.Compile(); err != nil {
		return err
	}
	c.Session = c.Session || p.Fields.Facts()
	if p.Clock = dump.Clock(o.clock); !slices.Contains(dump.Clocks, p.Clock) {
		return dump.Usagef("-t %s: the formats are %s", o.clock, fmt.Sprint(dump.Clocks))
	}
	if p.Classes, err = parseClasses(o.classes); err != nil {
		return err
	}
	if p.Us, err = parseUs(o.us); err != nil {
		return err
	}
	printing := len(c.Stats) == 0 && !c.Quiet && c.WriteTo == ""
	switch o.colour {
	case "always":
		p.Colours = pcap.DefaultPalette
	case "auto":
		if os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(stdout) {
			p.Colours = pcap.DefaultPalette
		}
	case "never":
	default:
		return dump.Usagef("-color %s: one of auto, always, never", o.colour)
	}
	// Where frames are printed, they show how far it is.
	if isTerminal(os.Stderr) && !(printing && isTerminal(stdout)) && !o.follow && !o.ihttp {
		c.Progress = os.Stderr
	}
	return nil
}

// isTerminal tells whether a file is one.
func isTerminal(f *os.File) bool {
	i, err := f.Stat()
	if err != nil || i.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(i, null)
}

// classes are the names of the classes of fields.
var classes = map[string]field.Class{"detail": field.Detail, "address": field.Address, "port": field.Port, "operation": field.Operation,
	"flags": field.Flags, "name": field.Name, "timestamp": field.Timestamp, "length": field.Length, "sequence": field.Sequence, "sum": field.Sum}

func classNames() (names []string) {
	for n := range classes {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return int(classes[a]) - int(classes[b]) })
	return names
}

func parseClasses(text string) (set pcap.Classes, err error) {
	switch text {
	case "":
		return pcap.DefaultClasses, nil
	case "all":
		return ^pcap.Classes(0), nil
	}
	for _, name := range strings.Split(text, ",") {
		c, ok := classes[name]
		if !ok {
			return 0, dump.Usagef("-classes %s: %q is none of %s", text, name, strings.Join(classNames(), ", "))
		}
		set |= pcap.ClassSet(c)
	}
	return set, nil
}

func parseUs(text string) (*pcap.Us, error) {
	if text == "" {
		return nil, nil
	}
	us := &pcap.Us{}
	for _, s := range strings.Split(text, ",") {
		if hw, err := link.ParseAddr(s); err == nil {
			us.HW = append(us.HW, hw)
			continue
		}
		ip, err := netip.ParseAddr(s)
		switch {
		case err != nil:
			return nil, dump.Usagef("-us %s: %q is no address: 02:00:5e:10:00:01, 192.0.2.1 or 2001:db8::1", text, s)
		case ip.Is4():
			us.IP = append(us.IP, ip.As4())
		default:
			us.IP6 = append(us.IP6, ip.As16())
		}
	}
	return us, nil
}

// complete prints a shell's completion script, made from the flags themselves.
func complete(w io.Writer, f *flag.FlagSet, shell string) error {
	var names []string
	f.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	switch shell {
	case "bash":
		fmt.Fprintf(w, "complete -o default -W %q tapdump\n", strings.Join(names, " "))
	case "zsh":
		fmt.Fprintf(w, "#compdef tapdump\n_files\ncompadd -- %s\n", strings.Join(names, " "))
	case "fish":
		f.VisitAll(func(f *flag.Flag) {
			_, text := flag.UnquoteUsage(f)
			fmt.Fprintf(w, "complete -c tapdump -o %s -d %q\n", f.Name, text)
		})
	default:
		return dump.Usagef("-completion %s: one of bash, zsh, fish", shell)
	}
	return errDone
}
