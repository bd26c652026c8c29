// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxSaid is how many lines of a failed test are shown; the log has the rest.
const maxSaid = 12

// A tally counts the ends of tests.
type tally map[ending]int

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t[passed], t[failed], t[skipped])
}

// count counts the ends of results.
func count(results []result) tally {
	t := tally{}
	for _, r := range results {
		t[r.ending]++
	}
	return t
}

// A diskResult is what the tests said of one disk.
type diskResult struct {
	name    string
	about   string
	results []result
}

// A report is what a whole run found.
type report struct {
	disks []diskResult
	union []result // of each test the most telling end on any disk
	wrong []string // why the run fails, a line each
}

// one runs test, prints its row of the table and notes what failed.
func (r *report) one(name, about string, test func() ([]result, error)) error {
	start := time.Now()
	results, err := test()
	for _, res := range results {
		if res.ending == failed {
			r.wrong = append(r.wrong, fmt.Sprintf("%s: %s failed:\n\t%s", name, res.name, strings.Join(res.said[:min(len(res.said), maxSaid)], "\n\t")))
		}
	}
	r.disks = append(r.disks, diskResult{name, about, results})
	r.union = merge(r.union, results)
	n := count(results)
	fmt.Printf("%-24s %7d %7d %8d %8.1f\n", name, n[passed], n[failed], n[skipped], time.Since(start).Seconds())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// names are the disks that ran.
func (r *report) names() []string {
	var names []string
	for _, d := range r.disks {
		names = append(names, d.name)
	}
	return names
}

// skips are the tests that skipped. After a whole run those that passed on no
// disk are there once, by everywhere, and the others by the disk.
func (r *report) skips(whole bool) []skip {
	var list []skip
	nowhere := map[string]bool{}
	for _, res := range r.union {
		if whole && res.ending == skipped {
			nowhere[res.name] = true
			list = append(list, skip{everywhere, res.name})
		}
	}
	for _, d := range r.disks {
		for _, res := range d.results {
			if res.ending == skipped && !nowhere[res.name] {
				list = append(list, skip{d.name, res.name})
			}
		}
	}
	return list
}

// listSkips prints the tests that skipped in the form of skip.txt, with what
// the tool said.
func (r *report) listSkips() {
	section := ""
	for _, k := range r.skips(true) {
		if k.disk != section {
			section = k.disk
			fmt.Printf("\n[%s]\n", section)
		}
		fmt.Printf("%-36s %s\n", k.test, r.said(k.test))
	}
}

// said is what the tool said of a test that skipped.
func (r *report) said(test string) string {
	for _, d := range r.disks {
		for _, res := range d.results {
			if res.name == test && res.ending == skipped {
				return strings.Join(slices.Compact(res.said), "; ")
			}
		}
	}
	return ""
}
