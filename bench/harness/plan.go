// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path"
	"time"
)

// A stage is one backing with who serves it and what is done to it.
type stage struct {
	on    backing
	peers []string
	rows  []workload
	luns  int  // units of each server, where a row wants several
	scale bool // ietd alone, as large as it gets: rows for the goals about that
}

// A plan is a run.
type plan struct {
	kind     string // as in Results
	rounds   int
	duration time.Duration // of a sample
	warmup   time.Duration
	stages   []stage
	crowd    bool // sessions that ask for nothing
	guest    bool // fio over the kernel's initiator too
	rowsOnly bool // nothing but the rows
}

const (
	kib = 1 << 10
	mib = 1 << 20

	manyLUNs  = 64
	scaleLUNs = 256
)

var (
	servers      = []string{"floor", "ietd", "tgt", "spdk"}
	fileServers  = []string{"fio", "ietd", "tgt", "spdk"}
	cacheServers = []string{"fio", "ietd", "tgt"}
	ramServers   = []string{"fio", "ietd", "tgt", "istgt"}

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

	// scaleRows are what may cost ietd no more when there is more of it.
	scaleRows = []workload{rw(4*kib, 0, 32), rw(4*kib, 0, 32).on(scaleLUNs), rw(4*kib, 0, 32).over(64)}

	// onScale measures them.
	onScale = stage{onNull, []string{manyUnits, twoLoops}, scaleRows, scaleLUNs, true}

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
	p := plan{kind: "bench", rounds: 3, duration: 700 * time.Millisecond, warmup: 200 * time.Millisecond, crowd: true,
		stages: []stage{
			{onNull, servers, goalRows, 1, false},
			onScale,
			{onRAM, ramServers, []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)}, 1, false},
			{onFile, fileServers, deviceRows, 1, false},
			{onCachedFile, cacheServers, []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)}, 1, false},
			{onLoop, fileServers, deviceRows, 1, false},
			{onZRAM, fileServers, deviceRows, 1, false},
		}}
	p.stages = append(p.stages, tuningStages()...)
	return p
}

// full takes half an hour: everything.
func full() plan {
	p := plan{kind: "bench-full", rounds: 3, duration: 900 * time.Millisecond, warmup: 300 * time.Millisecond, crowd: true, guest: true,
		stages: []stage{{onNull, servers, append(append([]workload{}, goalRows...), moreRows...), manyLUNs, false}, onScale}}
	p.stages = append(p.stages, tuningStages()...)
	for _, b := range withBytes {
		peers := fileServers
		switch {
		case b.kind == kindRAM && b.writeBack:
			peers = ramServers
		case !b.direct:
			peers = cacheServers
		}
		p.stages = append(p.stages, stage{b, peers, fullDeviceRows, 1, false})
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
	some, err := path.Match(o.rows, crowdRow)
	if err != nil {
		return fmt.Errorf("--rows %s: %w", o.rows, err)
	}
	p.crowd = some
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
