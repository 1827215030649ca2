// The architecture as a test: who may import whom, and what a room may not do. Each rule has
// its reason, which a failure prints.
package httptap

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "httptap"

// A source is one Go file of the product.
type source struct {
	path    string // slash-separated, from the top
	dir     string
	test    bool
	imports []string
	fset    *token.FileSet
	file    *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || hasOwnModule(p)) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(p), dir: path.Dir(filepath.ToSlash(p)), test: strings.HasSuffix(p, "_test.go"), fset: fset, file: f}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, name)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d Go files found: the test looks in the wrong place", len(out))
	}
	return out
}

func hasOwnModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func isStd(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return first != module && !strings.Contains(first, ".")
}

func isModule(imp string) bool { return imp == module || strings.HasPrefix(imp, module+"/") }

// leaves may be imported by every room; they import the standard library only.
var leaves = map[string]bool{"stack/field": true, "stack/sum": true, "stack/seq": true, "stack/link": true}

// helpers for tests stand beside the leaves.
var testHelpers = map[string]bool{"stack/field/fieldtest": true, "stack/link/linktest": true, "stack/stacktest": true, "scripts/cmdtest": true}

func isRoom(dir string) bool {
	if leaves[dir] || testHelpers[dir] {
		return false
	}
	return strings.HasPrefix(dir, "stack/") || strings.HasPrefix(dir, "pcap/proto/")
}

// allowed says what a package may import of this module; a trailing /... means all below.
var allowed = []struct {
	dir    string
	may    []string
	reason string
}{
	{"httptap/api", nil, "the contract is types: no behaviour, nothing to import"},
	{"tapclient", []string{"stack/link", "httptap/api"}, "a client of the relay knows frames and the contract"},
	{"httptap/port", []string{"httptap/internal/undo", "stack/link", "stack/sum", "stack/ethernet", "stack/ipv4", "stack/tcp", "stack/udp"}, "a device moves frames, mends what the kernel's offloads did to them, and puts those back"},
	{"httptap/internal/undo", nil, "what is put back is who asks' to know"},
	{"httptap/internal/nat", []string{"httptap/internal/undo"}, "NAT is the kernel's: no frame comes by"},
	{"httptap/privilege", nil, "giving root up needs nothing of this module"},
	{"httptap/internal/hub", []string{"stack/link", "stack/ethernet"}, "the switch looks at addresses only"},
	{"httptap/internal/relay", []string{"stack/link", "httptap/api", "httptap/internal/hub", "httptap/internal/capture", "httptap/internal/logs", "web"}, "the relay is HTTP over the switch"},
	{"httptap/internal/logs", nil, "a logger knows nobody who logs"},
	{"httptap/internal/lab", []string{"stack", "stack/...", "httptap/internal/logs"}, "the lab is a host on our own stack"},
	{"httptap/internal/capture", []string{"stack/link", "httptap/internal/hub", "pcap/pcapng"}, "a capture is what the switch says, as a file"},
	{"httptap/internal/gateway", []string{"httptap/api", "stack", "stack/dns", "stack/icmpv4", "stack/ipv4"}, "the gateway joins flows of our own stack with this machine's sockets"},
	{"httptap/internal/...", []string{"httptap/api", "httptap/internal/...", "httptap/port", "stack/...", "pcap", "web"}, "httptap joins api, its internals, stack, pcap and web"},
	{"httptap", []string{"httptap/...", "stack", "stack/...", "pcap", "pcap/filter", "pcap/gopackets", "web"}, "the command wires"},
	{"pcap/tapdump/...", []string{"pcap", "pcap/...", "stack/link", "stack/field", "tapclient", "httptap/api"}, "a command over the decoder"},
	{"pcap/tapdump", []string{"pcap", "pcap/...", "stack/link", "stack/field", "tapclient", "httptap/api"}, "a command over the decoder"},
	{"pcap/fact", []string{"stack/field"}, "facts are names and values"},
	{"pcap/session", []string{"pcap", "pcap/fact", "stack/..."}, "a session compares what the decoder found"},
	{"pcap/stat", []string{"pcap", "pcap/fact", "stack/field", "stack/link"}, "tables are counted from what the decoder and a session found"},
	{"pcap/filter", []string{"pcap", "pcap/fact", "stack/field"}, "filters know fields, and no protocol"},
	{"pcap/gopackets", []string{"stack/field"}, "what explains bytes knows no decoder"},
	{"pcap/pcapng", nil, "a file format knows no protocol"},
	{"pcap/file", []string{"pcap/pcapng"}, "a file knows formats, and no protocol"},
	{"pcap", []string{"pcap/proto/...", "pcap/fact", "stack/..."}, "the decoder joins the rooms' tables, and prints what others found, too"},
	{"web", []string{"pcap"}, "the viewer knows no protocol"},
	{"xcurl/...", []string{"xcurl/...", "httptap/api", "httptap/port", "httptap/privilege", "tapclient", "pcap", "stack", "stack/...", "web"}, "xcurl uses anything but httptap's internals"},
	{"xcurl", []string{"xcurl/...", "httptap/api", "httptap/port", "httptap/privilege", "tapclient", "pcap", "stack", "stack/...", "web"}, "xcurl uses anything but httptap's internals"},
}

