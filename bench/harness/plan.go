// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// A stage is one backing with who serves it and what is done to it.
type stage struct {
	on    backing
	peers []string
	rows  []workload
	luns  int // units of each server, where a row wants several
}

// A plan is a run.
type plan struct {
	kind     string // as in Results
	rounds   int
	duration time.Duration // of a sample
	warmup   time.Duration
	stages   []stage
	guest    bool // fio over the kernel's initiator too
	rowsOnly bool // nothing but the rows
}

const (
	kib = 1 << 10
	mib = 1 << 20

	manyLUNs = 64
)

var (
	servers     = []string{"floor", "ietd", "tgt", "spdk"}
	fileServers = []string{"fio", "ietd", "tgt", "spdk"}

	// deviceRows are those that are held against fio's.
	deviceRows = []workload{rw(4*kib, 0, 1), rw(4*kib, 0, 32), rw(4*kib, 100, 1), rw(4*kib, 100, 32)}

	// goalRows are the workloads of the goals on nullio.
	goalRows = []workload{
		rw(4*kib, 0, 1), rw(4*kib, 0, 32), rw(4*kib, 0, 128),
		rw(4*kib, 100, 1), rw(4*kib, 100, 32), rw(4*kib, 100, 128),
		rw(128*kib, 0, 8).sequential(), rw(128*kib, 100, 8).sequential(),
		rw(mib, 0, 8).sequential(), rw(mib, 100, 8).sequential(),
		rw(4*kib, 0, 1).over(64),
		rw(4*kib, 0, 32).digested(), rw(128*kib, 0, 8).sequential().digested(),
	}

	// moreRows are what a full run adds on nullio.
	moreRows = []workload{
		rw(4*kib, 0, 8), rw(4*kib, 100, 8), rw(4*kib, 30, 32),
		rw(4*kib, 0, 32).over(2), rw(4*kib, 0, 32).over(8), rw(4*kib, 0, 32).over(64),
		rw(4*kib, 0, 32).on(64), rw(4*kib, 100, 32).digested(),
	}

	// fullDeviceRows are those of a full run on everything else.
	fullDeviceRows = []workload{
		rw(4*kib, 0, 1), rw(4*kib, 0, 8), rw(4*kib, 0, 32),
		rw(4*kib, 100, 1), rw(4*kib, 100, 8), rw(4*kib, 100, 32),
		rw(4*kib, 30, 32), rw(128*kib, 0, 8).sequential(), rw(mib, 100, 8).sequential(),
	}
)

// quick takes minutes: the rows of the goals.
func quick() plan {
	return plan{kind: "bench", rounds: 3, duration: 700 * time.Millisecond, warmup: 200 * time.Millisecond,
		stages: []stage{
			{onNull, servers, goalRows, 1},
			{onRAM, []string{"ietd", "tgt", "istgt"}, []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)}, 1},
			{onFile, fileServers, deviceRows, 1},
			{onCachedFile, []string{"ietd", "tgt"}, []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)}, 1},
			{onLoop, fileServers, deviceRows, 1},
			{onZRAM, fileServers, deviceRows, 1},
		}}
}

// full takes half an hour: everything.
func full() plan {
	p := plan{kind: "bench-full", rounds: 3, duration: 900 * time.Millisecond, warmup: 300 * time.Millisecond, guest: true,
		stages: []stage{{onNull, servers, append(append([]workload{}, goalRows...), moreRows...), manyLUNs}}}
	for _, b := range []backing{onRAM, onRAMwt, onFile, onFileWT, onCachedFile, onCachedWT, onLoop, onLoopWT, onZRAM, onZRAMwt} {
		peers := fileServers
		switch {
		case b.kind == kindRAM && b.writeBack:
			peers = []string{"ietd", "tgt", "istgt"}
		case !b.direct:
			peers = []string{"ietd", "tgt"}
		}
		p.stages = append(p.stages, stage{b, peers, fullDeviceRows, 1})
	}
	return p
}

// adjust applies what the command line says of a run.
func (p *plan) adjust(o *options) error {
	if o.rounds != 0 {
		p.rounds = o.rounds
	}
	if o.duration != 0 {
		p.duration, p.warmup = o.duration, o.warmup
	}
	if o.rows == "" {
		return nil
	}
	p.rowsOnly, p.guest = true, false
	some := false
	for i := range p.stages {
		rows, err := selected(p.stages[i].rows, o.rows)
		if err != nil {
			return err
		}
		p.stages[i].rows = rows
		some = some || len(rows) > 0
	}
	if !some {
		return fmt.Errorf("--rows %s fits no workload", o.rows)
	}
	return nil
}
