// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneDisk = "Target iqn.2026-11.com.example:one\n\tLun 0 Type=nullio\n\tQueuedCommands 16\n\tMaxBurstLength 524288\n"

// place makes a directory with some files, whose first two are where ietd.conf is
// looked for.
func place(t *testing.T, text map[string]string) (surroundings, string) {
	t.Helper()
	dir := t.TempDir()
	for name, s := range text {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return surroundings{files: []string{filepath.Join(dir, "first"), filepath.Join(dir, "second")}, euid: 1000, runtimeDir: "/run/user/1000"}, dir
}

// TestFind holds which file is read, DIR standing for the directory.
func TestFind(t *testing.T) {
	flagTarget := []string{"--target", testName, "--lun", "0 Type=nullio"}
	both := map[string]string{"first": oneDisk, "second": oneDisk, "other": oneDisk}
	tests := []struct {
		name   string
		files  map[string]string
		args   []string
		file   string // that is read
		report string
		err    string
	}{
		{"the usual place", both, nil, "first", "", ""},
		{"the old place", map[string]string{"second": oneDisk}, nil, "second", "DIR/second: warning: this place is deprecated; move the file to DIR/first\n", ""},
		{"a file that is named", both, []string{"-c", "DIR/other"}, "other", "", ""},
		{"a file that is named and not there", both, []string{"--config", "DIR/none"}, "", "", "ietd.conf cannot be read: open DIR/none: no such file or directory"},
		{"a file that is named with an empty name", both, []string{"--config", ""}, "", "", "--config: the path is empty; write it as in /etc/iet/ietd.conf"},
		{"what is no file", both, []string{"-c", "DIR"}, "", "", "ietd.conf cannot be read: read DIR: is a directory"},
		{"no file and no flag", nil, nil, "", "", "nothing to serve; write DIR/first or give --config FILE, or begin with 'ietd --demo', or with --target NAME --lun '0 Path=FILE' (see ietd --help)"},
		{"no file, but a target", nil, flagTarget, "", "", ""},
		{"a file and a target", both, flagTarget, "first", "", ""},
		{"the demo leaves the usual places alone", both, []string{"--demo"}, "", "", ""},
		{"the demo with a file", both, []string{"--demo", "-c", "DIR/other"}, "other", "", ""},
		{"a file that says nothing", map[string]string{"first": ""}, nil, "first", "DIR/first: warning: the file has no Target; there is nothing to serve until one is added\n", ""},
		{"an error", map[string]string{"first": oneDisk + "Wthreads 0\n"}, nil, "", "", "DIR/first:5: error: Wthreads 0: it must be from 1 to 128 threads; write 'Wthreads 1' (IET ran with 1, the minimum)"},
		{"two errors", map[string]string{"first": oneDisk + "Wthreads\nType\n"}, nil, "", "", "DIR/first:5: error: Wthreads has no value; write it as in 'Wthreads 1'; 1 more error is shown by ietd --check"},
		{"three errors", map[string]string{"first": oneDisk + "Wthreads\nType\nLun\n"}, nil, "", "", "DIR/first:5: error: Wthreads has no value; write it as in 'Wthreads 1'; 2 more errors are shown by ietd --check"},
		{"an error, and --check", map[string]string{"first": oneDisk + "Wthreads\n"}, []string{"--check"}, "first", "DIR/first:5: error: Wthreads has no value; write it as in 'Wthreads 1'\n", ""},
		{"a flag that is wrong, and --check", both, []string{"--check", "--session", "MaxBurstLength=4096", "-c", "DIR/other"}, "", "", "--session: FirstBurstLength=262144 is above MaxBurstLength=4096; it must be at most that (RFC 7143, Section 13.14)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			around, dir := place(t, tt.files)
			in := func(s string) string { return strings.ReplaceAll(s, "DIR", dir) }
			args := make([]string, len(tt.args))
			for i, a := range tt.args {
				args[i] = in(a)
			}
			c, action, err := newParser(around).parse(args)
			if (err != nil || tt.err != "") && (err == nil || err.Error() != in(tt.err)) {
				t.Fatalf("%v, want %s", err, in(tt.err))
			}
			if err != nil {
				return
			}
			if len(args) > 0 && args[0] == "--check" && action != CheckOnly {
				t.Errorf("action %d", action)
			}
			want := ""
			if tt.file != "" {
				want = filepath.Join(dir, tt.file)
			}
			var report strings.Builder
			if err := c.Report.Print(&report); err != nil {
				t.Fatal(err)
			}
			if c.File != want || report.String() != in(tt.report) {
				t.Errorf("read %q, want %q; report %s", c.File, want, report.String())
			}
		})
	}
}

