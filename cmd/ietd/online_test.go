// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
)

const otherName = "iqn.2026-11.com.example:other"

// A place is a running ietd with its file, and ietadm.
type place struct {
	*ietd
	t      *testing.T
	dir    string
	conf   string
	socket string
}

// startPlace starts ietd with an ietd.conf. DIR in it is the place's folder,
// which has disk files of some MiB by name.
func startPlace(t *testing.T, conf string, files map[string]int64, args ...string) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir()}
	p.conf, p.socket = filepath.Join(p.dir, "ietd.conf"), filepath.Join(p.dir, "s")
	for name, mib := range files {
		p.file(name, mib)
	}
	p.write(conf)
	p.ietd = startIetd(t, append([]string{"-c", p.conf, "--control-socket", p.socket}, args...)...)
	go func() { // nobody may wait for its log
		for p.log.Scan() {
		}
	}()
	return p
}

func (p *place) file(name string, mib int64) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(f.Truncate(mib<<20), f.Close())
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *place) write(conf string) {
	p.t.Helper()
	if err := os.WriteFile(p.conf, []byte(strings.ReplaceAll(conf, "DIR", p.dir)), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// adm runs ietadm, which must succeed, and returns what it prints.
func (p *place) adm(args ...string) string {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(append([]string{"ietadm", "--control-socket", p.socket}, args...), &stdout, &stderr); code != 0 {
		p.t.Errorf("ietadm %s: exit code %d: %s%s", strings.Join(args, " "), code, stdout.String(), stderr.String())
	}
	return strings.ReplaceAll(stdout.String(), p.dir, "DIR")
}

// eventually waits until ok.
func (p *place) eventually(what string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	p.t.Error(what)
}

// patient writes and reads LUN 0 of a target whose other LUNs change: a unit
// attention is news, after which the same command is sent again; any other
// failure, and any byte that is wrong, is returned.
func patient(ctx context.Context, s *initiator.Session) (commands int, err error) {
	do := func(c *initiator.Command) error {
		for {
			if err := s.Do(c); err != nil {
				return err
			}
			if c.Status == 0 || c.Sense().Key != 6 {
				return c.OK()
			}
		}
	}
	out, in := make([]byte, 64<<10), make([]byte, 64<<10)
	for ; ctx.Err() == nil; commands += 2 {
		for i := range out {
			out[i] = byte(commands + i/512)
		}
		r := initiator.Range{LBA: uint64(commands%8) * 128, Blocks: 128}
		if err := do(&initiator.Command{CDB: initiator.Write16(r, false), Out: out}); err != nil {
			return commands, fmt.Errorf("write: %w", err)
		}
		if err := do(&initiator.Command{CDB: initiator.Read16(r), In: in}); err != nil {
			return commands, fmt.Errorf("read: %w", err)
		}
		if !bytes.Equal(in, out) {
			return commands, errors.New("what was read is not what was written")
		}
	}
	return commands, nil
}

// TestOnlineChanges does everything that can be done to a running ietd while two
// loads verify every byte: one on a target that nobody touches, one on a LUN
// whose neighbours come, go, grow and become read-only.
func TestOnlineChanges(t *testing.T) {
	const conf = "Target " + testName + "\n Lun 0 Path=DIR/a.img\nTarget " + otherName + "\n Lun 0 Path=DIR/b.img\n Lun 1 Path=DIR/c.img\n"
	p := startPlace(t, conf, map[string]int64{"a.img": 64, "b.img": 8, "c.img": 1, "d.img": 1, "e.img": 1}, "--proc-dir", filepath.Join(t.TempDir(), "proc"))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var loads sync.WaitGroup
	loads.Go(func() {
		c := load.DefaultConfig()
		c.Login = initiator.Options{Address: p.addr.String(), Target: testName}
		c.Duration, c.Sessions, c.Streams = time.Minute, 2, 2
		report, err := load.Verify(ctx, c)
		if err != nil {
			t.Errorf("the load on the target that nobody touches: %v", err)
		}
		t.Log(report)
	})
	s, err := initiator.Dial(initiator.Options{Address: p.addr.String(), Target: otherName, ISID: load.SessionISID(99)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	loads.Go(func() {
		n, err := patient(ctx, s)
		if err != nil || n == 0 {
			t.Errorf("the load beside LUNs that change: %d commands, %v", n, err)
		}
		t.Logf("%d commands beside LUNs that change", n)
	})
	end := time.Now().Add(2 * time.Second)
	for round := 0; round < 3 || time.Now().Before(end) && !t.Failed(); round++ {
		changes(p, conf, round)
	}
	stop()
	loads.Wait()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("ietd ended with %v", err)
	}
}

// changes is one round of changes, which ends as it began but for the size of
// c.img.
func changes(p *place, conf string, round int) {
	p.adm("--op", "new", "--tid", "2", "--lun", "2", "--params", "Path="+p.dir+"/d.img")
	p.adm("--op", "update", "--tid", "2", "--lun", "2", "--params", "IOMode=ro")
	p.adm("--op", "update", "--tid", "2", "--lun", "2", "--params", "Path="+p.dir+"/e.img")
	p.file("c.img", int64(round)+2)
	p.adm("--op", "update", "--tid", "2", "--lun", "1")
	p.adm("--op", "delete", "--tid", "2", "--lun", "2")
	tid := fmt.Sprint(10 + round)
	p.adm("--op", "new", "--tid", tid, "--params", "Name=iqn.2026-11.com.example:new"+tid)
	p.adm("--op", "new", "--tid", tid, "--lun", "0", "--params", "Type=nullio")
	p.adm("--op", "update", "--tid", tid, "--params", "QueuedCommands=16")
	p.adm("--op", "delete", "--tid", tid)

	p.write(conf + " Lun 7 Path=DIR/d.img,IOMode=ro\n LunMask ALL ALL\nTarget iqn.2026-11.com.example:third\n Lun 0 Type=nullio\n")
	p.adm("reload", "--dry-run")
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		p.t.Fatal(err)
	}
	p.eventually("SIGHUP does not reload", func() bool { return strings.Contains(p.adm("dump"), "third") })
	p.write(conf)
	p.adm("reload")
	if got := p.adm("reload", "--dry-run"); strings.Contains(got, "third") || strings.Contains(got, "LUN") {
		p.t.Errorf("after a reload there is still something different: %s", got)
	}
}

// TestProcDir holds the two files to what runs.
func TestProcDir(t *testing.T) {
	proc := filepath.Join(t.TempDir(), "proc")
	p := startPlace(t, "Target "+testName+"\n Lun 0 Path=DIR/a.img\n", map[string]int64{"a.img": 1}, "--proc-dir", proc)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(proc, name))
		if err != nil {
			t.Error(err)
		}
		return strings.ReplaceAll(string(text), p.dir, "DIR")
	}
	volume := "tid:1 name:" + testName + "\n\tlun:0 state:0 iotype:fileio iomode:wt blocks:2048 blocksize:512 path:DIR/a.img\n"
	p.eventually("volume is not what runs", func() bool { return read("volume") == volume })
	s, err := initiator.Dial(initiator.Options{Address: p.addr.String(), Target: testName, ISID: load.SessionISID(1)})
	if err != nil {
		t.Fatal(err)
	}
	p.eventually("session does not show the session", func() bool {
		return strings.Contains(read("session"), " initiator:"+initiator.DefaultInitiator+"\n\t\tcid:0 ip:127.0.0.1 state:active hd:none dd:none\n")
	})
	if _, err := s.Logout(); err != nil {
		t.Error(err)
	}
	p.eventually("session shows a session that has ended", func() bool { return read("session") == "tid:1 name:"+testName+"\n" })
	p.adm("--op", "new", "--tid", "1", "--lun", "1", "--params", "Type=nullio,Blocks=8")
	p.eventually("volume does not show the new LUN", func() bool {
		return read("volume") == volume+"\tlun:1 state:0 iotype:nullio iomode:wt blocks:8 blocksize:512\n"
	})
	if got := p.adm("--op", "show", "--volume"); got != read("volume") {
		t.Errorf("ietadm shows\n%s", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(proc); err != nil || len(left) > 0 {
		t.Errorf("after the end: %v, %v", left, err)
	}
}

// TestMissingBacking starts with a disk that is not there: from the file that is
// a LUN that is not ready, from a flag or with --strict it is a refusal.
func TestMissingBacking(t *testing.T) {
	const conf = "Target " + testName + "\n Lun 0 Path=DIR/a.img\n"
	p := startPlace(t, conf, nil)
	if got := p.adm("--op", "show", "--volume"); !strings.Contains(got, "path:DIR/a.img") {
		t.Errorf("ietadm shows %s", got)
	}
	p.file("a.img", 1)
	s, err := initiator.Dial(initiator.Options{Address: p.addr.String(), Target: testName, ISID: load.SessionISID(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.eventually("the LUN does not become ready", func() bool { return s.Ready(initiator.LUN(0)) == nil })
	missing := filepath.Join(p.dir, "missing")
	p.write("Target " + testName + "\n Lun 0 Path=" + missing + "\n")
	for _, args := range [][]string{
		{"-c", p.conf, "--strict"},
		{"-c", p.conf, "--target", testName, "--lun", "0 Path=" + missing},
		{"-c", p.conf, "--target=" + testName, "--lun", "0 Path=" + missing},
	} {
		var stderr bytes.Buffer
		code := run(append([]string{"ietd", "--log-level", "error", "--control-socket", "", "-p", "0"}, args...), &stderr, &stderr)
		if want := "ietd: LUN 0 of " + testName + ": cannot open " + missing + ": no such file or directory"; code != exitRefused || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%q: exit code %d, said %s", args, code, stderr.String())
		}
	}
}
