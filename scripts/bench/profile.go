package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// profileAll runs our side of each benchmark once and writes where its time goes.
func profileAll(ctx context.Context, chosen []benchmark, o options) int {
	if err := os.MkdirAll(o.profile, 0o755); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		return 1
	}
	for _, b := range chosen {
		if _, err := take(ctx, b, ours, o); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", b.name, err)
			return 1
		}
	}
	files, _ := filepath.Glob(filepath.Join(o.profile, "*.pprof"))
	for _, f := range files {
		fmt.Printf("go tool pprof -top %s\n", f)
	}
	return 0
}

func profileFile(dir, name string) string { return filepath.Join(dir, name+".pprof") }

// profileVariable names the file that a command writes its profile to.
const profileVariable = "HTTPTAP_BENCH_PROFILE"

func (o options) profileEnv(command string) []string {
	if o.profile == "" {
		return nil
	}
	dir, err := filepath.Abs(o.profile)
	if err != nil {
		return nil
	}
	return append(os.Environ(), profileVariable+"="+profileFile(dir, command))
}

// build builds the commands that are measured, and copies this one, into n.dir. To be profiled
// they get another main around their own: they have no flag for it, because no user wants one.
func (n *network) build(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", self, filepath.Join(n.dir, "bench")).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w\n%s", err, out)
	}
	root, err := filepath.Abs(n.o.root)
	if err != nil {
		return err
	}
	args := []string{"build", "-o", n.dir + "/"}
	if n.o.profile != "" {
		overlay, err := n.overlay(root, "xcurl", "httptap")
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
	}
	c := exec.CommandContext(ctx, "go", append(args, "./xcurl", "./httptap")...)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

const profiledMain = `package main

import (
	"os"
	"runtime/pprof"
)

func main() {
	if f, err := os.Create(os.Getenv("` + profileVariable + `")); err == nil {
		defer f.Close()
		if pprof.StartCPUProfile(f) == nil {
			defer pprof.StopCPUProfile()
		}
	}
	commandMain()
}
`

// overlay writes, for go build -overlay, what replaces the main functions of commands.
func (n *network) overlay(root string, commands ...string) (string, error) {
	dir := filepath.Join(n.dir, "overlay")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, name := range commands {
		original := filepath.Join(root, name, "main.go")
		text, err := os.ReadFile(original)
		if err != nil {
			return "", err
		}
		renamed := strings.Replace(string(text), "\nfunc main() {\n", "\nfunc commandMain() {\n", 1)
		if renamed == string(text) {
			return "", fmt.Errorf("%s has no main function", original)
		}
		for file, content := range map[string]string{"main.go": renamed, "profiled_main.go": profiledMain} {
			to := filepath.Join(dir, name+"-"+file)
			if err := os.WriteFile(to, []byte(content), 0o644); err != nil {
				return "", err
			}
			replace[filepath.Join(root, name, file)] = to
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	to := filepath.Join(n.dir, "overlay.json")
	return to, os.WriteFile(to, b, 0o644)
}
