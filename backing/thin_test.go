// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/backing"
)

func TestThin(t *testing.T) {
	file := newFile(t, t.TempDir(), diskBytes)
	tests := []struct {
		name   string
		params backing.Params
		thin   bool
		err    string
	}{
		{"a file is thin by default", backing.Params{Path: file}, true, ""},
		{"a file can be told to keep its room", backing.Params{Path: file, Thin: "no"}, false, ""},
		{"a file can be told to be thin", backing.Params{Path: file, Thin: "yes"}, true, ""},
		{"a read-only file is not", backing.Params{Path: file, IOMode: "ro"}, false, ""},
		{"nullio is", backing.Params{Type: "nullio"}, true, ""},
		{"nullio can be told not to be", backing.Params{Type: "nullio", Thin: "no"}, false, ""},
		{"another word is refused", backing.Params{Path: file, Thin: "Yes"}, false, "Thin=Yes: it can be yes or no"},
	}
	for _, tt := range tests {
		d, err := backing.Open(tt.params)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d.Thin() != tt.thin {
			t.Errorf("%s: Thin is %v", tt.name, d.Thin())
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDiscardGivesBack looks at the file: a discard frees its blocks, a zero does
// not and may even take some, and neither changes the size.
func TestDiscardGivesBack(t *testing.T) {
	for _, direct := range []string{"yes", "no"} {
		path := newFile(t, ".", diskBytes) // beside the source: TMPDIR may be tmpfs
		d, err := backing.Open(backing.Params{Path: path, Direct: direct})
		if err != nil && direct == "yes" {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		allocated := func() int64 {
			if err := d.Sync(); err != nil {
				t.Fatal(err)
			}
			var st unix.Stat_t
			if err := unix.Stat(path, &st); err != nil {
				t.Fatal(err)
			}
			if st.Size != diskBytes {
				t.Fatalf("Direct=%s: the file has %d bytes", direct, st.Size)
			}
			return st.Blocks * 512
		}
		if err := d.WriteAt([]byte(strings.Repeat("x", diskBytes)), 0, true); err != nil {
			t.Fatal(err)
		}
		full := allocated()
		if err := d.Discard(diskBytes/2, diskBytes/2); err != nil {
			t.Fatal(err)
		}
		half := allocated()
		if half > full-diskBytes/2+65536 {
			t.Errorf("Direct=%s: %d bytes of %d are allocated after half was given back", direct, half, full)
		}
		if err := d.Zero(0, diskBytes); err != nil {
			t.Fatal(err)
		}
		if now := allocated(); now < half {
			t.Errorf("Direct=%s: Zero gave back: %d, then %d bytes", direct, half, now)
		}
		if used, _, err := backing.Usage(path); err != nil || !d.LimitedRoom() || used != allocated() {
			t.Errorf("Direct=%s: Usage = %d, %v; allocated are %d", direct, used, err, allocated())
		}
	}
}

// TestNoSpace fills a small file system: the write that finds no room says so,
// and giving back makes room again.
func TestNoSpace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1M"); err != nil {
		t.Skip("a file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	d, err := backing.Open(backing.Params{Path: newFile(t, dir, 4<<20)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	chunk := make([]byte, 64<<10)
	var off int64
	for err == nil && off < d.Size() {
		if err = d.WriteAt(chunk, off, false); err == nil {
			off += int64(len(chunk))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d bytes: %v, want ENOSPC", off, err)
	}
	if _, available, err := backing.Usage(d.Path()); err != nil || available >= int64(len(chunk)) {
		t.Errorf("Usage: %d available, %v", available, err)
	}
	if err := d.Zero(off, 1<<20); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Zero, which keeps room: %v, want ENOSPC", err)
	}
	if err := d.Discard(0, 256<<10); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteAt(chunk, 1<<20, false); err != nil {
		t.Errorf("after some was given back: %v", err)
	}
}
