// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"bytes"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"

	"golang.org/x/sys/unix"
)

// process is what this process has used and what it has.
type process struct {
	cpu          float64 // seconds, user and system, of all threads
	rss          uint64  // bytes
	allocObjects uint64  // of the Go heap, since the start
	allocBytes   uint64
	collections  uint64 // of the garbage, since the start
	heap         uint64 // bytes of objects, dead ones not yet collected too
	goroutines   uint64
}

// readProcess asks the kernel and the Go runtime. Neither stops the program.
func readProcess() (p process, err error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return p, fmt.Errorf("CPU time: %w", err)
	}
	p.cpu = float64(t.Nano()) / 1e9
	if p.rss, err = readRSS(); err != nil {
		return p, err
	}
	for _, row := range []struct {
		name string
		to   *uint64
	}{
		{"/gc/heap/allocs:objects", &p.allocObjects},
		{"/gc/heap/allocs:bytes", &p.allocBytes},
		{"/gc/cycles/total:gc-cycles", &p.collections},
		{"/memory/classes/heap/objects:bytes", &p.heap},
		{"/sched/goroutines:goroutines", &p.goroutines},
	} {
		sample := []metrics.Sample{{Name: row.name}}
		metrics.Read(sample)
		if sample[0].Value.Kind() != metrics.KindUint64 {
			panic("metrics: the Go runtime does not know a name that it had")
		}
		*row.to = sample[0].Value.Uint64()
	}
	return p, nil
}

// readRSS reads the resident bytes: the second number of statm, in pages.
func readRSS() (uint64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/self/statm says %q", b)
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/self/statm: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}
