// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"ietring/bench/engine"
)

// A workload is what the load does.
type workload struct {
	Sessions int            `json:"sessions"`
	LUNs     int            `json:"luns"`
	Depth    int            `json:"depth"` // of each session
	BlockLen int            `json:"block_bytes"`
	WritePct int            `json:"write_percent"`
	Pattern  engine.Pattern `json:"pattern"`
	Digests  bool           `json:"digests"`
}

// rw is the common case: one session on one LUN, random places, no digests.
func rw(blockLen, writePct, depth int) workload {
	return workload{Sessions: 1, LUNs: 1, Depth: depth, BlockLen: blockLen, WritePct: writePct, Pattern: engine.Random}
}

// sequential makes w go from place to place in order.
func (w workload) sequential() workload { w.Pattern = engine.Sequential; return w }

// over makes w run in n sessions.
func (w workload) over(n int) workload { w.Sessions = n; return w }

// on makes w take turns over n LUNs.
func (w workload) on(n int) workload { w.LUNs = n; return w }

// digested makes w use header and data digests.
func (w workload) digested() workload { w.Digests = true; return w }

// String names the workload: read_4k_qd32, seqwrite_1m_qd8, mix70_4k_qd32,
// and what differs from one session on one LUN behind that.
func (w workload) String() string {
	kind := fmt.Sprintf("mix%d", 100-w.WritePct)
	switch w.WritePct {
	case 0:
		kind = "read"
	case 100:
		kind = "write"
	}
	switch w.Pattern {
	case engine.Sequential:
		kind = "seq" + kind
	case engine.Zipf:
		kind = "zipf" + kind
	}
	name := fmt.Sprintf("%s_%s_qd%d", kind, byteSize(w.BlockLen), w.Depth)
	if w.Sessions > 1 {
		name += fmt.Sprintf("_s%d", w.Sessions)
	}
	if w.LUNs > 1 {
		name += fmt.Sprintf("_l%d", w.LUNs)
	}
	if w.Digests {
		name += "_crc"
	}
	return name
}

func byteSize(n int) string {
	if n >= 1<<20 {
		return strconv.Itoa(n>>20) + "m"
	}
	if n < kib {
		return strconv.Itoa(n)
	}
	return strconv.Itoa(n>>10) + "k"
}

// args are the words of iscsi-load perf for w. LUN numbers start at first.
func (w workload) args(first int) []string {
	luns := make([]string, w.LUNs)
	for i := range luns {
		luns[i] = strconv.Itoa(first + i)
	}
	args := []string{"--sessions", strconv.Itoa(w.Sessions), "--depth", strconv.Itoa(w.Depth),
		"--block-size", strconv.Itoa(w.BlockLen), "--write-percent", strconv.Itoa(w.WritePct),
		"--pattern", string(w.Pattern), "--luns", strings.Join(luns, ",")}
	if w.Digests {
		args = append(args, "--digests")
	}
	return args
}

// selected are the workloads whose names fit a pattern of path.Match; all when
// it is empty, none when none fits.
func selected(all []workload, pattern string) ([]workload, error) {
	if pattern == "" {
		return all, nil
	}
	var fit []workload
	for _, w := range all {
		ok, err := path.Match(pattern, w.String())
		if err != nil {
			return nil, fmt.Errorf("--rows %s: %w", pattern, err)
		}
		if ok {
			fit = append(fit, w)
		}
	}
	return fit, nil
}
