// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"go/format"
	"path"
	"regexp"
	"slices"
	"strings"
)

// spdx opens every .go file. The blank line keeps it out of the package comment.
const spdx = `// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

`

// emptyNames say nothing about what is in a file or folder.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "types"}

// leftover finds the marks of work that was put off.
var leftover = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

// headerRule holds spdx.
func headerRule(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if !bytes.HasPrefix(f.source, []byte(spdx)) {
			found = append(found, finding{f.path, 1, "must begin with the two SPDX lines and a blank line"})
		}
	}
	return found
}

// packageCommentRule holds that a package has one package comment, that it
// stands in doc.go (a program may have it in main.go), and that no test adds one.
func packageCommentRule(t *tree) []finding {
	var found []finding
	commented := map[string]string{} // folder to the file with its comment
	hasCode := map[string]bool{}
	var folders []string
	for _, f := range t.files {
		folder := f.folder()
		if !f.isTest() && !hasCode[folder] {
			hasCode[folder] = true
			folders = append(folders, folder)
		}
		if f.syntax.Doc == nil {
			continue
		}
		line := t.line(f.syntax.Doc.Pos())
		base := path.Base(f.path)
		first, twice := commented[folder]
		switch {
		case f.isTest():
			found = append(found, finding{f.path, line, "a test has no package comment; put a blank line before package"})
		case twice:
			found = append(found, finding{f.path, line, "second package comment; the first is in " + first})
		case base != "doc.go" && !(base == "main.go" && f.syntax.Name.Name == "main"):
			found = append(found, finding{f.path, line, "the package comment belongs in doc.go"})
		}
		if !f.isTest() && !twice {
			commented[folder] = f.path
		}
	}
	for _, folder := range folders {
		if commented[folder] == "" {
			found = append(found, finding{folder, 0, "the package has no package comment; write doc.go"})
		}
	}
	return found
}

// fileNamesRule holds emptyNames.
func fileNamesRule(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		name := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		if slices.Contains(emptyNames, name) || slices.Contains(emptyNames, path.Base(f.folder())) {
			found = append(found, finding{f.path, 0, "the name says nothing; name it by the noun of what is in it"})
		}
	}
	return found
}

// formatRule holds gofmt.
func formatRule(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		formatted, err := format.Source(f.source)
		if err == nil && bytes.Equal(formatted, f.source) {
			continue
		}
		found = append(found, finding{f.path, 0, "not formatted; run gofmt -w " + f.path})
	}
	return found
}

// leftoversRule holds leftover: in the comments of Go files, and in all of a
// script.
func leftoversRule(t *tree) []finding {
	var found []finding
	const text = "left for later; do it, or write an issue"
	for _, f := range t.files {
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				if leftover.MatchString(c.Text) {
					found = append(found, finding{f.path, t.line(c.Pos()), text})
				}
			}
		}
	}
	for _, p := range t.others {
		b, err := readOther(t, p)
		if err != nil {
			found = append(found, finding{p, 0, err.Error()})
			continue
		}
		for i, l := range strings.Split(b, "\n") {
			if leftover.MatchString(l) {
				found = append(found, finding{p, i + 1, text})
			}
		}
	}
	return found
}
