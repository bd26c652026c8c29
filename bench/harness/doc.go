// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command harness measures ietd beside a floor and other targets in the same
// run and writes down what came of it.
//
//	for each backing: start floor, ietd, tgt, … each on a device of its own
//	    for each round, for each workload:
//	        floor (CPU 0)  <--- iscsi-load perf (CPU 1)
//	        ietd  (CPU 0)  <--- iscsi-load perf (CPU 1)
//	        tgtd  (CPU 0)  <--- iscsi-load perf (CPU 1)
//	        fio   (CPU 0)  on such a device itself
//	-> bench/results/DATE-COMMIT.json -> BENCHMARKS.md and its plots
//
// Rounds are interleaved, so that a disturbance meets all; a ratio is taken
// within a round. Every number of BENCHMARKS.md comes from the newest JSON;
// nobody types one. What cannot run here is a row that says why. When a run
// cannot be trusted (a busy machine, stolen time, a race build, uncommitted
// changes, another clock) the JSON, the page and standard error say so.
//
//	go run ./bench/harness --ietd ./ietd              make bench
//	go run ./bench/harness --ietd ./ietd --full       make bench-full
//	go run ./bench/harness --rows 'read_4k_*'         a part, which is only printed
//	go run ./bench/harness --rows idle_sessions       5000 sessions that ask for nothing
//	go run ./bench/harness --page                     only make the page again
//	go run ./bench/harness --ab OLD NEW [--rows …]    compare two builds of ietd
//
//	plan.go               what a run does
//	backing.go, device.go where the bytes are
//	peers.go              how each server is started
//	measure.go, sample.go the rounds, and one sample
//	fio.go, calls.go      fio on the device; system calls
//	counters.go, crowd.go what ietd counts itself; thousands of idle sessions
//	opinions.go, guest.go other people's initiators
//	results.go            the JSON
//	figures.go, goals.go  ratios, and what they must be
//	page.go, tables.go, plot.go  the page
//
// SPDK's iscsi_tgt takes part when SPDK_DIR names a build of it.
package main
