package privilege

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestAsInvoker: what is made as the invoker is his, and what he may not do is refused.
func TestAsInvoker(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: there is nobody to be")
	}
	const uid, gid = 12345, 23456
	t.Setenv("SUDO_UID", "12345")
	t.Setenv("SUDO_GID", "23456")
	base, err := os.MkdirTemp("", "invoker") // t.TempDir's parent lets nobody in
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	os.Chmod(base, 0o755)
	his := filepath.Join(base, "his")
	if err := errors.Join(os.Mkdir(his, 0o700), os.Chown(his, uid, gid)); err != nil {
		t.Fatal(err)
	}
	write := func(name string) func() error {
		return func() error { return os.WriteFile(name, nil, 0o600) }
	}
	if err := AsInvoker(write(filepath.Join(his, "file"))); err != nil {
		t.Error(err)
	}
	f, err := os.Stat(filepath.Join(his, "file"))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Sys().(*syscall.Stat_t); s.Uid != uid || s.Gid != gid {
		t.Errorf("the file is %d's and group %d's", s.Uid, s.Gid)
	}
	if err := AsInvoker(write(filepath.Join(base, "file"))); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("in root's directory: %v", err)
	}
	if err := write(filepath.Join(base, "file"))(); err != nil {
		t.Errorf("behind it root has lost his rights: %v", err)
	}
	for _, env := range []string{"", "0", "x", "-1"} {
		t.Setenv("SUDO_UID", env)
		if err := AsInvoker(write(filepath.Join(base, "root's"+env))); err != nil {
			t.Errorf("SUDO_UID=%s: %v", env, err)
		}
	}
	if err := AsInvoker(func() error { return fs.ErrInvalid }); err != fs.ErrInvalid {
		t.Errorf("the error is %v", err)
	}
}
