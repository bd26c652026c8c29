// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// clean is a small repository that every rule is content with.
var clean = map[string]string{
	"go.mod": "module ietring\n\ngo 1.26\n\nrequire (\n\tgithub.com/rs/zerolog v1.35.1\n" +
		"\tgithub.com/mattn/go-isatty v0.0.20 // indirect\n)\n",
	"Makefile":       "test:\n\t@echo mktemp /tmp/x.XXXXXX\n",
	".gitignore":     "/ietd\n/.build/\n",
	"ietd":           "a binary",
	"pdu/doc.go":     spdx + "// Package pdu is the wire.\npackage pdu\n",
	"pdu/bhs.go":     spdx + "package pdu\n\nimport \"encoding/binary\"\n\nvar be = binary.BigEndian\n",
	"ring/doc.go":    spdx + "// Package ring is the data plane.\npackage ring\n",
	"ring/loop.go":   spdx + "package ring\n\nimport (\n\t\"ietring/pdu\"\n\t\"ietring/ring/internal/uring\"\n)\n\nvar _, _ = pdu.A, uring.B\n",
	"ring/x_test.go": spdx + "package ring\n\nimport (\n\t\"fmt\"\n\t\"ietring/bench/initiator\"\n)\n\nvar _, _ = fmt.Sprint, initiator.Dial\n",

	"ring/internal/uring/doc.go": spdx + "// Package uring is one ring.\npackage uring\n\nimport \"github.com/pawelgaczynski/giouring\"\n\nvar _ = giouring.A\n",
	"cmd/ietd/main.go":           spdx + "// Command ietd serves disks.\npackage main\n\nimport \"github.com/rs/zerolog\"\n\nvar _ = zerolog.A\n",
}

