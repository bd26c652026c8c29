// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// everywhere is the section of skip.txt for tests that pass on no disk.
const everywhere = "everywhere"

// A skipLine allows tests to skip.
type skipLine struct {
	section string // everywhere, or patterns of disks with commas between them
	tests   string // a pattern of Suite.Test
	line    int
}

// A skipList is what skip.txt allows. Patterns are those of path.Match.
type skipList []skipLine

// readSkips reads lines of the form "Suite.Test  reason" under headings of the
// form "[everywhere]" or "[disk, disk]"; a line that begins with # is a comment.
func readSkips(file string) (skipList, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseSkips(file, string(b))
}

func parseSkips(file, text string) (skipList, error) {
	list := skipList{}
	section, n := "", 0
	seen := map[string]bool{}
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		if head, found := strings.CutPrefix(l, "["); found {
			section = strings.TrimSuffix(head, "]")
			continue
		}
		name, reason, _ := strings.Cut(l, " ")
		key := section + "\x00" + name
		switch {
		case section == "":
			return nil, fmt.Errorf("%s:%d: %s stands before the first [section]", file, n, name)
		case !strings.Contains(name, "."):
			return nil, fmt.Errorf("%s:%d: %q is not of the form Suite.Test", file, n, name)
		case strings.TrimSpace(reason) == "":
			return nil, fmt.Errorf("%s:%d: %s has no reason", file, n, name)
		case seen[key]:
			return nil, fmt.Errorf("%s:%d: %s is there twice", file, n, name)
		}
		seen[key] = true
		list = append(list, skipLine{section, name, n})
	}
	return list, nil
}

// has reports whether a pattern of a list with commas fits name.
func has(patterns, name string) bool {
	for p := range strings.SplitSeq(patterns, ",") {
		if ok, err := path.Match(strings.TrimSpace(p), name); ok && err == nil {
			return true
		}
	}
	return false
}

// fits reports whether a section is for a disk; everywhere is for itself only.
func fits(section, disk string) bool {
	if section == everywhere || disk == everywhere {
		return section == disk
	}
	return has(section, disk)
}

// A skip is a test that skipped on a disk; with everywhere for the disk it is
// one that passed on none.
type skip struct{ disk, test string }

// unlisted are the skips that no line allows, each as a line. fits reports
// whether a section is for a disk.
func (s skipList) unlisted(skips []skip, fits func(section, disk string) bool) []string {
	var wrong []string
	for _, k := range skips {
		if !slices.ContainsFunc(s, func(l skipLine) bool { return fits(l.section, k.disk) && has(l.tests, k.test) }) {
			wrong = append(wrong, fmt.Sprintf("[%s] %s skips and is not in skip.txt", k.disk, k.test))
		}
	}
	return wrong
}

// stale are the lines that allow no skip any more, each as a line. Those for
// disks that did not run are not among them.
func (s skipList) stale(skips []skip, disks []string) []string {
	var wrong []string
	for _, l := range s {
		ran := l.section == everywhere || slices.ContainsFunc(disks, func(d string) bool { return fits(l.section, d) })
		if ran && !slices.ContainsFunc(skips, func(k skip) bool { return fits(l.section, k.disk) && has(l.tests, k.test) }) {
			wrong = append(wrong, fmt.Sprintf("skip.txt:%d: [%s] %s skips no more; take it out", l.line, l.section, l.tests))
		}
	}
	return wrong
}
