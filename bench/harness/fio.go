// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"

	"ietring/bench/daemon"
	"ietring/bench/engine"
)

// startFio makes a device for fio, which is no server: it shows what the device
// gives without a network.
func (h *harness) startFio(st *stage) (*contender, error) {
	if _, err := exec.LookPath("fio"); err != nil {
		return nil, err
	}
	d, err := newDevice(st.on, h.dir)
	if err != nil {
		return nil, err
	}
	h.remember(st, "fio", fioArgs(st.on, d.path, rw(4*kib, 0, 32), timing{h.plan.warmup, h.plan.duration}))
	return &contender{path: d.path, end: d.free}, nil
}

// fioArgs are fio's words: io_uring with registered buffers and files, as ietd
// has them; write-through is a synchronised write, as in ietd.
func fioArgs(b backing, path string, w workload, t timing) []string {
	mode := "rand"
	if w.Pattern == engine.Sequential {
		mode = ""
	}
	args := []string{"--name=bench", "--filename=" + path, "--ioengine=io_uring", "--fixedbufs", "--registerfiles",
		"--bs=" + strconv.Itoa(w.BlockLen), "--iodepth=" + strconv.Itoa(w.Depth), "--size=" + strconv.Itoa(unitLen),
		"--time_based", "--norandommap", "--random_generator=tausworthe64", "--unified_rw_reporting=mixed",
		"--ramp_time=" + fioTime(t.warmup.Microseconds()), "--runtime=" + fioTime(t.duration.Microseconds()), "--output-format=json"}
	switch w.WritePct {
	case 0:
		args = append(args, "--rw="+mode+"read")
	case 100:
		args = append(args, "--rw="+mode+"write")
	default:
		args = append(args, "--rw="+mode+"rw", "--rwmixwrite="+strconv.Itoa(w.WritePct))
	}
	if b.direct {
		args = append(args, "--direct=1")
	}
	if !b.writeBack {
		args = append(args, "--sync=dsync")
	}
	return args
}

func fioTime(us int64) string { return strconv.FormatInt(us, 10) + "us" }

// fio runs fio on the CPU that targets have.
func (h *harness) fio(ctx context.Context, b backing, c *contender, w workload, t timing) (*Sample, error) {
	cmd := exec.CommandContext(ctx, "fio", fioArgs(b, c.path, w, t)...)
	var out []byte
	before, err := readStat()
	if err != nil {
		return nil, err
	}
	err = daemon.Pinned(h.targetCPU, func() error { out, err = cmd.Output(); return err })
	if err != nil {
		return nil, fmt.Errorf("fio: %w: %s", err, out)
	}
	after, err := readStat()
	if err != nil {
		return nil, err
	}
	s, err := parseFio(out, w)
	if err != nil {
		return nil, err
	}
	s.Target = c.name
	s.StealPct = 100 * (after.steal - before.steal).Seconds() / s.Load.Seconds
	return s, nil
}

// parseFio reads fio's JSON of one job with unified_rw_reporting=mixed.
func parseFio(out []byte, w workload) (*Sample, error) {
	var report struct {
		Jobs []struct {
			User  float64 `json:"usr_cpu"` // percent of the run time
			Sys   float64 `json:"sys_cpu"`
			Mixed struct {
				IOPS    float64 `json:"iops"`
				Bytes   float64 `json:"bw_bytes"`
				IOs     uint64  `json:"total_ios"`
				Runtime float64 `json:"runtime"` // ms
				Clat    struct {
					Percentile map[string]float64 `json:"percentile"`
				} `json:"clat_ns"`
			} `json:"mixed"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("fio's report: %w", err)
	}
	if len(report.Jobs) != 1 || report.Jobs[0].Mixed.IOPS == 0 {
		return nil, fmt.Errorf("fio's report has %d jobs, or one without I/O", len(report.Jobs))
	}
	j := &report.Jobs[0]
	m := &j.Mixed
	us := func(percentile string) float64 { return m.Clat.Percentile[percentile] / 1e3 }
	share := j.User + j.Sys
	return &Sample{Workload: w.String(), CPUShare: share, CPUPerIO: share / 100 * 1e6 / m.IOPS, Load: engine.Report{
		Sessions: 1, LUNs: 1, Depth: w.Depth, BlockLen: w.BlockLen, WritePct: w.WritePct, Pattern: w.Pattern,
		Seconds: m.Runtime / 1e3, IOs: m.IOs, IOPS: m.IOPS, MBps: m.Bytes / 1e6,
		P50: us("50.000000"), P99: us("99.000000"), P999: us("99.900000"),
	}}, nil
}
