// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// A measurement is one run of fio in the guest.
type measurement struct {
	bs, rw               string // in fio's spelling
	depth, jobs, seconds int
}

func (m *measurement) define(f *flag.FlagSet) {
	f.StringVar(&m.bs, "bs", "4k", "with -fio: block size, in fio's spelling")
	f.StringVar(&m.rw, "rw", "randread", "with -fio: what to do, in fio's spelling; writing destroys the disk's data")
	f.IntVar(&m.depth, "depth", 32, "with -fio: commands open at a time, of each job")
	f.IntVar(&m.jobs, "jobs", 1, "with -fio: jobs")
	f.IntVar(&m.seconds, "seconds", 5, "with -fio: how long, after one second that does not count")
}

// A figure is what a measurement came to; its JSON is the output of -fio.
type figure struct {
	IOPS   float64 `json:"iops"`
	P50us  float64 `json:"p50_us"` // completion latency: half of the commands took no longer
	P99us  float64 `json:"p99_us"`
	BWMBps float64 `json:"bw_MBps"` // 1 MB is 1,000,000 bytes
}

// run measures the lowest LUN of the chosen target that is a disk.
func (m *measurement) run(c *choice) (*figure, error) {
	var result *figure
	status, g, err := inGuest(filepath.Join(scriptFolder, "fio.sh"), c, map[string]string{
		"FIO_BS": m.bs, "FIO_RW": m.rw, "FIO_DEPTH": strconv.Itoa(m.depth),
		"FIO_JOBS": strconv.Itoa(m.jobs), "FIO_SECONDS": strconv.Itoa(m.seconds),
	}, func(g *guest) error {
		text, err := os.ReadFile(g.file("fio.json"))
		if err != nil {
			return fmt.Errorf("fio: %w\n%s", err, g.printed(nil))
		}
		result, err = parseFio(text)
		return err
	})
	if err == nil && status != 0 {
		err = fmt.Errorf("%s ended with status %d", g.work, status)
	}
	return result, err
}

// parseFio reads fio's JSON of one group with unified_rw_reporting=mixed.
func parseFio(text []byte) (*figure, error) {
	var report struct {
		Jobs []struct {
			Mixed struct {
				IOPS  float64 `json:"iops"`
				Bytes float64 `json:"bw_bytes"`
				Clat  struct {
					Percentile map[string]float64 `json:"percentile"`
				} `json:"clat_ns"`
			} `json:"mixed"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, fmt.Errorf("fio's report: %w", err)
	}
	if len(report.Jobs) != 1 || report.Jobs[0].Mixed.IOPS == 0 {
		return nil, fmt.Errorf("fio's report has no I/O of one group:\n%s", text)
	}
	mixed := report.Jobs[0].Mixed
	return &figure{
		IOPS:   mixed.IOPS,
		P50us:  mixed.Clat.Percentile["50.000000"] / 1000,
		P99us:  mixed.Clat.Percentile["99.000000"] / 1000,
		BWMBps: mixed.Bytes / 1e6,
	}, nil
}
