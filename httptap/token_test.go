package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"httptap/httptap/api"
)

func TestIsToken(t *testing.T) {
	long := strings.Repeat("x", maxToken)
	for _, s := range []string{"abcdefghijklmnop", "0123456789ABCDEF-._~+/==", long} {
		if !isToken(s) {
			t.Errorf("%q is one", s)
		}
	}
	for _, s := range []string{"", "abcdefghijklmno", long + "x", "abcdefgh ijklmnop", "=abcdefghijklmnop", "abcdefgh=ijklmnop", "abcdefghijklmnop\n", "abcdefghijklmnöp", "================"} {
		if isToken(s) {
			t.Errorf("%q is none", s)
		}
	}
}

func TestChooseToken(t *testing.T) {
	dir := t.TempDir()
	file := func(text string, mode fs.FileMode) string {
		name := filepath.Join(dir, "token")
		os.Remove(name)
		if err := errors.Join(os.WriteFile(name, []byte(text), mode), os.Chmod(name, mode)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	t.Setenv(api.TokenEnv, "")
	a, err := chooseToken("")
	b, _ := chooseToken("")
	if err != nil || !isToken(a.text) || a.text == b.text || a.all || a.from != "" {
		t.Errorf("made: %+v %+v %v", a, b, err)
	}
	t.Setenv(api.TokenEnv, "from-the-environment")
	if got, err := chooseToken(""); err != nil || got != (token{"from-the-environment", api.TokenEnv, false}) {
		t.Errorf("%+v, %v", got, err)
	}
	name := file("from-the-file-it-is\r\n", 0o600)
	if got, err := chooseToken(name); err != nil || got != (token{"from-the-file-it-is", name, true}) {
		t.Errorf("%+v, %v", got, err)
	}
	const precious = "root:$6$precious:::"
	for _, c := range []struct {
		text string
		mode fs.FileMode
		says string
	}{
		{precious, 0o600, "a token has 16 to 512"},
		{"short", 0o600, "a token has 16 to 512"},
		{"", 0o600, "a token has 16 to 512"},
		{"two-lines-of-text-\nin-one-file", 0o600, "a token has 16 to 512"},
		{strings.Repeat("x", maxToken+9), 0o600, "a token has 16 to 512"},
		{"a-token-for-everybody", 0o604, "chmod 600 "},
	} {
		if c.mode != 0o600 && runtime.GOOS == "windows" {
			continue
		}
		if _, err := chooseToken(file(c.text, c.mode)); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "precious") {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	if _, err := chooseToken(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	t.Setenv(api.TokenEnv, precious)
	if _, err := chooseToken(""); err == nil || strings.Contains(err.Error(), "precious") {
		t.Error(err)
	}
}
