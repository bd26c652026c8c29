// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file that grew is taken over with what its old end held; one that shrank is
// refused and stays as it was.
func TestGrow(t *testing.T) {
	for _, direct := range []string{"yes", "no"} {
		path := filepath.Join(t.TempDir(), "disk")
		if err := os.WriteFile(path, bytes.Repeat([]byte{7}, 8192+512), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(Params{Path: path, Direct: direct})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		last := bytes.Repeat([]byte{9}, 512)
		if err := d.WriteAt(last, 8192, false); err != nil {
			t.Fatal(err)
		}
		if grown, err := d.Grow(); grown || err != nil {
			t.Errorf("nothing has changed: %v, %v", grown, err)
		}
		for _, size := range []int64{16384 + 1024, 1 << 20} {
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
			if grown, err := d.Grow(); !grown || err != nil || d.Size() != size {
				t.Errorf("grown to %d: %v, %v, size %d", size, grown, err, d.Size())
			}
		}
		got := make([]byte, 1024)
		if err := d.ReadAt(got, 8192); err != nil || !bytes.Equal(got[:512], last) || !bytes.Equal(got[512:], make([]byte, 512)) {
			t.Errorf("the old end: %v", err)
		}
		if err := d.WriteAt(last, 1<<20-512, true); err != nil {
			t.Errorf("the new end: %v", err)
		}
		if err := os.Truncate(path, 4096); err != nil {
			t.Fatal(err)
		}
		if grown, err := d.Grow(); grown || !errors.Is(err, ErrShrunk) || d.Size() != 1<<20 {
			t.Errorf("shrunk: %v, %v, size %d", grown, err, d.Size())
		}
	}
}
