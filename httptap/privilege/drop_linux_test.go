package privilege

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDrop runs itself as a child, because what it does can't be undone.
func TestDrop(t *testing.T) {
	if os.Getenv("PRIVILEGE_CHILD") != "" {
		if err := Drop(); err != nil {
			t.Fatal(err)
		}
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			b, err := os.ReadFile("/proc/self/task/" + task.Name() + "/status")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("STATUS\n%s", b)
		}
		return
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: there is nothing to give up")
	}
	for _, c := range []struct {
		name, uid, gid string
		env            []string
	}{
		{"root becomes nobody", "65534", "65534", nil},
		{"sudo's user is himself again", "1234", "2345", []string{"SUDO_UID=1234", "SUDO_GID=2345"}},
		{"root who calls sudo becomes nobody", "65534", "65534", []string{"SUDO_UID=0", "SUDO_GID=0"}},
		{"nonsense becomes nobody", "65534", "65534", []string{"SUDO_UID=x", "SUDO_GID=y"}},
	} {
		child := exec.Command(os.Args[0], "-test.run=^TestDrop$", "-test.v")
		child.Env = append(cleanEnv(), "PRIVILEGE_CHILD=1")
		child.Env = append(child.Env, c.env...)
		out, err := child.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, out)
			continue
		}
		threads := strings.Split(string(out), "STATUS\n")[1:]
		if len(threads) < 2 {
			t.Errorf("%s: only %d threads were seen", c.name, len(threads))
		}
		for _, status := range threads {
			for _, want := range []string{
				`Uid:\s+` + c.uid + `\s+` + c.uid + `\s+` + c.uid + `\s+` + c.uid + `\n`,
				`Gid:\s+` + c.gid + `\s+` + c.gid + `\s+` + c.gid + `\s+` + c.gid + `\n`,
				`Groups:\s*\n`, `CapInh:\s+0+\n`, `CapPrm:\s+0+\n`, `CapEff:\s+0+\n`, `CapAmb:\s+0+\n`, `NoNewPrivs:\s+1\n`,
			} {
				if !regexp.MustCompile(want).MatchString(status) {
					t.Errorf("%s: %q is not in a thread's status\n%s", c.name, want, status)
				}
			}
		}
	}
}

func cleanEnv() []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "SUDO_") {
			out = append(out, e)
		}
	}
	return out
}
