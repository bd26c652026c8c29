// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"

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
	args := []string{"--name=bench", "--thread", "--filename=" + path, "--ioengine=io_uring", "--fixedbufs", "--registerfiles",
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
	} else {
		args = append(args, "--invalidate=0") // the file is in the page cache, and stays there
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
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	before, err := readStat()
	if err != nil {
		return nil, err
	}
	if err := daemon.Pinned(h.targetCPU, cmd.Start); err != nil {
		return nil, err
	}
	rate, err := watchCPU(cmd)
	if err != nil {
		return nil, fmt.Errorf("fio: %w: %s", err, said.String())
	}
	after, err := readStat()
	if err != nil {
		return nil, err
	}
	s, err := parseFio(out.Bytes(), w, rate)
	if err != nil {
		return nil, err
	}
	s.Target = c.name
	s.StealPct = 100 * (after.steal - before.steal).Seconds() / s.Load.Seconds
	return s, nil
}

// watchCPU waits for a process and returns what part of a CPU it took. fio's own
// figure leaves out the kernel's workers, which do all I/O of some devices; the
// whole process has its start and its end. So it is looked at again and again,
// and the median counts.
func watchCPU(cmd *exec.Cmd) (rate float64, err error) {
	const every = 20 * time.Millisecond
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	look := time.NewTicker(every)
	defer look.Stop()
	var rates []float64
	lastAt, last := time.Now(), time.Duration(0)
	for {
		select {
		case err := <-done:
			return spreadOf(rates).median, err
		case <-look.C:
		}
		cpu, err := daemon.CPUTime(cmd.Process.Pid)
		if err != nil {
			continue // it has just ended, and done says so
		}
		now := time.Now()
		rates = append(rates, (cpu-last).Seconds()/now.Sub(lastAt).Seconds())
		lastAt, last = now, cpu
	}
}

// parseFio reads fio's JSON of one job with unified_rw_reporting=mixed. rate is
// what part of a CPU it took.
func parseFio(out []byte, w workload, rate float64) (*Sample, error) {
	var report struct {
		Jobs []struct {
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
	m := &report.Jobs[0].Mixed
	us := func(percentile string) float64 { return m.Clat.Percentile[percentile] / 1e3 }
	return &Sample{Workload: w.String(), CPUShare: 100 * rate, CPUPerIO: rate * 1e6 / m.IOPS, Load: engine.Report{
		Sessions: 1, LUNs: 1, Depth: w.Depth, BlockLen: w.BlockLen, WritePct: w.WritePct, Pattern: w.Pattern,
		Seconds: m.Runtime / 1e3, IOs: m.IOs, IOPS: m.IOPS, MBps: m.Bytes / 1e6,
		P50: us("50.000000"), P99: us("99.000000"), P999: us("99.900000"),
	}}, nil
}
