package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestExtcapSentences(t *testing.T) {
	for args, want := range map[string]string{
		"--extcap-interfaces --extcap-version=4.0": "extcap {version=devel}{display=httptap}\n" +
			"interface {value=httptap}{display=httptap: relay at http://127.0.0.1:7070}\n" +
			"interface {value=httptap-user}{display=httptap: rootless, a network of its own}\n",
		"--extcap-interface httptap --extcap-dlts":        "dlt {number=1}{name=EN10MB}{display=Ethernet}\n",
		"--extcap-config --extcap-interface=httptap":      "arg {number=0}{call=--url}{display=Relay}",
		"--extcap-config --extcap-interface=httptap-user": "arg {number=0}{call=--listen}{display=Listen on}",
	} {
		var out strings.Builder
		done, err := subcommand(strings.Fields(args), &out, io.Discard)
		if !done || err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %v %v\n%s", args, done, err, &out)
		}
		for line := range strings.Lines(out.String()) {
			if strings.Count(line, "{") != strings.Count(line, "}") {
				t.Errorf("%s: %s", args, line)
			}
		}
	}
	for args, want := range map[string]string{
		"--extcap-dlts": `--extcap-interface "": there are httptap and httptap-user`,
		"--extcap-interface eth0 --extcap-config": "there are httptap and httptap-user",
		"--capture --extcap-interface httptap":    "--capture needs --fifo PATH",
		"--extcap-interfaces more":                `what is "more"?`,
		"--extcap-nonsense":                       "flag provided but not defined",
	} {
		if done, err := subcommand(strings.Fields(args), io.Discard, io.Discard); !done || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v", args, done, err)
		}
	}
	for _, args := range [][]string{nil, {"-i", "user"}, {"-q"}} {
		if done, _ := subcommand(args, io.Discard, io.Discard); done {
			t.Errorf("%q is taken for a sub-command", args)
		}
	}
}

// Whatever the check of a capture filter prints is why it is wrong: Wireshark shows it.
func TestExtcapFilterCheck(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if f := q.URL.Query().Get("filter"); q.URL.Path != "/capture" || f != "tcp" {
			w.WriteHeader(400)
			io.WriteString(w, `{"error":"filter: column 1"}`)
		}
	}))
	defer s.Close()
	check := func(url, filter string) string {
		var out strings.Builder
		if err := extcap([]string{"--extcap-interface", "httptap", "--extcap-capture-filter", filter, "--url", url}, &out); err != nil {
			t.Error(err)
		}
		return out.String()
	}
	if out := check(s.URL, "tcp"); out != "" {
		t.Errorf("a good filter: %s", out)
	}
	if out := check(s.URL, "nonsense"); !strings.Contains(out, "filter: column 1") {
		t.Errorf("a bad filter: %s", out)
	}
	if out := check("http://127.0.0.1:1", "tcp"); out != "" {
		t.Errorf("nobody to ask: %s", out)
	}
}

func TestExtcapFolders(t *testing.T) {
	env := map[string]string{}
	get := func(name string) string { return env[name] }
	home := string(filepath.Separator) + "h"
	j := filepath.Join
	for _, c := range []struct {
		goos, config, data, said string
		want                     []string
	}{
		{"linux", "", "", "", []string{j(home, ".local", "lib", "wireshark", "extcap"), j(home, ".config", "wireshark", "extcap")}},
		{"darwin", "", "", "", []string{j(home, ".local", "lib", "wireshark", "extcap"), j(home, ".config", "wireshark", "extcap")}},
		{"linux", "/c", "", "", []string{j(home, ".local", "lib", "wireshark", "extcap"), j("/c", "wireshark", "extcap")}},
		{"linux", "", "", "/said", []string{"/said"}},
		{"windows", "", "/data", "", []string{j("/data", "Wireshark", "extcap")}},
		{"windows", "", "", "", []string{j(home, "AppData", "Roaming", "Wireshark", "extcap")}},
	} {
		env["XDG_CONFIG_HOME"], env["APPDATA"] = c.config, c.data
		if got := extcapFolders(c.goos, home, get, c.said); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestInstall(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("looks at links, which Windows has a batch file for")
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "httptap")
	var out strings.Builder
	if err := install(dir, "/bin/true", true, &out); err != nil || !strings.HasPrefix(out.String(), "would make "+path+", which runs /bin/true; to undo: rm "+path) {
		t.Errorf("-n: %v %s", err, &out)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("-n has made something: %v", err)
	}
	for _, program := range []string{"/bin/false", "/bin/true"} { // the second one takes the first one's place
		if err := install(dir, program, false, &out); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(path); err != nil || to != program {
			t.Errorf("the link goes to %s, want %s: %v", to, program, err)
		}
	}
	os.Remove(path)
	os.WriteFile(path, []byte("somebody's own"), 0o600)
	if err := install(dir, "/bin/true", false, &out); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("over somebody's file: %v", err)
	}
	if err := installExtcap([]string{"more"}, &out, io.Discard); err == nil {
		t.Error("an argument too many is taken")
	}
}
