// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ietring/.ci/serve"
)

// maxSaid is how many lines of a failed test are shown; the log has the rest.
const maxSaid = 12

// A tally counts the ends of tests.
type tally map[ending]int

// A report is what a whole run found.
type report struct {
	total   tally
	skipped map[string]bool // tests that skipped on some profile
	wrong   []string        // why the run fails, a line each
}

func main() {
	url := flag.String("url", "", "run on this iscsi:// URL of another target instead of ietd; its data are lost")
	listSkips := flag.Bool("list-skips", false, "print the tests that skip, with what the tool says, as lines for skip.txt")
	flag.Parse()
	code, err := run(*url, *listSkips)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	os.Exit(code)
}

// run makes the folder for logs and disks, and gives the exit code.
func run(url string, listSkips bool) (int, error) {
	folder, err := serve.Folder("conformance")
	if err != nil {
		return 2, err
	}
	fmt.Printf("%-26s %7s %7s %8s %8s\n", "LUN", "passed", "failed", "skipped", "seconds")
	r := report{total: tally{}, skipped: map[string]bool{}}
	if url != "" {
		err = r.one(url, skipList(nil), listSkips, func() ([]result, error) {
			return runTool(url, allTests, filepath.Join(folder, "iscsi-test-cu.log"))
		})
	} else {
		err = r.all(folder, listSkips)
	}
	for _, l := range r.wrong {
		fmt.Println(l)
	}
	fmt.Printf("iscsi-test-cu: %d passed, %d failed, %d skipped\n", r.total[passed], r.total[failed], r.total[skipped])
	if err != nil || len(r.wrong) > 0 {
		fmt.Println("conformance: the logs of the last LUN are in", folder)
		return 1, err
	}
	return 0, os.RemoveAll(folder)
}

// all runs every profile that this machine can make.
func (r *report) all(folder string, listSkips bool) error {
	skips, err := readSkips(filepath.Join(".ci", "conformance", "skip.txt"))
	if err != nil {
		return err
	}
	noLoop := serve.CanLoop()
	for _, p := range profiles {
		if p.kind == "blockio" && noLoop != nil {
			fmt.Printf("%-26s left out: %v\n", p.name, noLoop)
			continue
		}
		if err := r.one(p.name, skips, listSkips, func() ([]result, error) { return p.test(folder) }); err != nil {
			return err
		}
	}
	stale := skips.stale(r.skipped)
	slices.Sort(stale)
	r.wrong = append(r.wrong, stale...)
	return nil
}

// one runs test, prints its row of the table and notes what is wrong. Without
// a list of skips every skip is right.
func (r *report) one(name string, skips skipList, listSkips bool, test func() ([]result, error)) error {
	start := time.Now()
	results, err := test()
	count := tally{}
	for _, res := range results {
		count[res.ending]++
		r.total[res.ending]++
		if res.ending == failed {
			r.wrong = append(r.wrong, fmt.Sprintf("%s: %s failed:\n\t%s", name, res.name, strings.Join(res.said[:min(len(res.said), maxSaid)], "\n\t")))
		}
		if res.ending == skipped {
			if listSkips && !r.skipped[res.name] {
				fmt.Printf("%-40s %s\n", res.name, strings.Join(slices.Compact(res.said), "; "))
			}
			r.skipped[res.name] = true
		}
	}
	fmt.Printf("%-26s %7d %7d %8d %8.1f\n", name, count[passed], count[failed], count[skipped], time.Since(start).Seconds())
	if skips != nil {
		for _, l := range skips.unlisted(results) {
			r.wrong = append(r.wrong, name+": "+l)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
