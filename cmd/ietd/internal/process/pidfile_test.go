// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestPIDFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ietd.pid")
	// What a process that was killed has left behind does not matter.
	if err := os.WriteFile(path, []byte("999999999999\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := OpenPIDFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strconv.Itoa(os.Getpid())
	if got, err := os.ReadFile(path); err != nil || string(got) != want+"\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := OpenPIDFile(path); err == nil || !strings.Contains(err.Error(), "another process ("+want+") holds its lock") {
		t.Errorf("a second one: %v", err)
	}
	if err := p.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := OpenPIDFile(filepath.Join(path, "no", "folder")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestDropNothing(t *testing.T) {
	uid, gid := os.Getuid(), os.Getgid()
	if err := Drop(0, 0); err != nil || os.Getuid() != uid || os.Getgid() != gid {
		t.Errorf("%v", err)
	}
}