// files makes a file system of clean with some files replaced.
func files(replaced map[string]string) fstest.MapFS {
	all := maps.Clone(clean)
	maps.Copy(all, replaced)
	root := fstest.MapFS{}
	for name, text := range all {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

// function is a file of package pdu with one function of that many lines.
func function(lines int, body string) string {
	return spdx + "package pdu\n\nfunc long() {\n" + strings.Repeat(body+"\n", lines-2) + "}\n"
}

// TestRules shows each rule at work: one file is changed, and what is found
// must hold the words of the row; a row without words must find nothing.
func TestRules(t *testing.T) {
	rows := []struct {
		sentence string
		path     string
		text     string
		want     string
	}{
		{"the clean tree has no findings", "pdu/bhs.go", clean["pdu/bhs.go"], ""},

		{"a new name at the top level is found", "docs/a.md", "", "docs: does not belong to the top level"},
		{"a name that .gitignore anchors is not", ".build/a", "", ""},

		{"a fifth direct dependency is found", "go.mod", "module ietring\n\nrequire github.com/a/b v1.0.0\n", "go.mod:3: github.com/a/b is a new direct"},
		{"so it is in a block", "go.mod", "module ietring\n\nrequire (\n\tgithub.com/a/b v1.0.0\n)\n", "go.mod:4: github.com/a/b is a new direct"},

		{"pdu may not import scsi", "pdu/bhs.go", spdx + "package pdu\n\nimport _ \"ietring/scsi\"\n", "pdu/bhs.go:6: pdu may not import ietring/scsi"},
		{"scsi may not import a module", "scsi/plan.go", spdx + "package scsi\n\nimport _ \"golang.org/x/sys/unix\"\n", "scsi may not import golang.org/x/sys/unix"},
		{"ring may not import cmd", "ring/loop.go", spdx + "package ring\n\nimport _ \"ietring/cmd/ietd/internal/login\"\n", "ring may not import"},
		{"ring may not import giouring past its internal", "ring/loop.go", spdx + "package ring\n\nimport _ \"github.com/pawelgaczynski/giouring\"\n", "ring may not import github.com"},
		{"uring may not import pdu", "ring/internal/uring/x.go", spdx + "package uring\n\nimport _ \"ietring/pdu\"\n", "ring/internal/uring may not import ietring/pdu"},
		{"cmd may import ring", "cmd/ietd/main.go", spdx + "// Command ietd.\npackage main\n\nimport _ \"ietring/ring\"\n", ""},
		{"cmd may not import what is internal to ring", "cmd/ietd/main.go", spdx + "// Command ietd.\npackage main\n\nimport _ \"ietring/ring/internal/uring\"\n", "may not import ietring/ring/internal/uring"},
		{"bench may import pdu", "bench/main.go", spdx + "// Command bench.\npackage main\n\nimport _ \"ietring/pdu\"\n", ""},
		{"bench may not import ring", "bench/main.go", spdx + "// Command bench.\npackage main\n\nimport _ \"ietring/ring\"\n", "bench may not import ietring/ring"},
		{"only tests may import bench", "ring/loop.go", spdx + "package ring\n\nimport _ \"ietring/bench/initiator\"\n", "ring may not import ietring/bench/initiator"},
		{"a test loosens nothing else", "pdu/x_test.go", spdx + "package pdu\n\nimport _ \"ietring/ring\"\n", "pdu may not import ietring/ring"},
		{"a folder without a row is found", "cmd/other/main.go", spdx + "// Command other.\npackage main\n", "no row of the import table"},

		{"a package without a comment is found", "pdu/doc.go", spdx + "package pdu\n", "pdu: the package has no package comment"},
		{"a second package comment is found", "ring/loop.go", spdx + "// Package ring again.\npackage ring\n", "second package comment; the first is in ring/doc.go"},
		{"a package comment outside doc.go is found", "scsi/a.go", spdx + "// Package scsi is the disk.\npackage scsi\n", "belongs in doc.go"},
		{"a test's package comment is found", "ring/x_test.go", spdx + "// Package ring is tested.\npackage ring\n", "a test has no package comment"},

		{"a missing header is found", "pdu/bhs.go", "package pdu\n", "must begin with the two SPDX lines"},
		{"a header without its blank line is found", "pdu/bhs.go", strings.TrimSuffix(spdx, "\n") + "package pdu\n", "must begin with the two SPDX lines"},

		{"a file named util is found", "pdu/util.go", spdx + "package pdu\n", "the name says nothing"},
		{"a folder named common is found", "cmd/ietd/common/doc.go", spdx + "// Package common is all.\npackage common\n", "the name says nothing"},

		{"what gofmt would change is found", "pdu/bhs.go", spdx + "package pdu\nvar  a int\n", "not formatted"},

		{"a function of 70 lines is not found", "pdu/bhs.go", function(70, "\tlong()"), ""},
		{"one of 71 is", "pdu/bhs.go", function(71, "\tlong()"), "pdu/bhs.go:6: long has 71 lines"},
		{"one of 71 in a test is not", "pdu/long_test.go", function(71, "\tlong()"), ""},
		{"a table in a function is not counted", "pdu/bhs.go", spdx + "package pdu\n\nfunc long() {\n\t_ = []int{\n" + strings.Repeat("\t\t1,\n", 80) + "\t}\n}\n", ""},

		{"a mark in a comment is found", "pdu/bhs.go", spdx + "package pdu\n\n// FIXME: later\n", "pdu/bhs.go:6: left for later"},
		{"one in a string is not", "pdu/bhs.go", spdx + "package pdu\n\nvar _ = \"FIXME\"\n", ""},
		{"one in the Makefile is found", "Makefile", "all:\n\t# TODO\n", "Makefile:2: left for later"},

		{"the clock is found in ring", "ring/x.go", spdx + "package ring\n\nimport \"time\"\n\nvar _ = time.Now\n", "ring/x.go:8: time.Now: a loop reads the clock once a turn"},
		{"another name of its package is not", "ring/x.go", spdx + "package ring\n\nimport \"time\"\n\nvar _ = time.Second\n", ""},
		{"a renamed import does not hide it", "ring/x.go", spdx + "package ring\n\nimport clock \"time\"\n\nvar _ = clock.Now\n", "time.Now"},
		{"a field of that name is not it", "ring/x.go", spdx + "package ring\n\nvar time struct{ Now int }\n\nvar _ = time.Now\n", ""},
		{"a whole package is found by any name", "ring/x.go", spdx + "package ring\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint\n", "fmt.: formatting allocates"},
		{"an exception lets a file use its word", "pdu/bhs.go", function(3, "\tpanic(1)"), ""},
		{"no other file", "pdu/text.go", function(3, "\tpanic(1)"), "pdu/text.go:7: panic"},
	}
	for _, r := range rows {
		t.Run(r.sentence, func(t *testing.T) {
			tr, err := load(files(map[string]string{r.path: r.text}))
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, f := range check(tr) {
				lines = append(lines, f.String())
			}
			got := strings.Join(lines, "\n")
			if r.want == "" && got != "" || !strings.Contains(got, r.want) {
				t.Errorf("found:\n%s\nwant: %q", got, r.want)
			}
		})
	}
}

// TestLoad shows what load refuses.
func TestLoad(t *testing.T) {
	rows := []struct {
		sentence, path, text, want string
	}{
		{"a file that does not parse is an error", "pdu/bhs.go", "package", "expected 'IDENT'"},
		{"a go.mod without a module is an error", "go.mod", "go 1.26\n", "no module line"},
	}
	for _, r := range rows {
		t.Run(r.sentence, func(t *testing.T) {
			_, err := load(files(map[string]string{r.path: r.text}))
			if err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("load: %v, want %q", err, r.want)
			}
		})
	}
}

// TestTables holds that no row of the exception tables is stale: its file is
// there and still uses the word.
func TestTables(t *testing.T) {
	root := os.DirFS("../..")
	for _, a := range allowedWords {
		tr, err := load(root)
		if err != nil {
			t.Fatal(err)
		}
		kept := allowedWords
		allowedWords = nil
		found := wordsRule(tr)
		allowedWords = kept
		uses := false
		for _, f := range found {
			uses = uses || f.path == a.path && strings.HasPrefix(f.text, a.word+":")
		}
		if !uses {
			t.Errorf("%s does not use %q any more; take its row out of allowedWords", a.path, a.word)
		}
		if a.reason == "" {
			t.Errorf("%s uses %q without a reason", a.path, a.word)
		}
	}
}
