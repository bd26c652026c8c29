// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestShort holds what the comment of short says: it is a choice of full that
// shows every value.
func TestShort(t *testing.T) {
	all := full()
	if want := len(disks) * len(blockSizes) * len(digests) * len(answers) * len(answers) * len(lengths); len(all) != want {
		t.Errorf("full has %d rows, want %d", len(all), want)
	}
	seen := map[string]bool{}
	for _, r := range short {
		if !slices.Contains(all, r) {
			t.Errorf("short has a row that full has not: %v", r)
		}
		seen[fmt.Sprint(r.disk, r.blockSize)] = true
		seen["digest "+r.headerDigest] = true
		seen[fmt.Sprint("lengths ", r.lengths)] = true
		seen[fmt.Sprint(r.immediateData, r.initialR2T, r.lengths >= 1<<20)] = true
	}
	for _, r := range all {
		for _, want := range []string{
			fmt.Sprint(r.disk, r.blockSize), "digest " + r.headerDigest, fmt.Sprint("lengths ", r.lengths),
			fmt.Sprint(r.immediateData, r.initialR2T, r.lengths >= 1<<20),
		} {
			if !seen[want] {
				t.Errorf("short does not show %q", want)
				seen[want] = true // once is enough
			}
		}
	}
}

// TestSum shows that a sum sees what a round trip may get wrong.
func TestSum(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	if err := fill(path, 3<<20/2); err != nil {
		t.Fatal(err)
	}
	whole, err := sumOf(path, 3<<20/2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sumOf(path, 2<<20); err == nil {
		t.Error("a file that is too short has a sum")
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{pattern ^ 1}, 3<<20/2-1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if changed, err := sumOf(path, 3<<20/2); err != nil || changed == whole {
		t.Errorf("the sum does not see the last bit of the file (%v)", err)
	}
}
