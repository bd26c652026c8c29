// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command harness measures ietd beside tgt in the same run and writes down what
// came of it.
//
//	for each workload, for each round:
//	    ietd (CPU 0)  <--- iscsi-load perf (CPU 1)
//	    tgtd (CPU 0)  <--- iscsi-load perf (CPU 1)
//	-> bench/results/DATE-COMMIT.json -> BENCHMARKS.md
//
// Both serve a unit without storage (nullio, bstype null), so what is measured
// is the target itself. Rounds are interleaved, so that a disturbance meets both.
// Every number of BENCHMARKS.md comes from the newest JSON; nobody types one.
// When a run cannot be trusted (a busy machine, stolen time, a race build,
// uncommitted changes) the JSON, the page and standard error say why.
//
//	go run ./bench/harness --ietd ./ietd
//	go run ./bench/harness --page               only make the page again
//	go run ./bench/harness --ab OLD NEW         compare two builds of ietd
package main
