// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
)

// spread is what the rounds of one measurement gave.
type spread struct{ least, median, most float64 }

// spreadOf sorts v; it is zero when there is nothing.
func spreadOf(v []float64) spread {
	if len(v) == 0 {
		return spread{}
	}
	slices.Sort(v)
	median := v[len(v)/2]
	if len(v)%2 == 0 {
		median = (median + v[len(v)/2-1]) / 2
	}
	return spread{v[0], median, v[len(v)-1]}
}

// ratio returns "median (least–most)" with two digits.
func (s spread) ratio() string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.least, s.most) }
