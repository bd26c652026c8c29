// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
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

// keys returns the default offer changed by f.
func keys(f func(p *initiator.Params)) initiator.Params {
	p := initiator.Defaults()
	f(&p)
	return p
}

func TestVerify(t *testing.T) {
	same := initiator.Defaults()
	rows := []struct {
		sentence string
		lun      string
		offer    initiator.Params
		vary     func(i int, o *initiator.Options)
	}{
		{"direct, write through, 512", "Direct=yes,IOMode=wt,BlockSize=512", same, nil},
		{"direct, write back, 4096", "Direct=yes,IOMode=wb,BlockSize=4096", same, nil},
		{"direct, write back, 512", "Direct=yes,IOMode=wb,BlockSize=512", same, nil},
		{"buffered, write through, 4096", "Direct=no,IOMode=wt,BlockSize=4096", same, nil},
		{"buffered, write back, 512", "Direct=no,IOMode=wb,BlockSize=512", same, nil},
		{"header digest", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) { p.HeaderDigest = true }), nil},
		{"data digest", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) { p.DataDigest = true }), nil},
		{"both digests", "IOMode=wb,BlockSize=4096",
			keys(func(p *initiator.Params) { p.HeaderDigest, p.DataDigest = true, true }), nil},
		{"every length at its least", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) {
				p.FirstBurstLength, p.MaxBurstLength, p.MaxRecvDataSegmentLength = 512, 512, 512
			}), nil},
		{"lengths of a page, both digests", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) {
				p.FirstBurstLength, p.MaxBurstLength, p.MaxRecvDataSegmentLength = 4096, 4096, 4096
				p.HeaderDigest, p.DataDigest = true, true
			}), nil},
		{"lengths that divide nothing", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) {
				p.FirstBurstLength, p.MaxBurstLength, p.MaxRecvDataSegmentLength = 5003, 70001, 3001
				p.DataDigest = true
			}), nil},
		{"every length at its most", "IOMode=wb,BlockSize=4096",
			keys(func(p *initiator.Params) {
				p.FirstBurstLength, p.MaxBurstLength, p.MaxRecvDataSegmentLength = 1<<24-1, 1<<24-1, 1<<24-1
			}), nil},
		{"only solicited data", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) { p.ImmediateData, p.InitialR2T = false, true }), nil},
		{"immediate, else solicited data", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) { p.InitialR2T = true }), nil},
		{"unsolicited, no immediate data", "IOMode=wb,BlockSize=512",
			keys(func(p *initiator.Params) { p.ImmediateData = false }), nil},
		{"one R2T at a time, answered late", "IOMode=wb,BlockSize=4096",
			keys(func(p *initiator.Params) { p.MaxOutstandingR2T, p.MaxBurstLength, p.FirstBurstLength = 1, 65536, 65536 }), hold},
		{"four R2Ts open, answered late", "IOMode=wb,BlockSize=4096",
			keys(func(p *initiator.Params) {
				p.MaxOutstandingR2T, p.MaxBurstLength, p.FirstBurstLength = 4, 65536, 65536
				p.InitialR2T, p.ImmediateData = true, false
			}), hold},
		{"CmdSN wraps", "IOMode=wb,BlockSize=512", same,
			func(i int, o *initiator.Options) { o.FirstSN = 0xfffffff0 }},
		{"no key is offered", "IOMode=wb,BlockSize=512", same,
			func(i int, o *initiator.Options) { o.OmitKeys = true }},
		{"login begins in the security stage", "IOMode=wb,BlockSize=512", same,
			func(i int, o *initiator.Options) { o.Security = true }},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			path := disk(t, 64<<20)
			p := serve(t, append(sessionFlags(row.offer), fileLun(path, row.lun))...)
			c := quick(p)
			c.Login.Offer, c.Vary = &row.offer, row.vary
			r, err := load.Verify(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r)
			if got, want := r.Params, row.offer; row.vary == nil && !agreed(got, want) {
				t.Errorf("login came to %+v, offered was %+v and allowed by --session", got, want)
			}
			stop(t, p)
			checkFile(t, path, r.Model)
		})
	}
}

// hold answers R2Ts late, so that several are open where they may be.
func hold(_ int, o *initiator.Options) { o.HoldR2T = 2 * time.Millisecond }

// agreed reports whether a login came to what was offered.
func agreed(got, want initiator.Params) bool {
	got.MaxXmitDataSegmentLength = want.MaxXmitDataSegmentLength
	return got == want
}

// quick is a load of less than a second.
func quick(p *daemon.Process) load.Config {
	c := load.DefaultConfig()
	c.Login, c.LUN = login(p), initiator.LUN(0)
	c.Login.Timeout = patience(30 * time.Second)
	c.Sessions, c.Streams = 3, 3
	c.PrivateLen = 1 << 20
	c.Duration = span(600 * time.Millisecond)
	return c
}

// TestSmallWindow has more commands to send than the window admits.
func TestSmallWindow(t *testing.T) {
	path := disk(t, 64<<20)
	p := serve(t, "--queue-depth", "2", fileLun(path, "IOMode=wb,BlockSize=512"))
	c := quick(p)
	c.Sessions, c.Streams = 2, 12
	r, err := load.Verify(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
}

// TestManySessions has more sessions and streams than the other rows.
func TestManySessions(t *testing.T) {
	path := disk(t, 128<<20)
	p := serve(t, "--threads", "2", fileLun(path, "IOMode=wb,BlockSize=4096"))
	c := quick(p)
	c.Sessions, c.Streams, c.PrivateLen = 24, 4, 512<<10
	r, err := load.Verify(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
}

// TestTwoLoops has two sessions of one target verify on two loops: two threads
// must have worked.
func TestTwoLoops(t *testing.T) {
	path := disk(t, 64<<20)
	p := serve(t, "--threads", "2", fileLun(path, "Direct=no,IOMode=wb,BlockSize=4096"))
	before := threadTimes(t, p)
	c := quick(p)
	c.Sessions, c.Duration = 2, max(c.Duration, 1500*time.Millisecond)
	c.SharedLen, c.MaxLen = 1<<20, 64<<10
	r, err := load.Verify(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	var most, second int
	for id, ticks := range threadTimes(t, p) {
		switch n := ticks - before[id]; {
		case n > most:
			most, second = n, most
		case n > second:
			second = n
		}
	}
	if second*4 < most {
		t.Errorf("one thread worked %d ticks and the next %d: the sessions share a loop", most, second)
	}
}

// threadTimes returns the CPU ticks of each thread of p.
func threadTimes(t *testing.T, p *daemon.Process) map[string]int {
	t.Helper()
	paths, err := filepath.Glob("/proc/" + strconv.Itoa(p.PID()) + "/task/*/stat")
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		fields := strings.Fields(rest)
		for _, f := range fields[11:13] { // utime, stime
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			times[path] += n
		}
	}
	return times
}
