// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/bench/load"
)

const target = "iqn.2026-11.com.example:e2e"

var (
	ietd string // path of the binary under test
	race = os.Getenv("IETD_RACE") == "1"
	long = os.Getenv("IETD_LONG") == "1"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ietd-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	ietd = filepath.Join(dir, "ietd")
	if err := daemon.Build(".", ietd, race); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// serve starts ietd with a target and args, and stops it at the end of the
// test.
func serve(t *testing.T, args ...string) *daemon.Process {
	t.Helper()
	p, err := daemon.StartIetd(ietd, daemon.AnyCPU, append([]string{"--target", target}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, p) })
	return p
}

// stop ends ietd and looks at how it went.
func stop(t *testing.T, p *daemon.Process) {
	t.Helper()
	code, err := p.Stop()
	if code != 0 || err != nil {
		t.Errorf("ietd: exit code %d, %v", code, err)
	}
	log := p.Log()
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:", `"level":"panic"`, `"level":"fatal"`} {
		if strings.Contains(log, bad) {
			t.Errorf("ietd's log has %q", bad)
		}
	}
	if t.Failed() {
		t.Logf("ietd's log:\n%s", tail(log))
	}
}

// tail returns the end of a log, which is where the trouble is; a race report
// or a panic is longer than that and is shown from its beginning.
func tail(log string) string {
	const most = 3 << 10
	for _, mark := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if i := strings.Index(log, mark); i >= 0 {
			return log[i:min(len(log), i+most)]
		}
	}
	return log[max(0, len(log)-most):]
}

// disk makes a sparse file of n bytes. Its name has no comma, which would end a
// --lun parameter; that of t.TempDir may.
func disk(t *testing.T, n int64) string {
	t.Helper()
	f, err := os.CreateTemp(filepath.Dir(ietd), "disk-*.img")
	if err != nil {
		t.Fatal(err)
	}
	path := f.Name()
	t.Cleanup(func() { os.Remove(path) })
	if err := f.Truncate(n); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// fileLun is a --lun argument for LUN 0 on a file.
func fileLun(path, more string) string {
	return "--lun=0 Path=" + path + ",Type=fileio," + more
}

// login is how the tests log in to p unless they say otherwise.
func login(p *daemon.Process) initiator.Options {
	return initiator.Options{Address: p.Addr, Target: target, ISID: load.SessionISID(0), Timeout: patience(10 * time.Second)}
}

// dial opens a session that is ready for I/O and closes it with the test.
func dial(t *testing.T, o initiator.Options) *initiator.Session {
	t.Helper()
	s, err := initiator.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Ready(initiator.LUN(0)); err != nil {
		t.Fatalf("TEST UNIT READY: %v", err)
	}
	return s
}

// patience is a time limit, longer where ietd is slower.
func patience(d time.Duration) time.Duration {
	if race {
		return 4 * d
	}
	return d
}

// span is the length of a load.
func span(d time.Duration) time.Duration {
	if long {
		return 10 * d
	}
	return d
}

// sessionFlags are the --session flags that let a login come to offer.
func sessionFlags(offer initiator.Params) []string {
	yesNo := map[bool]string{true: "Yes", false: "No"}
	keys := []struct{ name, value string }{
		{"InitialR2T", yesNo[offer.InitialR2T]},
		{"ImmediateData", yesNo[offer.ImmediateData]},
		{"FirstBurstLength", strconv.Itoa(offer.FirstBurstLength)},
		{"MaxBurstLength", strconv.Itoa(offer.MaxBurstLength)},
		{"MaxOutstandingR2T", strconv.Itoa(offer.MaxOutstandingR2T)},
		{"MaxRecvDataSegmentLength", strconv.Itoa(offer.MaxRecvDataSegmentLength)},
	}
	var flags []string
	for _, k := range keys {
		flags = append(flags, "--session", k.name+"="+k.value)
	}
	return flags
}

// checkFile holds what is in the file against the model of a load that has
// ended.
func checkFile(t *testing.T, path string, m *load.Model) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, m.BlockLen())
	for i := range m.Blocks() {
		if _, err := f.ReadAt(b, int64(i)*int64(len(b))); err != nil {
			t.Fatal(err)
		}
		if err := m.CheckNow(i, b); err != nil {
			t.Fatalf("in the file: %v", err)
		}
	}
}
