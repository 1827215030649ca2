package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// TestFollow: a file that grows, by pieces that end anywhere, is read as it grows, until nobody wants more.
func TestFollow(t *testing.T) {
	name := filepath.Join(t.TempDir(), "grows.pcapng")
	b := everything(binary.LittleEndian, binary.BigEndian)
	if err := os.WriteFile(name, b[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var idle int
		r, err := Follow(ctx, name, Options{Idle: func() { idle++ }})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		records := make(chan int64, 100)
		end := make(chan error, 1)
		go func() {
			for {
				rec, err := r.Next()
				if err != nil {
					end <- err
					return
				}
				records <- rec.Offset + int64(len(rec.Raw))
			}
		}()
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for at := 100; at < len(b); at += 50 {
			f.Write(b[at:min(at+50, len(b))])
		}
		for at := int64(0); at < int64(len(b)); {
			at = <-records
		}
		cancel()
		if err := <-end; err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
		if idle == 0 {
			t.Error("nobody was told that reading may take long")
		}
	})
}

func TestFollowShrunk(t *testing.T) {
	name := filepath.Join(t.TempDir(), "shrinks.pcap")
	b := classicFile(binary.LittleEndian, 0xa1b2c3d4, 4)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r, err := Follow(t.Context(), name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for range packets {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		r.Next()
		if err := os.Truncate(name, 30); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); !errors.Is(err, ErrShrunk) {
			t.Errorf("a file that was written anew: %v", err)
		}
	})
}

func TestOpen(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, os.ErrNotExist) || !Unread(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); !errors.Is(err, ErrFormat) {
		t.Errorf("a directory: %v", err)
	}
}

// TestPublicCaptures compares with gopacket's readers over the public captures, where these are.
func TestPublicCaptures(t *testing.T) {
	dir := os.Getenv("HTTPTAP_CAPTURES")
	if dir == "" {
		dir = "../../../shared/captures/pcapplusplus"
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.*cap*"))
	if len(names) == 0 {
		t.Skipf("needs the public captures in %s, or HTTPTAP_CAPTURES to say where they are", dir)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := readAll(t, bytes.NewReader(b), b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var peer interface {
			ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
		}
		if peer, err = pcapgo.NewReader(bytes.NewReader(b)); err != nil {
			if peer, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
		}
		for i := 0; ; i++ {
			data, info, err := peer.ReadPacketData()
			if err != nil {
				if i != len(all) {
					t.Errorf("%s: %d packets, gopacket has %d and says %v", name, len(all), i, err)
				}
				break
			}
			if i >= len(all) || all[i].data != string(data) || all[i].wire != info.Length || !all[i].time.Equal(info.Timestamp) {
				t.Errorf("%s packet %d: not what gopacket has: %+v", name, i+1, info)
				break
			}
		}
	}
}
