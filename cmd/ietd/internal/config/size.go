// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// sizeUnits are the suffixes of a size. All are powers of two.
var sizeUnits = []struct {
	suffix string
	shift  uint
}{
	{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"K", 10}, {"M", 20}, {"G", 30}, {"", 0},
}

// parseSize reads a size in bytes, as in 256MiB.
func parseSize(s string) (int64, error) {
	for _, u := range sizeUnits {
		digits, found := strings.CutSuffix(s, u.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64>>u.shift {
			break
		}
		return n << u.shift, nil
	}
	return 0, fmt.Errorf("%q is not a size; write a number with KiB, MiB or GiB, as in 256MiB", s)
}

// parseCPUs reads a list of CPUs as the kernel writes them: numbers and ranges
// with commas, as in 0,2-3. Each must be one that this process may run on.
func parseCPUs(s string) ([]int, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return nil, fmt.Errorf("cannot ask which CPUs there are: %w", err)
	}
	var cpus []int
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 16)
		last, err2 := strconv.ParseUint(to, 10, 16)
		if err1 != nil || err2 != nil || first > last {
			return nil, fmt.Errorf("%q is not a list of CPUs; write numbers and ranges, as in 0,2-3", s)
		}
		for cpu := int(first); cpu <= int(last); cpu++ {
			switch {
			case !allowed.IsSet(cpu):
				return nil, fmt.Errorf("CPU %d cannot be used; this process may run on %s", cpu, cpuText(&allowed))
			case slices.Contains(cpus, cpu):
				return nil, fmt.Errorf("CPU %d is there twice", cpu)
			}
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// cpuText writes a set of CPUs as a list.
func cpuText(set *unix.CPUSet) string {
	var text []string
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			text = append(text, strconv.Itoa(cpu))
		}
	}
	return strings.Join(text, ",")
}
