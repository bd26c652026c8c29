// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ietring/bench/daemon"
)

// opinionRounds is how often each tool loads each target.
const opinionRounds = 3

// opinions loads ietd and tgt by tools that are not ours.
func (h *harness) opinions(ctx context.Context, list []*contender) {
	for round := range opinionRounds {
		for _, name := range []string{"ietd", "tgt"} {
			c := find(list, name)
			if c == nil {
				continue
			}
			for tool, run := range map[string]func(context.Context, string) (float64, float64, error){
				"iscsi-perf":     h.iscsiPerf,
				"qemu-img bench": h.qemuBench,
			} {
				url := fmt.Sprintf("iscsi://%s/%s/%d", c.proc.Addr, targetName, c.lun)
				before, err := c.proc.CPU()
				if err == nil {
					var iops, ios float64
					var after time.Duration
					iops, ios, err = run(ctx, url)
					after, err = afterwards(c.proc, err)
					if err == nil {
						h.r.Opinions = append(h.r.Opinions, Opinion{tool, name, "read_4k_qd32", round, iops,
							(after - before).Seconds() * 1e6 / ios})
						continue
					}
				}
				h.r.failed(onNull.String(), name, tool, err)
			}
		}
	}
}

func afterwards(p *daemon.Process, err error) (time.Duration, error) {
	cpu, err2 := p.CPU()
	return cpu, errors.Join(err, err2)
}

// iscsiPerf runs libiscsi's iscsi-perf for two seconds: random reads of 4 KiB at
// depth 32. It prints its rate as it goes and the average at the end.
func (h *harness) iscsiPerf(ctx context.Context, url string) (iops, ios float64, err error) {
	const seconds = 2
	out, err := h.pinnedOutput(exec.CommandContext(ctx, "iscsi-perf", "-m", "32", "-b", "8", "-t", strconv.Itoa(seconds), "-r", url))
	if err != nil {
		return 0, 0, err
	}
	iops, err = iscsiPerfRate(out)
	return iops, iops * seconds, err
}

var iscsiPerfAverage = regexp.MustCompile(`iops average (\d+)`)

// iscsiPerfRate reads the last average that iscsi-perf printed.
func iscsiPerfRate(out string) (float64, error) {
	all := iscsiPerfAverage.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		return 0, fmt.Errorf("iscsi-perf says %q", out)
	}
	return strconv.ParseFloat(all[len(all)-1][1], 64)
}

// qemuBench runs qemu-img bench over QEMU's own initiator: sequential reads of
// 4 KiB at depth 32, for it has no other.
func (h *harness) qemuBench(ctx context.Context, url string) (iops, ios float64, err error) {
	const count = 50000
	out, err := h.pinnedOutput(exec.CommandContext(ctx, "qemu-img", "bench", "-f", "raw", "-t", "none",
		"-c", strconv.Itoa(count), "-d", "32", "-s", "4096", url))
	if err != nil {
		return 0, 0, err
	}
	seconds, err := qemuSeconds(out)
	return count / seconds, count, err
}

var qemuTime = regexp.MustCompile(`completed in ([0-9.]+) seconds`)

// qemuSeconds reads how long qemu-img bench took.
func qemuSeconds(out string) (float64, error) {
	m := qemuTime.FindStringSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("qemu-img bench says %q", out)
	}
	return strconv.ParseFloat(m[1], 64)
}

// pinnedOutput runs a tool on the load's CPU and returns all that it prints.
func (h *harness) pinnedOutput(cmd *exec.Cmd) (string, error) {
	var out []byte
	err := daemon.Pinned(h.loadCPU, func() (err error) { out, err = cmd.CombinedOutput(); return err })
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd.Args[0], err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
