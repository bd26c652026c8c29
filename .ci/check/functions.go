// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"io/fs"
	"strconv"
	"strings"
)

// maxFunctionLines is how long a function may be, from func to its last brace.
const maxFunctionLines = 70

// A composite literal of this many lines is a table, and not counted.
const minTableLines = 8

// longFunctions are the functions that may be longer, with the reason.
var longFunctions = []struct{ path, function, reason string }{}

// A bannedWord is something that a folder does without: a name of another
// package ("time.Now"), a whole package ("fmt."), a builtin ("panic"), or a
// statement ("go").
type bannedWord struct {
	folder string
	word   string
	why    string
	use    string
}

// banned is the table of such words. Tests may use them.
var banned = []bannedWord{
	{"ring", "time.Now", "a loop reads the clock once a turn, and the simulation has a clock of its own", "Engine.now where it is no ordinary command"},
	{"ring", "time.Sleep", "nothing blocks a loop", "a ring timeout"},
	{"ring", "fmt.", "formatting allocates", "errors.New, strconv.Append…, or fields of the log record"},
	{"ring", "sync.Mutex", "a loop owns its state, nobody else touches it", "a message posted to the loop"},
	{"ring", "sync.RWMutex", "readers on the data path take no lock", "an immutable snapshot behind an atomic pointer"},
	{"pdu", "time.", "the wire has no clock", "nothing: time belongs to the sessions"},
	{"pdu", "net.", "pdu sees bytes, not sockets", "bytes given by the caller"},
	{"pdu", "os.", "pdu sees bytes, not files", "bytes given by the caller"},
	{"pdu", "panic", "remote bytes must not stop the process", "Check at the door, an error after it"},
	{"scsi", "os.", "the device server does no I/O", "a Plan that ring carries out"},
	{"scsi", "net.", "the device server does no I/O", "a Plan that ring carries out"},
	{"backing", "net.", "a backing knows offsets and bytes, not initiators", "nothing"},
	{"cmd/ietd/internal/login", "panic", "remote bytes must not stop the process", "a refusal from the table"},
	{".", "log.", "there is one log", "zerolog, or fmt in a test tool"},
	{".", "reflect.", "tables are read by people, not by reflection", "a table and a loop"},
	{".", "binary.Read", "it reflects and allocates", "binary.BigEndian.Uint32 and its kin"},
	{".", "binary.Write", "it reflects and allocates", "binary.BigEndian.PutUint32 and its kin"},
}

// allowedWords are the files that may use a banned word nevertheless.
var allowedWords = []struct{ path, word, reason string }{
	{"ring/counters.go", "sync.Mutex", "one question at a time of those who ask for counters; no loop comes here"},
	{"ring/engine.go", "fmt.", "start-up: errors of Start"},
	{"ring/engine.go", "time.Now", "start-up: where Engine.now comes from"},
	{"ring/engine.go", "sync.Mutex", "the control plane's: adding units and ending, never a command"},
	{"ring/arena.go", "fmt.", "once an arena: why its memory is not registered"},
	{"ring/loop.go", "fmt.", "start-up: errors of a loop's set-up"},
	{"ring/erase.go", "sync.Mutex", "who erases which disk; only SANITIZE, FORMAT UNIT and changes of units come here"},
	{"ring/mailbox.go", "sync.Mutex", "the door between other goroutines and a loop"},
	{"ring/rangelock.go", "sync.Mutex", "claims of several loops on one range; a write that finds none does not come here"},
	{"ring/session.go", "sync.Mutex", "the ends of a session's life, never a command"},
	{"ring/worker.go", "sync.Mutex", "the queue of what would stall a loop"},
	{"cmd/ietd/internal/login/keys.go", "panic", "a number that was checked when it was agreed on: our own fault"},
	{"ring/internal/uring/probe.go", "fmt.", "start-up: it tells the administrator what the kernel lacks"},
	{"ring/internal/uring/ring.go", "fmt.", "start-up: errors of ring set-up"},
	{"ring/internal/uring/memory.go", "fmt.", "start-up: errors of mmap"},
	{"ring/internal/uring/bufring.go", "fmt.", "start-up: errors of registration"},
	{"ring/internal/uring/register.go", "fmt.", "start-up: errors of registration"},
	{"ring/internal/uring/ring.go", "reflect.", "start-up: giouring hides the ring's descriptor"},
	{"pdu/bhs.go", "panic", "mustBe: our own dispatch went wrong, which remote bytes cannot cause"},
}

