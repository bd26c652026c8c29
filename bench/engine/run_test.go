// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/floor"
	"ietring/bench/initiator"
)

// TestMain makes room for two loops that never yield.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(5)
	os.Exit(m.Run())
}

// short is a run that only shows that all goes round.
func short(p Protocol, address string) Config {
	offer := initiator.Defaults()
	return Config{
		Protocol: p, LUNs: []int{0}, Sessions: 1, Depth: 8, BlockLen: 4096, Pattern: Random,
		Login:    initiator.Options{Address: address, Target: testTarget, Offer: &offer},
		Duration: 50 * time.Millisecond, Seed: 1,
	}
}

const testTarget = "iqn.2026-11.com.example:engine"

// check runs c and looks whether the report makes sense.
func check(t *testing.T, c Config) {
	t.Helper()
	phases := 0
	r, err := Run(c, func(bool) { phases++ })
	if err != nil {
		t.Fatal(err)
	}
	if phases != 2 || r.IOs == 0 || r.IOPS <= 0 || r.P50 <= 0 || r.P99 < r.P50 || r.P999 < r.P99 || r.CPUPerIO <= 0 || r.Seconds < c.Duration.Seconds() {
		t.Errorf("%+v after %d phases", *r, phases)
	}
}

func TestFloorRun(t *testing.T) {
	s, err := floor.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { t.Error(s.Serve()) }() // it serves until the process ends
	for _, row := range []struct {
		sentence string
		change   func(c *Config)
	}{
		{"reads", func(c *Config) {}},
		{"writes at depth 1", func(c *Config) { c.WritePct, c.Depth = 100, 1 }},
		{"large ones of both kinds in both directions", func(c *Config) { c.WritePct, c.BlockLen = 50, 1<<20 }},
		{"many sessions", func(c *Config) { c.Sessions, c.Depth = 32, 1 }},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			c := short(Floor, s.Addr().String())
			row.change(&c)
			check(t, c)
		})
	}
}

// TestNoAllocation counts what the loop allocates while it is measured.
func TestNoAllocation(t *testing.T) {
	s, err := floor.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { t.Error(s.Serve()) }()
	var before, after runtime.MemStats
	r, err := Run(short(Floor, s.Addr().String()), func(begin bool) {
		if begin {
			runtime.ReadMemStats(&before)
		} else {
			runtime.ReadMemStats(&after)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	// The runtime allocates a little for itself.
	if n := after.Mallocs - before.Mallocs; n > 20 && n > r.IOs/10 {
		t.Errorf("%d allocations for %d commands", n, r.IOs)
	}
}

// TestTargetRun speaks to ietd in the ways that a negotiation can end.
func TestTargetRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ietd")
	if err := daemon.Build(".", path, false); err != nil {
		t.Fatal(err)
	}
	p, err := daemon.StartIetd(path, daemon.AnyCPU, "--target", testTarget,
		"--lun", "0 Type=nullio,BlockSize=512,Blocks=2097152", "--lun", "300 Type=nullio,BlockSize=512,Blocks=4194304")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if code, err := p.Stop(); code != 0 || err != nil {
			t.Errorf("ietd: %d, %v", code, err)
		}
	}()
	for _, row := range []struct {
		sentence string
		change   func(c *Config)
	}{
		{"reads", func(c *Config) {}},
		{"writes with immediate data", func(c *Config) { c.WritePct = 100 }},
		{"writes with unsolicited data", func(c *Config) {
			c.WritePct, c.Login.Offer.ImmediateData, c.BlockLen = 100, false, 1<<20
		}},
		{"writes by R2T alone, in small bursts", func(c *Config) {
			c.WritePct, c.BlockLen = 100, 256<<10
			c.Login.Offer.ImmediateData, c.Login.Offer.InitialR2T = false, true
			c.Login.Offer.FirstBurstLength, c.Login.Offer.MaxBurstLength = 4096, 16<<10
		}},
		{"both with digests, in small segments", func(c *Config) {
			c.WritePct, c.BlockLen = 50, 64<<10
			c.Login.Offer.HeaderDigest, c.Login.Offer.DataDigest = true, true
			c.Login.Offer.MaxRecvDataSegmentLength = 4096
		}},
		{"deeper than the window", func(c *Config) { c.Depth = 1024 }},
		{"sessions over two LUNs", func(c *Config) { c.Sessions, c.LUNs, c.Pattern = 8, []int{0, 300}, Sequential }},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			c := short(ISCSI, p.Addr)
			row.change(&c)
			check(t, c)
		})
	}
	t.Run("a LUN that is not there", func(t *testing.T) {
		c := short(ISCSI, p.Addr)
		c.LUNs = []int{7}
		if r, err := Run(c, nil); err == nil {
			t.Errorf("%+v", *r)
		}
	})
}
