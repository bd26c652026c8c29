// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// A finding is one place that breaks one rule.
type finding struct {
	path string
	line int // 0 when the whole file or folder is meant
	text string
}

// String has the form that editors jump to.
func (f finding) String() string {
	if f.line == 0 {
		return f.path + ": " + f.text
	}
	return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.text)
}

// rules are all rules, in the order of the package comment.
var rules = []struct {
	name  string
	check func(*tree) []finding
}{
	{"tree", topLevelRule},
	{"requirements", requirementsRule},
	{"imports", importsRule},
	{"packageComment", packageCommentRule},
	{"header", headerRule},
	{"fileNames", fileNamesRule},
	{"format", formatRule},
	{"functionLength", functionLengthRule},
	{"leftovers", leftoversRule},
	{"words", wordsRule},
}

// check runs every rule over the tree and sorts what they find by place.
func check(t *tree) []finding {
	var all []finding
	for _, r := range rules {
		all = append(all, r.check(t)...)
	}
	slices.SortStableFunc(all, func(a, b finding) int {
		if c := strings.Compare(a.path, b.path); c != 0 {
			return c
		}
		return a.line - b.line
	})
	return all
}

func main() {
	root := fs.FS(os.DirFS("."))
	if _, err := fs.Stat(root, "go.mod"); err != nil {
		fmt.Fprintln(os.Stderr, "check: run it at the top of the repository, where go.mod is")
		os.Exit(2)
	}
	t, err := load(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	found := check(t)
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) > 0 {
		fmt.Printf("check: %d findings in %d files\n", len(found), len(t.files))
		os.Exit(1)
	}
	fmt.Printf("check: %d rules hold in %d files\n", len(rules), len(t.files))
}
