package main

import (
	"io"
	"strings"
	"testing"
)

func TestRingFlag(t *testing.T) {
	for text, want := range map[string]ringSize{"": defaultRing, "0": 0, "64MB": 64 << 20, "1gb": 1 << 30, "1048576": 1 << 20, "2048 KB": 2 << 20} {
		args := []string{"-ring", text}
		if text == "" {
			args = nil
		}
		o, err := parse(args, io.Discard)
		if err != nil || o.ring != want {
			t.Errorf("-ring %s: %d, want %d: %v", text, o.ring, want, err)
		}
	}
	for _, text := range []string{"1KB", "-1", "5GB", "many", "16 000 MB", "99999999999GB"} {
		if _, err := parse([]string{"-ring", text}, io.Discard); err == nil || !strings.Contains(err.Error(), "such as 16MB") {
			t.Errorf("-ring %s: %v", text, err)
		}
	}
	for n, want := range map[ringSize]string{0: "0", 16 << 20: "16MB", 1<<20 + 1: "1048577B", 1 << 30: "1GB"} {
		if got := n.String(); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