// functionLengthRule holds maxFunctionLines.
func functionLengthRule(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isTest() {
			continue
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || mayBeLong(f.path, fn.Name.Name) {
				continue
			}
			n := t.line(fn.End()) - t.line(fn.Pos()) + 1 - t.tableLines(fn.Body)
			if n > maxFunctionLines {
				found = append(found, finding{f.path, t.line(fn.Pos()),
					fmt.Sprintf("%s has %d lines, more than %d", fn.Name.Name, n, maxFunctionLines)})
			}
		}
	}
	return found
}

func mayBeLong(path, function string) bool {
	for _, l := range longFunctions {
		if l.path == path && l.function == function {
			return true
		}
	}
	return false
}

// tableLines counts the lines of body that are composite literals big enough
// to be tables.
func (t *tree) tableLines(body *ast.BlockStmt) int {
	lines := 0
	ast.Inspect(body, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if n := t.line(lit.End()) - t.line(lit.Pos()) + 1; n >= minTableLines {
			lines += n
		}
		return false // what lies inside is counted already
	})
	return lines
}

// wordsRule holds banned.
func wordsRule(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isTest() {
			continue
		}
		names := importNames(f)
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			pkg, name := mention(n)
			if pkg != "" && names[pkg] == "" {
				return true // a selector of a value, not of a package
			}
			if b, ok := bannedIn(f, names[pkg], name); ok {
				found = append(found, finding{f.path, t.line(n.Pos()),
					fmt.Sprintf("%s: %s; use %s", b.word, b.why, b.use)})
			}
			return true
		})
	}
	return found
}

// mention is the package name and the name that n mentions, or two empty
// strings.
func mention(n ast.Node) (pkg, name string) {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok {
			return x.Name, n.Sel.Name
		}
	case *ast.CallExpr:
		if x, ok := n.Fun.(*ast.Ident); ok {
			return "", x.Name
		}
	case *ast.GoStmt:
		return "", "go"
	}
	return "", ""
}

// bannedIn finds the row of banned that f breaks by mentioning name of the
// package pkg ("" for a builtin or a statement).
func bannedIn(f *goFile, pkg, name string) (bannedWord, bool) {
	if name == "" {
		return bannedWord{}, false
	}
	for _, b := range banned {
		if b.folder != "." && !within(f.path, b.folder) || mayUse(f.path, b.word) {
			continue
		}
		wantPkg, wantName, qualified := strings.Cut(b.word, ".")
		if !qualified {
			wantPkg, wantName = "", b.word
		}
		if wantPkg == pkg && (wantName == "" || wantName == name) {
			return b, true
		}
	}
	return bannedWord{}, false
}

func mayUse(path, word string) bool {
	for _, a := range allowedWords {
		if a.path == path && a.word == word {
			return true
		}
	}
	return false
}

// importNames maps the names under which f knows packages to the last element
// of their import paths, for packages of the standard library only.
func importNames(f *goFile) map[string]string {
	names := map[string]string{}
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || strings.Contains(strings.Split(p, "/")[0], ".") {
			continue
		}
		last := p[strings.LastIndex(p, "/")+1:]
		name := last
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = last
	}
	return names
}

// readOther reads a script of the tree.
func readOther(t *tree, p string) (string, error) {
	b, err := fs.ReadFile(t.root, p)
	return string(b), err
}