func match(pattern, dir string) bool {
	if p, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(dir, p+"/")
	}
	return pattern == dir
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue // tests may join what the product keeps apart
		}
		for _, imp := range s.imports {
			own := strings.TrimPrefix(imp, module+"/")
			switch {
			case leaves[s.dir]:
				if !isStd(imp) {
					t.Errorf("%s imports %s: a leaf imports the standard library only, so that everything can stand on it", s.path, imp)
				}
			case isRoom(s.dir):
				if isModule(imp) && !leaves[own] {
					t.Errorf("%s imports %s: no room imports another; only stack and pcap join them", s.path, imp)
				}
			}
			if (strings.HasPrefix(s.dir, "stack/") || s.dir == "stack" || strings.HasPrefix(s.dir, "pcap/proto/")) && !isStd(imp) && !isModule(imp) {
				t.Errorf("%s imports %s: nothing under stack imports a third-party module: it has to run on a microcontroller", s.path, imp)
			}
			if isModule(imp) && !testHelpers[s.dir] && testHelpers[own] {
				t.Errorf("%s imports %s: that is for tests", s.path, imp)
			}
		}
		checkAllowed(t, s)
	}
}

func checkAllowed(t *testing.T, s source) {
	for _, rule := range allowed {
		if !match(rule.dir, s.dir) {
			continue
		}
		for _, imp := range s.imports {
			own := strings.TrimPrefix(imp, module+"/")
			if !isModule(imp) {
				continue
			}
			ok := false
			for _, may := range rule.may {
				ok = ok || match(may, own)
			}
			if !ok {
				t.Errorf("%s imports %s: %s", s.path, imp, rule.reason)
			}
		}
		return // the first rule that matches is the package's
	}
}

// onlyIn names third-party modules and the only folder whose code may import each.
var onlyIn = map[string][]string{
	"github.com/songgao/water":            {"httptap/port"},
	"github.com/vishvananda/netlink":      {"httptap/port", "httptap/internal/..."},
	"github.com/gorilla/mux":              {"httptap/internal/relay", "web"},
	"github.com/google/gopacket":          {"pcap/gopackets"},
	"golang.org/x/sys":                    {"httptap/port", "httptap/privilege", "httptap/internal/...", "httptap"},
	"golang.org/x/net":                    nil,
	"rsc.io/script":                       {"scripts/cmdtest"}, // beside tests
	"github.com/coder/websocket":          {"httptap/internal/relay", "tapclient"},
	"github.com/klauspost/compress":       {"pcap/file"},
	"github.com/prometheus/client_golang": {"httptap/internal/relay"},
}

func TestThirdPartyModulesStayInTheirPlace(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, imp := range s.imports {
			if isStd(imp) || isModule(imp) {
				continue
			}
			known := false
			for mod, dirs := range onlyIn {
				if imp != mod && !strings.HasPrefix(imp, mod+"/") {
					continue
				}
				known = true
				ok := false
				for _, d := range dirs {
					ok = ok || match(d, s.dir)
				}
				if !ok {
					t.Errorf("%s imports %s, which belongs in %v only, so that it can be replaced in one place", s.path, imp, dirs)
				}
			}
			if !known {
				t.Errorf("%s imports %s: a new dependency needs a row in the README with its reason, and one here", s.path, imp)
			}
		}
	}
}

// clock are the functions of package time that read the clock or wait for it.
var clock = map[string]bool{"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true,
	"AfterFunc": true, "NewTimer": true, "NewTicker": true, "Tick": true}

func TestRoomsAreMachines(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !isRoom(s.dir) && !leaves[s.dir] {
			continue
		}
		for _, imp := range s.imports {
			switch imp {
			case "net/http", "net", "os", "sync", "context", "log", "log/slog":
				if isRoom(s.dir) {
					t.Errorf("%s imports %s: a room does no I/O and shares nothing: it has to run in a deterministic test", s.path, imp)
				}
			case "math/rand":
				t.Errorf("%s imports %s: randomness comes from a seed that the caller gives", s.path, imp)
			}
		}
		if !isRoom(s.dir) {
			continue
		}
		timeName := importName(s, "time")
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a room starts no goroutine", s.fset.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && timeName != "" && x.Name == timeName && clock[n.Sel.Name] {
					t.Errorf("%s: time.%s: a room is told what time it is", s.fset.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}

func importName(s source, imp string) string {
	for _, i := range s.file.Imports {
		if i.Path.Value == strconv.Quote(imp) {
			if i.Name != nil {
				return i.Name.Name
			}
			return path.Base(imp)
		}
	}
	return ""
}

// TestEveryPackageSaysWhatItIs: the package comment is the first thing that a reader sees.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			said[s.dir] = said[s.dir] || s.file.Doc != nil
		}
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

// TestFilesHoldOneIdea: a file over 600 lines is two ideas.
func TestFilesHoldOneIdea(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.fset.Position(s.file.End()).Line; n > 600 && !s.test {
			t.Errorf("%s has %d lines, more than 600", s.path, n)
		}
	}
}
