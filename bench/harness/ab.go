// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"ietring/bench/daemon"
)

// ab measures two builds of ietd in turn, A B B A, and prints for each workload
// the ratio of the second to the first, round by round and so under the same
// disturbances: CPU time for each I/O, IOPS, p99.
func ab(o *options, builds []string) error {
	if len(builds) != 2 {
		return errors.New("--ab wants two files, the old and the new ietd")
	}
	workloads, err := selected(nullWorkloads, o.rows)
	if err != nil {
		return err
	}
	client, clean, err := buildClient(o)
	if err != nil {
		return err
	}
	defer clean()
	var sides [2]*contender
	for i, path := range builds {
		proc, startErr := daemon.StartIetd(path, o.targetCPU, ietdArgs...)
		if startErr != nil {
			return startErr
		}
		sides[i] = &contender{name: "AB"[i : i+1], proc: proc}
		defer func() { err = errors.Join(err, exitOf(proc.Stop())) }()
	}
	fmt.Printf("B / A, median (least–most) of %d rounds\n", o.rounds)
	fmt.Printf(abLine, "workload", "CPU for each I/O", "IOPS", "p99", "A: CPU µs", "A: IOPS")
	for _, w := range workloads {
		if err := compare(o, client, sides, w); err != nil {
			return fmt.Errorf("%v: %w", w, err)
		}
	}
	return err
}

const abLine = "%-28s %-18s %-18s %-18s %10s %10s\n"

// compare prints one line.
func compare(o *options, client string, sides [2]*contender, w workload) error {
	var cpu, iops, p99, cpuA, iopsA []float64
	for round := range o.rounds {
		var s [2]*Sample
		for i := range 2 {
			side := (i + round) % 2 // who begins has the colder machine
			var err error
			if s[side], err = sample(o, client, sides[side], w); err != nil {
				return fmt.Errorf("%s: %w", sides[side].name, err)
			}
		}
		cpu = append(cpu, s[1].CPUPerIO/s[0].CPUPerIO)
		iops = append(iops, s[1].Load.IOPS/s[0].Load.IOPS)
		p99 = append(p99, s[1].Load.P99/s[0].Load.P99)
		cpuA, iopsA = append(cpuA, s[0].CPUPerIO), append(iopsA, s[0].Load.IOPS)
	}
	fmt.Printf(abLine, w, spreadOf(cpu).ratio(), spreadOf(iops).ratio(), spreadOf(p99).ratio(),
		fmt.Sprintf("%.2f", spreadOf(cpuA).median), fmt.Sprintf("%.0f", spreadOf(iopsA).median))
	return nil
}
