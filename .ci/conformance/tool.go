// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// allTests are what a disk is tested with: both families (LINUX and ALL hold
// the same tests again), and the suite of multipath once more, with two paths.
var allTests = []string{"SCSI", "iSCSI", multipath}

const multipath = "SCSI.MultipathIO"

// toolLimit is for one suite of tests, which takes a few seconds: a target that
// leaves a command unanswered has the tool wait for ever. Where erasures are
// waited for it takes longer.
const (
	toolLimit  = 2 * time.Minute
	eraseLimit = 3 * time.Minute
)

// notEnded is what is said of the tests of a suite that was given up.
const notEnded = "did not end"

// An ending is how a test ended.
type ending string

const (
	passed  ending = "passed"
	failed  ending = "failed"
	skipped ending = "skipped" // the tool says passed, and [SKIPPED] before
)

// tells orders the endings: of two runs of a test the larger one counts.
func (e ending) tells() int {
	switch e {
	case failed:
		return 2
	case passed:
		return 1
	}
	return 0
}

// A result is the end of one test.
type result struct {
	name   string // Suite.Test
	ending ending
	said   []string // what the tool printed in between
}

var (
	suiteLine   = regexp.MustCompile(`^Suite: (\S+)`)
	testLine    = regexp.MustCompile(`^\s*Test: (\S+) \.\.\.(.*)$`)
	verdict     = regexp.MustCompile(`^(passed|FAILED)(.*)$`)
	summaryLine = regexp.MustCompile(`^\s*tests\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)`)
)

// A toolRun is what the tool is to do.
type toolRun struct {
	url, second string   // of the first and the second path
	always      bool     // the second path is for all tests, not for those of multipath only
	tests       []string // families or suites, in the tool's spelling
	sanitize    bool     // SANITIZE is allowed
	log         string   // the file for all that the tool prints
}

// runTool runs the tests, suite by suite, and gives the results in order. A test
// that two of the names have is one result, see merge.
func runTool(r toolRun) ([]result, error) {
	known, err := listTests()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(r.log)
	if err != nil {
		return nil, err
	}
	var all []result
	for _, name := range r.tests {
		for _, suite := range suitesOf(known, name) {
			if suite != name && slices.Contains(r.tests, suite) {
				continue // its turn comes; some tests pass once only on one disk
			}
			some, err := r.test(suite, testsOf(known, suite), log)
			if err != nil {
				return all, firstOf(fmt.Errorf("tests %s: %w", suite, err), log.Close())
			}
			all = merge(all, some)
		}
	}
	return all, log.Close()
}

