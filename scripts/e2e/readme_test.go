package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the README's programs print when they work, in its order.
var readmePrograms = []struct{ lang, want string }{
	{"go", `192\.168\.10\.1 [0-9.]+.?s <nil>`},
	{"go", `User-Agent`},
	{"go", `hello from 192\.168\.10\.`},
	{"go", `IN +42 \[Ethernet len=14; destination=us; .*opcode=reply \(2\)`},
	{"python", `192\.168\.10\.1 is at 02:`},
}

// TestReadmePrograms runs every program that the README shows, as it stands there.
func TestReadmePrograms(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(go|python)\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(blocks) != len(readmePrograms) {
		t.Fatalf("the README has %d programs, the test knows %d", len(blocks), len(readmePrograms))
	}
	listen := "127.0.0.1:" + freePort(t)
	w := world{}
	w.httptap(t, "-i", "user", "-listen", listen, "-q")
	for i, b := range blocks {
		p := readmePrograms[i]
		t.Run(fmt.Sprintf("%d %s", i+1, p.lang), func(t *testing.T) {
			if string(b[1]) != p.lang {
				t.Fatalf("the program is %s", b[1])
			}
			name, args := "python3", []string{"-c", string(b[2]), "http://" + listen}
			if p.lang == "go" {
				name, args = buildBlock(t, i, b[2]), args[2:]
			}
			stdout := w.must(t, name, args...)
			if !regexp.MustCompile(p.want).MatchString(stdout) {
				t.Errorf("it printed %q, which does not match %s", stdout, p.want)
			}
		})
	}
}

// buildBlock compiles a program as if it were a package of this module, without writing to the
// tree: go build's overlay puts it there.
func buildBlock(t *testing.T, i int, source []byte) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, source, 0o644); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	pkg := filepath.Join(here, fmt.Sprintf("readme%d", i))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(pkg, "main.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "program")
	world{}.must(t, "go", "build", "-overlay", list, "-o", out, "./"+strings.TrimPrefix(pkg, here+"/"))
	return out
}
