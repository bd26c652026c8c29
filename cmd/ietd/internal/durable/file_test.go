// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "file")
	holds := func(what, want string, there bool) {
		t.Helper()
		if text, err := Read(path, 8); err != nil || string(text) != want || there != (text != nil) {
			t.Errorf("%s: %q (%v), %v", what, text, text != nil, err)
		}
	}
	holds("before anything", "", false)
	if err := Remove(path); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	for _, text := range []string{"one", "", "two"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		holds("what was written last", text, true)
	}
	// What a process left when it was killed while it wrote is no obstacle.
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), ".file.new"), []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	holds("with a rest beside it", "two", true)
	if err := Write(path, []byte("more than eight")); err != nil {
		t.Fatal(err)
	}
	holds("one byte more than there may be", "more than", true)
	if err := Remove(path); err != nil {
		t.Fatal(err)
	}
	holds("after Remove", "", false)
	if err := Write(filepath.Join(path, "below"), nil); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(path, "below", "a file"), nil); err == nil {
		t.Error("written below a file")
	}
}
