// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// topLevel are the names that the top of the repository may hold.
var topLevel = []string{
	// the house
	"cmd", "ring", "pdu", "scsi", "backing", "bench",
	// the module
	"go.mod", "go.sum",
	// what any repository has
	"Makefile", "README.md", "BENCHMARKS.md", "LICENSE", ".ci", ".gitignore",
}

// direct are the modules that go.mod may require directly.
var direct = []string{
	"github.com/pawelgaczynski/giouring",
	"github.com/rs/zerolog",
	"github.com/spf13/pflag",
	"golang.org/x/sys",
}

// An importRow says what the files of a folder, and of the folders below it,
// may import. The row with the longest folder that fits a file is the one that
// counts; a folder may always import what lies below itself.
type importRow struct {
	folder string
	ours   []string // folders, with what lies below them but internal, unless it is named
	others []string // modules
}

// mayImport is the import table. The standard library is open to all.
var mayImport = []importRow{
	{"pdu", nil, []string{"golang.org/x/sys"}}, // which instructions the processor has
	{"scsi", nil, nil},
	{"backing", nil, []string{"golang.org/x/sys"}},
	{"ring/internal/uring", nil, []string{"golang.org/x/sys", "github.com/pawelgaczynski/giouring"}},
	{"ring/internal/ringtest", []string{"ring/internal/uring"}, []string{"golang.org/x/sys", "github.com/pawelgaczynski/giouring"}},
	{"ring", []string{"pdu", "scsi", "backing"}, []string{"golang.org/x/sys", "github.com/rs/zerolog"}},
	{"cmd/ietd", []string{"pdu", "scsi", "backing", "ring"},
		[]string{"golang.org/x/sys", "github.com/rs/zerolog", "github.com/spf13/pflag"}},
	{"bench", []string{"pdu"}, []string{"golang.org/x/sys", "github.com/rs/zerolog", "github.com/spf13/pflag"}},
	{".ci", nil, nil},
}

// testsMayImport is what a _test.go file may import beyond its folder's row:
// the project's own initiator is there to drive tests.
var testsMayImport = []string{"bench"}

// topLevelRule holds topLevel.
func topLevelRule(t *tree) []finding {
	var found []finding
	for _, name := range t.top {
		if !slices.Contains(topLevel, name) {
			found = append(found, finding{name, 0, "does not belong to the top level; its names are listed in .ci/check/imports.go"})
		}
	}
	return found
}

// requirementsRule holds direct.
func requirementsRule(t *tree) []finding {
	var found []finding
	inBlock := false
	for i, l := range t.goMod {
		l = strings.TrimSpace(l)
		switch {
		case l == "require (":
			inBlock = true
			continue
		case l == ")":
			inBlock = false
			continue
		case strings.HasPrefix(l, "require "):
			l = strings.TrimPrefix(l, "require ")
		case !inBlock:
			continue
		}
		name, _, _ := strings.Cut(l, " ")
		if name == "" || strings.HasPrefix(name, "//") || strings.HasSuffix(l, "// indirect") {
			continue
		}
		if !slices.Contains(direct, name) {
			found = append(found, finding{"go.mod", i + 1, name + " is a new direct dependency; the list is in .ci/check/imports.go"})
		}
	}
	return found
}

// importsRule holds mayImport and testsMayImport.
func importsRule(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		row, ok := rowOf(f.folder())
		if !ok {
			found = append(found, finding{f.path, 0, "no row of the import table fits this folder"})
			continue
		}
		for _, spec := range f.syntax.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil || t.allowed(row, f, p) {
				continue // an import that does not unquote does not compile either
			}
			found = append(found, finding{f.path, t.line(spec.Pos()), fmt.Sprintf("%s may not import %s", row.folder, p)})
		}
	}
	return found
}

// rowOf finds the row with the longest folder that folder lies in.
func rowOf(folder string) (importRow, bool) {
	var best importRow
	for _, r := range mayImport {
		if within(folder, r.folder) && len(r.folder) > len(best.folder) {
			best = r
		}
	}
	return best, best.folder != ""
}

// allowed reports whether f, which stands under row, may import p.
func (t *tree) allowed(row importRow, f *goFile, p string) bool {
	ours, isOurs := strings.CutPrefix(p, t.module+"/")
	if !isOurs {
		first, _, _ := strings.Cut(p, "/")
		if !strings.Contains(first, ".") {
			return true // the standard library
		}
		return slices.ContainsFunc(row.others, func(m string) bool { return within(p, m) })
	}
	if within(ours, row.folder) {
		return true
	}
	may := row.ours
	if f.isTest() {
		may = slices.Concat(may, testsMayImport)
	}
	return slices.ContainsFunc(may, func(folder string) bool {
		return ours == folder || within(ours, folder) && !strings.Contains(ours+"/", "/internal/")
	})
}

// within reports whether p is folder or lies below it.
func within(p, folder string) bool {
	return p == folder || strings.HasPrefix(p, folder+"/")
}
