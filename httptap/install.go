package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const installUsage = `httptap install-extcap puts httptap into Wireshark's personal extcap folder, so that it is in
Wireshark's list of interfaces.

Usage:
  httptap install-extcap [-n]

  -n    print what would be done, and do nothing
`

// installExtcap puts this program into the folders where Wireshark looks for extcaps.
func installExtcap(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("install-extcap", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() { fmt.Fprint(stdout, installUsage) }
	dry := f.Bool("n", false, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("what is %q? see httptap install-extcap -h", f.Arg(0))
	}
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err != nil {
		return err
	}
	if strings.Contains(program, string(filepath.Separator)+"go-build") {
		return errors.New("'go run' removes this program at its end: make one that stays, with 'go install ./httptap', and call that")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	for _, dir := range extcapFolders(runtime.GOOS, home, os.Getenv, wiresharkFolder()) {
		if err := install(dir, program, *dry, stdout); err != nil {
			return err
		}
	}
	if !*dry {
		fmt.Fprintln(stdout, "Wireshark lists it after Capture > Refresh Interfaces, tshark with: tshark -D")
	}
	return nil
}

// wiresharkFolder asks tshark for its personal extcap folder; "" when there is none that says it.
func wiresharkFolder() string {
	out, err := exec.Command("tshark", "-G", "folders").Output()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(out)) {
		if path, ok := strings.CutPrefix(line, "Personal Extcap path:"); ok {
			return strings.TrimSpace(path)
		}
	}
	return ""
}

// extcapFolders are where Wireshark looks. It moved on Unix: up to 4.0 it is in the folder of the
// configuration, later in that of libraries. When Wireshark itself says which, that is it.
func extcapFolders(goos, home string, env func(string) string, said string) []string {
	switch {
	case said != "":
		return []string{said}
	case goos == "windows":
		data := env("APPDATA")
		if data == "" {
			data = filepath.Join(home, "AppData", "Roaming")
		}
		return []string{filepath.Join(data, "Wireshark", "extcap")}
	}
	config := env("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	return slices.Compact([]string{
		filepath.Join(home, ".local", "lib", "wireshark", "extcap"),
		filepath.Join(config, "wireshark", "extcap"),
	})
}

// install makes dir's entry: a link, or on Windows, where links need privilege, a batch file.
func install(dir, program string, dry bool, stdout io.Writer) error {
	path, batch := filepath.Join(dir, "httptap"), ""
	if runtime.GOOS == "windows" {
		path += ".bat"
		batch = fmt.Sprintf("@echo off\r\n\"%s\" %%*\r\n", program)
	}
	remove := "rm " + path
	if batch != "" {
		remove = "del " + path
	}
	if dry {
		fmt.Fprintf(stdout, "would make %s, which runs %s; to undo: %s\n", path, program, remove)
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case batch == "" && old.Mode()&os.ModeSymlink == 0:
		return fmt.Errorf("%s is there, and is not a link that this program made: move it away", path)
	default:
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if batch == "" {
		err = os.Symlink(program, path)
	} else {
		err = os.WriteFile(path, []byte(batch), 0o755)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "made %s, which runs %s; to undo: %s\n", path, program, remove)
	return nil
}

// subcommand does what is no relay: install-extcap, and what Wireshark asks for.
func subcommand(args []string, stdout, stderr io.Writer) (done bool, err error) {
	switch {
	case len(args) > 0 && args[0] == "install-extcap":
		return true, installExtcap(args[1:], stdout, stderr)
	case isExtcap(args):
		return true, extcap(args, stdout)
	}
	return false, nil
}
