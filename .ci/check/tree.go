// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A goFile is one .go file, read and parsed.
type goFile struct {
	path   string // slash-separated, from the top of the repository
	source []byte
	syntax *ast.File
}

func (f *goFile) folder() string { return path.Dir(f.path) }
func (f *goFile) isTest() bool   { return strings.HasSuffix(f.path, "_test.go") }

// A tree is the repository as the rules see it.
type tree struct {
	root   fs.FS
	top    []string // names at the top level, without what .gitignore names there
	module string   // the module's path, from go.mod
	goMod  []string // go.mod, line by line
	fset   *token.FileSet
	files  []*goFile
	others []string // paths of scripts and Makefiles
}

// line is the line of pos in its file.
func (t *tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

// load reads the repository under root. A .go file that does not parse is an
// error: the compiler says it better than a rule could.
func load(root fs.FS) (*tree, error) {
	t := &tree{root: root, fset: token.NewFileSet()}
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return nil, err
	}
	t.goMod = strings.Split(string(mod), "\n")
	for _, l := range t.goMod {
		if name, ok := strings.CutPrefix(l, "module "); ok {
			t.module = strings.TrimSpace(name)
		}
	}
	if t.module == "" {
		return nil, fmt.Errorf("go.mod: no module line")
	}
	ignored := ignoredAtTop(root)
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !slices.Contains(ignored, e.Name()) {
			t.top = append(t.top, e.Name())
		}
	}
	for _, name := range t.top {
		if err := fs.WalkDir(root, name, t.visit); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// visit takes in one file of the walk.
func (t *tree) visit(p string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case d.IsDir() && d.Name() == "testdata":
		return fs.SkipDir
	case d.IsDir():
		return nil
	case strings.HasSuffix(p, ".sh"), d.Name() == "Makefile", d.Name() == "run", d.Name() == "deps":
		t.others = append(t.others, p)
		return nil
	case !strings.HasSuffix(p, ".go"):
		return nil
	}
	src, err := fs.ReadFile(t.root, p)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.files = append(t.files, &goFile{path: p, source: src, syntax: syntax})
	return nil
}

// ignoredAtTop is .git and the names that .gitignore anchors at the top level
// (lines of the form /name or /name/).
func ignoredAtTop(root fs.FS) []string {
	names := []string{".git"}
	b, err := fs.ReadFile(root, ".gitignore")
	if err != nil {
		return names // a tree without .gitignore ignores nothing
	}
	for l := range strings.Lines(string(b)) {
		l = strings.TrimSpace(l)
		if name, ok := strings.CutPrefix(l, "/"); ok {
			names = append(names, strings.TrimSuffix(name, "/"))
		}
	}
	return names
}
