// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// logged is a log that counts what it was told.
func logged(dir string) (*Rules, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return New(dir, zerolog.New(out)), out
}

func TestLive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "initiators.allow")
	r, out := logged(dir)
	remote := netip.MustParseAddr(peer)
	steps := []struct {
		name   string
		change func()
		want   bool
		told   int // lines in the log so far
	}{
		{"no file", func() {}, true, 0},
		{"the file appears", func() { write(t, path, "ALL 10.0.0.1\n") }, false, 0},
		{"it is changed at once, to the same size", func() { write(t, path, "ALL 1"+peer[1:9]+"\n"); write(t, path, "ALL 192.0.2.17\n") }, true, 0},
		{"a wrong item", func() { write(t, path, "ALL 10.0.0.1/8\n") }, false, 1},
		{"nothing changes: nothing is told", func() {}, false, 1},
		{"a touch: nothing is told", func() { touch(t, path) }, false, 1},
		{"another wrong item", func() { write(t, path, "ALL 10.0.0.2/8\n") }, false, 2},
		{"replaced by rename", func() { write(t, path+"~", "ALL ALL\n"); rename(t, path+"~", path) }, true, 2},
		{"a folder in its place", func() { rename(t, path, path+"~"); mkdir(t, path) }, false, 3},
		{"still: told once", func() {}, false, 3},
		{"mended", func() { rename(t, path, path+".d"); rename(t, path+"~", path) }, true, 3},
		{"removed", func() { rename(t, path, path+"~") }, true, 3},
	}
	for _, step := range steps {
		step.change()
		if got := r.Initiator(disk, host, remote); got != step.want {
			t.Errorf("%s: %v", step.name, got)
		}
		if n := strings.Count(out.String(), "\n"); n != step.told {
			t.Fatalf("%s: %d lines in the log, want %d:\n%s", step.name, n, step.told, out)
		}
	}
	want := path + ":1: \\\"10.0.0.1/8\\\" has bits beyond its prefix; write 10.0.0.0/8 for the network"
	if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), `"level":"error"`) {
		t.Errorf("the log has no %s:\n%s", want, out)
	}
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

// A file that changed long ago is not read while its identity stays. The shell of
// this host is such a file.
func TestUnchangedIsNotRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/bin/sh", filepath.Join(dir, "initiators.allow")); err != nil {
		t.Fatal(err)
	}
	var c cached
	c.look(allowInitiators, []string{dir})
	if c.id.fresh() {
		t.Skip("/bin/sh has just been installed")
	}
	c.sum[0]++ // reading it would find another sum
	if c.look(allowInitiators, []string{dir}) {
		t.Error("it was read again")
	}
	c.id.ctime.Sec--
	if !c.look(allowInitiators, []string{dir}) {
		t.Error("it was not read again when its identity had changed")
	}
}

func TestUnreadable(t *testing.T) {
	remote := netip.MustParseAddr(peer)
	for _, row := range []struct {
		name, file, other string // other: initiators.allow beside a broken deny, and the reverse
		initiator, local  bool
	}{
		{"allow denies everybody", "initiators.allow", absent, false, true},
		{"deny denies everybody", "initiators.deny", absent, false, true},
		{"deny denies those that allow does not allow", "initiators.deny", "ALL ALL\n", true, true},
		{"targets.allow offers nothing", "targets.allow", absent, true, false},
	} {
		dir := t.TempDir()
		mkdir(t, filepath.Join(dir, row.file)) // root reads every file, but no folder
		if row.other != absent {
			write(t, filepath.Join(dir, "initiators.allow"), row.other)
		}
		r, out := logged(dir)
		if r.Initiator(disk, host, remote) != row.initiator || r.Local(disk, remote) != row.local {
			t.Error(row.name)
		}
		if strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "it is not a regular file") {
			t.Errorf("%s: the log has:\n%s", row.name, out)
		}
	}
	// A deny file that names nobody does not open what a broken allow closed.
	dir := t.TempDir()
	mkdir(t, filepath.Join(dir, "initiators.allow"))
	write(t, filepath.Join(dir, "initiators.deny"), "ALL 10.0.0.1\n")
	if New(dir, zerolog.Nop()).Initiator(disk, host, remote) {
		t.Error("with a deny file, an unreadable allow file lets in")
	}
}

func TestDirectories(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	r := &Rules{dirs: []string{a, b}, log: zerolog.Nop()}
	remote := netip.MustParseAddr(peer)
	write(t, filepath.Join(b, "initiators.allow"), "ALL 10.0.0.1\n")
	if r.Initiator(disk, host, remote) {
		t.Error("the second directory is not looked at")
	}
	write(t, filepath.Join(a, "initiators.allow"), "ALL ALL\n")
	if !r.Initiator(disk, host, remote) {
		t.Error("the first directory does not come first")
	}
}

func TestManyGoroutines(t *testing.T) {
	r := newRules(t, "ALL "+peer+"\n", absent, "ALL ALL\n")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if !r.Initiator(disk, host, netip.MustParseAddr(peer)) || !r.Local(disk, netip.MustParseAddr(peer)) {
					t.Error("refused")
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkSnapshot(b *testing.B) {
	dir := b.TempDir()
	r := New(dir, zerolog.Nop())
	for b.Loop() {
		r.Snapshot()
	}
}