// listTests returns the names that the tool knows: Family, Family.Suite and
// Family.Suite.Test.
func listTests() ([]string, error) {
	out, err := exec.Command("iscsi-test-cu", "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("iscsi-test-cu --list: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// suitesOf returns the suites of a family, and any other name as it is.
func suitesOf(known []string, name string) (suites []string) {
	for _, k := range known {
		if strings.Count(k, ".") == 1 && strings.HasPrefix(k, name+".") {
			suites = append(suites, k)
		}
	}
	if len(suites) == 0 {
		return []string{name}
	}
	return suites
}

// testsOf returns the tests that name asks for, as results name them: a suite's, or
// name itself when it is a test.
func testsOf(known []string, name string) (tests []string) {
	for _, k := range known {
		if strings.Count(k, ".") == 2 && (k == name || strings.HasPrefix(k, name+".")) {
			_, test, _ := strings.Cut(k, ".")
			tests = append(tests, test)
		}
	}
	return tests
}

// merge adds more to all. Of a test that both have the more telling end stays:
// failed, else passed, else skipped.
func merge(all, more []result) []result {
	for _, r := range more {
		i := slices.IndexFunc(all, func(o result) bool { return o.name == r.name })
		switch {
		case i < 0:
			all = append(all, r)
		case r.ending.tells() > all[i].ending.tells():
			all[i] = r
		}
	}
	return all
}

// test runs the tests of one name. Those of multipath get the second path:
// two sessions with one LUN. When the tool does not end, the test that it was at
// and those behind it have failed.
func (r toolRun) test(name string, tests []string, log io.Writer) ([]result, error) {
	limit := toolLimit
	if r.sanitize {
		limit = eraseLimit
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	args := []string{"--dataloss", "--test=" + name}
	if r.sanitize {
		args = append(args, "--allow-sanitize")
	}
	args = append(args, r.url)
	if r.always || strings.HasPrefix(name, multipath) {
		args = append(args, r.second)
	}
	command := exec.CommandContext(ctx, "iscsi-test-cu", args...)
	out, err := command.CombinedOutput()
	if _, werr := log.Write(out); werr != nil {
		return nil, werr
	}
	if ctx.Err() != nil {
		return givenUp(string(out), tests)
	}
	results, perr := parse(strings.NewReader(string(out)))
	if perr == nil && err != nil && slices.ContainsFunc(results, func(r result) bool { return r.ending == failed }) {
		return results, nil // the tool's exit code says what the results say
	}
	if err = firstOf(perr, err); err != nil {
		return nil, fmt.Errorf("iscsi-test-cu: %w\n%s", err, tail(string(out)))
	}
	return results, nil
}

// readLog reads what the tool printed somewhere else, one run or several behind
// each other.
func readLog(file string) ([]result, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	const summary = "Run Summary:"
	var all []result
	for text := string(b); strings.Contains(text, summary); {
		end := strings.Index(text, summary)
		end += strings.Index(text[end:]+"\n\n", "\n\n")
		some, err := parse(strings.NewReader(text[:end]))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all, text = merge(all, some), text[min(end+1, len(text)):]
	}
	return all, nil
}

// parse reads the tool's output. The text of a test may hang on either side of
// its verdict, on the same line even:
//
//	  Test: Simple ...    [SKIPPED] COMPAREANDWRITE is not implemented.
//	passed
//	  Test: LUNReset ...passed    [FAILED] PRIN command: failed
//
// The numbers must agree with the tool's own summary; a test without a verdict
// (the tool crashed) is an error.
func parse(r io.Reader) ([]result, error) {
	results, open, summary, err := scan(r)
	if err == nil && open {
		err = fmt.Errorf("%s has no verdict", results[len(results)-1].name)
	}
	if err != nil {
		return nil, err
	}
	return results, compare(results, summary)
}

// givenUp returns the results of output that was cut off: each of tests without a
// verdict has failed.
func givenUp(out string, tests []string) ([]result, error) {
	results, open, _, err := scan(strings.NewReader(out))
	if err != nil {
		return nil, err
	}
	if open {
		results = results[:len(results)-1]
	}
	missing := 0
	for _, t := range tests {
		if !slices.ContainsFunc(results, func(r result) bool { return r.name == t }) {
			results = append(results, result{name: t, ending: failed, said: []string{notEnded}})
			missing++
		}
	}
	if missing == 0 {
		return nil, fmt.Errorf("iscsi-test-cu does not end after its last test:\n%s", tail(out))
	}
	return results, nil
}

// scan reads the results of the tool's output. open says that the last has no verdict
// yet; summary is nil when the output has none.
func scan(r io.Reader) (results []result, open bool, summary []string, err error) {
	var suite string
	var ended bool // what comes now is the summary
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		l := lines.Text()
		switch {
		case suiteLine.MatchString(l):
			suite = suiteLine.FindStringSubmatch(l)[1]
		case strings.HasPrefix(l, "Run Summary:"):
			ended = true
		case ended && summaryLine.MatchString(l):
			summary = summaryLine.FindStringSubmatch(l)
		case !ended:
			if m := testLine.FindStringSubmatch(l); m != nil {
				if open {
					return nil, false, nil, fmt.Errorf("%s has no verdict", results[len(results)-1].name)
				}
				results = append(results, result{name: suite + "." + m[1], ending: passed})
				open, l = true, m[2]
			}
			if len(results) > 0 {
				open = results[len(results)-1].take(l, open)
			}
		}
	}
	return results, open, summary, lines.Err()
}

// take adds a line to the result and reports whether its verdict is still open.
// A skip behind the verdict is not the test's: the tool clears persistent
// reservations at the end of a suite, and says when it cannot. What a failed
// test says behind its verdict is the assertions.
func (r *result) take(line string, open bool) bool {
	if m := verdict.FindStringSubmatch(line); m != nil && open {
		open = false
		if m[1] == "FAILED" {
			r.ending = failed
		}
		line = m[2]
	}
	line = strings.TrimSpace(line)
	if open && strings.HasPrefix(line, "[SKIPPED]") {
		r.ending = skipped
	}
	if line != "" && (open || r.ending == failed) {
		r.said = append(r.said, line)
	}
	return open
}

// compare holds the results against the summary's columns total, ran, passed,
// failed.
func compare(results []result, summary []string) error {
	if summary == nil {
		return fmt.Errorf("the tool printed no summary")
	}
	bad := 0
	for _, r := range results {
		if r.ending == failed {
			bad++
		}
	}
	want := fmt.Sprintf("%d tests, %d failed", len(results), bad)
	total, _ := strconv.Atoi(summary[1]) // the expression lets digits through only
	fails, _ := strconv.Atoi(summary[4])
	if got := fmt.Sprintf("%d tests, %d failed", total, fails); got != want {
		return fmt.Errorf("the tool's summary says %s; read were %s", got, want)
	}
	return nil
}

// tail is the end of a text, for a message.
func tail(s string) string {
	const most = 2000
	if len(s) > most {
		s = "…" + s[len(s)-most:]
	}
	return s
}
