package pcap

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"httptap/stack/field"
)

func catalogue() map[*field.Spec]bool {
	m := map[*field.Spec]bool{}
	for s := range Specs() {
		m[s] = true
	}
	return m
}

// TestCatalogueHasWhatFramesShow: a field that a frame shows can be named in a filter.
func TestCatalogueHasWhatFramesShow(t *testing.T) {
	known := catalogue()
	missing := map[string]bool{}
	var d Decoder
	for _, frames := range corpus(t) {
		for _, f := range frames {
			for _, s := range d.Decode(f, len(f)) {
				if !known[s.Spec] {
					missing[s.Spec.Name] = true
				}
			}
		}
	}
	for name := range missing {
		t.Errorf("%s: its room's Layout.More does not have it", name)
	}
}

// TestCatalogueHasWhatRoomsDeclare: every field that a room's source declares is in its Layout.
func TestCatalogueHasWhatRoomsDeclare(t *testing.T) {
	known := map[string]bool{}
	for s := range Specs() {
		known[s.Name] = true
	}
	files, _ := filepath.Glob("../stack/*/*.go")
	more, _ := filepath.Glob("proto/*/*.go")
	declared := 0
	for _, name := range append(files, more...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			keys := map[string]ast.Expr{}
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if id, ok := kv.Key.(*ast.Ident); ok {
						keys[id.Name] = kv.Value
					}
				}
			}
			s, ok := keys["Name"].(*ast.BasicLit)
			if !ok || keys["Label"] == nil || keys["Severity"] != nil {
				return true
			}
			field, _ := strconv.Unquote(s.Value)
			declared++
			if !known[field] {
				t.Errorf("%s declares %s, which no Layout in the registry has: see Layout.More", name, field)
			}
			return true
		})
	}
	if declared < 150 {
		t.Errorf("only %d fields were found: the test looks in the wrong place", declared)
	}
}

// TestCatalogueStops: a consumer that has seen enough is not called again.
func TestCatalogueStops(t *testing.T) {
	for range Specs() {
		break
	}
	for range Layouts() {
		break
	}
}
