// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTryDirect puts words into the kernel's mouth: what it may say of a file system
// that cannot be had in every test.
func TestTryDirect(t *testing.T) {
	tests := []struct {
		name     string
		said     description
		offAlign int64  // 0: not direct
		why      string // why not
	}{
		{"alignment of a sector", description{reported: true, offAlign: 512, memAlign: 4}, 512, ""},
		{"alignment of a byte, as on a network file system", description{reported: true, offAlign: 1, memAlign: 1}, 1, ""},
		{"the largest unit a bounce buffer holds", description{reported: true, offAlign: bounceLen, memAlign: 512}, bounceLen, ""},
		{"nothing said: a page, found to work", description{}, unreportedAlign, ""},
		{"not for this file, say because it is encrypted", description{reported: true}, 0, "its file system does not do that for this file"},
		{"a unit larger than a bounce buffer", description{reported: true, offAlign: 2 * bounceLen, memAlign: 512}, 0, "its file system wants units of 131072 bytes in memory aligned to 512"},
		{"a unit that is no power of two", description{reported: true, offAlign: 28 << 10, memAlign: 512}, 0, "its file system wants units of 28672 bytes in memory aligned to 512"},
		{"memory aligned to more than a page", description{reported: true, offAlign: 512, memAlign: 1 << 20}, 0, "its file system wants units of 512 bytes in memory aligned to 1048576"},
		{"memory only", description{tmpfs: true}, 0, "tmpfs has nothing but the page cache"},
	}
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		d, err := Open(Params{Path: path, Direct: "no"})
		if err != nil {
			t.Fatal(err)
		}
		why, err := d.tryDirect(test.said)
		if err != nil || why != test.why {
			t.Errorf("%s: %q, %v; want %q", test.name, why, err, test.why)
		}
		want := max(test.offAlign, 1)
		if d.Direct() != (test.offAlign != 0) || d.offAlign != want {
			t.Errorf("%s: Direct %v in units of %d, want units of %d", test.name, d.Direct(), d.offAlign, want)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
