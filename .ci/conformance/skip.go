// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
)

// A skipList holds the tests that may skip, with the reason.
type skipList map[string]string

// readSkips reads lines of the form "Suite.Test  reason"; a line that begins
// with # is a comment.
func readSkips(path string) (skipList, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseSkips(path, string(b))
}

func parseSkips(path, text string) (skipList, error) {
	list := skipList{}
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		name, reason, _ := strings.Cut(l, " ")
		reason = strings.TrimSpace(reason)
		switch {
		case !strings.Contains(name, "."):
			return nil, fmt.Errorf("%s:%d: %q is not of the form Suite.Test", path, n, name)
		case reason == "":
			return nil, fmt.Errorf("%s:%d: %s has no reason", path, n, name)
		case list[name] != "":
			return nil, fmt.Errorf("%s:%d: %s is there twice", path, n, name)
		}
		list[name] = reason
	}
	return list, nil
}

// unlisted are the results that skipped and may not, each as a line.
func (s skipList) unlisted(results []result) []string {
	var lines []string
	for _, r := range results {
		if r.ending == skipped && s[r.name] == "" {
			lines = append(lines, fmt.Sprintf("%s skips and is not in skip.txt: %s", r.name, strings.Join(r.said, "; ")))
		}
	}
	return lines
}

// stale are the names in the list that skipped nowhere, each as a line.
func (s skipList) stale(skippedSomewhere map[string]bool) []string {
	var lines []string
	for name := range s {
		if !skippedSomewhere[name] {
			lines = append(lines, name+" is in skip.txt and skips no more; take it out")
		}
	}
	return lines
}