// TestFlagsWin holds what becomes of a file and flags that say different things,
// and that it is told.
func TestFlagsWin(t *testing.T) {
	around, dir := place(t, map[string]string{"first": "iSNSServer 192.0.2.1\nIncomingUser joe secret-of-joe\n" + oneDisk +
		"Target iqn.2026-11.com.example:TWO\n\tAlias x\n\tLun 0 Type=nullio\nTarget iqn.2026-11.com.example:three\n\tLun 0 Type=nullio\n"})
	c, _, err := newParser(around).parse([]string{
		"--target", "iqn.2026-11.com.example:new", "--lun", "0 Type=nullio",
		"--target", "iqn.2026-11.com.example:two", "--lun", "5 Type=nullio",
		"--queue-depth", "64", "--session", "MaxBurstLength=2097152",
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range c.Targets {
		names = append(names, strings.TrimPrefix(c.Targets[i].Name, "iqn.2026-11.com.example:"))
		if got := c.Targets[i].Keys.Get("MaxBurstLength"); got != "2097152" || c.Targets[i].QueuedCommands != 0 {
			t.Errorf("target %d: MaxBurstLength %s, QueuedCommands %d", i, got, c.Targets[i].QueuedCommands)
		}
	}
	if got := strings.Join(names, " "); got != "one two three new" {
		t.Errorf("targets %s", got)
	}
	if two := &c.Targets[1]; two.Alias != "" || len(two.Luns) != 1 || two.Luns[0].Number != 5 {
		t.Errorf("the block is not replaced: %+v", two)
	}
	if c.ISNSServer != "192.0.2.1" || len(c.Incoming) != 1 || c.QueueDepth != 64 || c.ControlSocket != "/run/user/1000/ietd.sock" {
		t.Errorf("%+v", c)
	}
	var report strings.Builder
	if err := c.Report.Print(&report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"note: --session MaxBurstLength=2097152 counts for every target of the file\n",
		"note: --queue-depth 64 counts for every target of the file\n",
		"note: --target iqn.2026-11.com.example:two replaces the whole block of the file\n",
	} {
		if !strings.Contains(report.String(), filepath.Join(dir, "first")+": "+want) {
			t.Errorf("not told: %s\n%s", want, report.String())
		}
	}
}

// TestFileCounts holds that without such flags the file's values stay.
func TestFileCounts(t *testing.T) {
	around, _ := place(t, map[string]string{"first": oneDisk})
	c, _, err := newParser(around).parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if one := &c.Targets[0]; one.QueuedCommands != 16 || one.Keys.Get("MaxBurstLength") != "524288" || c.QueueDepth != defaultQueueDepth {
		t.Errorf("%+v", one)
	}
}

// TestOnePathTwice holds that a file and a flag cannot write to one path, but as
// one disk.
func TestOnePathTwice(t *testing.T) {
	around, _ := place(t, map[string]string{"first": "Target iqn.2026-11.com.example:one\nLun 0 Path=/srv/a\n"})
	_, _, err := newParser(around).parse([]string{"--target", testName, "--lun", "3 Path=/srv/a,IOMode=wb"})
	const want = "--lun: /srv/a is behind LUN 0 of iqn.2026-11.com.example:one and LUN 3 of " + testName + "; a path can be behind two LUNs that may write only with the same parameters"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, _, err := newParser(around).parse([]string{"--target", testName, "--lun", "3 Path=/srv/a"}); err != nil {
		t.Errorf("with the same parameters: %v", err)
	}
}

func TestReload(t *testing.T) {
	around, dir := place(t, map[string]string{"second": oneDisk})
	path := filepath.Join(dir, "second")
	c, _, err := newParser(around).parse([]string{"--target", testName, "--lun", "0 Type=nullio", "--queue-depth", "7"})
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(strings.Replace(oneDisk, "Lun 0", "Lun 1", 1))
	next, err := c.Reload()
	if err != nil {
		t.Fatal(err)
	}
	if next.File != path || len(next.Targets) != 2 || next.Targets[0].Luns[0].Number != 1 || next.Targets[1].Name != testName || next.QueueDepth != 7 {
		t.Errorf("%+v", next)
	}
	if c.Targets[0].Luns[0].Number != 0 {
		t.Error("the old Config has changed")
	}

	rewrite(oneDisk + "Wthreads 0\n")
	var bad *ReportError
	if _, err = next.Reload(); !errors.As(err, &bad) || bad.Report.Count(Error) != 1 {
		t.Errorf("a bad file: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := next.Reload(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestControlSocket(t *testing.T) {
	tests := []struct {
		name   string
		around surroundings
		want   string
	}{
		{"root", surroundings{euid: 0, runtimeDir: "/run/user/0"}, "/run/ietd/ietd.sock"},
		{"somebody", surroundings{euid: 7, runtimeDir: "/run/user/7"}, "/run/user/7/ietd.sock"},
		{"somebody without a place", surroundings{euid: 7}, ""},
	}
	for _, tt := range tests {
		if got := tt.around.controlSocket(); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestStateDir(t *testing.T) {
	tests := []struct {
		name   string
		around surroundings
		want   string
	}{
		{"root", surroundings{euid: 0, home: "/root"}, "/var/lib/ietd"},
		{"a service, the first of its directories", surroundings{euid: 7, stateDirs: "/var/lib/a:/var/lib/b", home: "/home/u"}, "/var/lib/a"},
		{"somebody with a state folder", surroundings{euid: 7, stateHome: "/home/u/state", home: "/home/u"}, "/home/u/state/ietd"},
		{"a state folder that is no absolute path is none", surroundings{euid: 7, stateHome: "state", home: "/home/u"}, "/home/u/.local/state/ietd"},
		{"somebody without a home", surroundings{euid: 7}, ""},
	}
	for _, tt := range tests {
		if got := tt.around.stateDir(); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestFindingJSON(t *testing.T) {
	got, err := json.Marshal(Report{{"f", 12, Warning, "text", "1, the minimum"}, {"f", 0, Note, "text", ""}})
	const want = `[{"file":"f","line":12,"severity":"warning","text":"text","iet_ran":"1, the minimum"},{"file":"f","line":0,"severity":"note","text":"text"}]`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}
