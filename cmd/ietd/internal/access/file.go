// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const (
	// ietLine is the bytes of a line, its newline included, that IET read.
	ietLine = 4095
	// maxFindings is how much is told about one file.
	maxFindings = 100
)

// fileKind is which of the three files a file is.
type fileKind uint8

const (
	allowInitiators fileKind = iota
	denyInitiators
	allowTargets
	numKinds
)

// fileKinds has a row for each: its name, whether what it lists is shut out, and
// whether items may be patterns of initiator names.
var fileKinds = [numKinds]struct {
	name  string
	deny  bool
	names bool
}{
	allowInitiators: {"initiators.allow", false, true},
	denyInitiators:  {"initiators.deny", true, true},
	allowTargets:    {"targets.allow", false, false},
}

// A line is what a file says about one target.
type line struct {
	number int
	items  []item
}

// A file is one access file as it was read. It is not changed afterwards.
type file struct {
	kind     fileKind
	path     string
	missing  bool             // it does not exist
	broken   bool             // it exists and cannot be read
	first    map[string]*line // by target, in small letters; "" is ALL
	findings []Finding
}

// match reports whether the line that decides about target, if there is one, has
// an item for the peer. A broken file matches so that it shuts out.
func (f *file) match(target, name string, addr netip.Addr) bool {
	if f.broken {
		return fileKinds[f.kind].deny
	}
	l := f.decidedBy(strings.ToLower(target))
	if l == nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(l.items, func(i item) bool { return i.matches(name, addr) })
}

// parse reads the lines of a file.
func parse(kind fileKind, path string, data []byte) *file {
	f := &file{kind: kind, path: path, first: make(map[string]*line)}
	number := 0
	for len(data) > 0 {
		number++
		text, rest, newline := bytes.Cut(data, []byte("\n"))
		f.parseLine(number, string(text), newline)
		data = rest
	}
	if kind == denyInitiators && len(f.first) == 0 {
		f.report(0, Warning, "it has no lines: nobody is denied, and initiators.allow has no effect while this file exists; remove it")
	}
	return f
}

// parseLine reads one line and keeps it when it is the first for its target.
func (f *file) parseLine(number int, text string, newline bool) {
	full := len(text)
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' {
		return
	}
	switch {
	case !newline:
		f.report(number, Note, "the last line has no newline: it counts here, and IET skipped it")
	case full+1 > ietLine:
		f.report(number, Note, "the line is longer than %d bytes: it counts here, and IET skipped it", ietLine)
	}
	target, list := text, ""
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		target, list = text[:i], text[i:]
	}
	key := strings.ToLower(target)
	switch {
	case target == everything:
		key = ""
	case strings.EqualFold(target, everything):
		f.report(number, Warning, "%s is the name of a target; write %s for all of them", quote(target), everything)
	}
	items := f.parseItems(number, list)
	if used := f.decidedBy(key); used != nil {
		f.report(number, Warning, "this line is never used: line %d decides about %s", used.number, target)
		return
	}
	f.first[key] = &line{number, items}
}

// decidedBy returns the line that decides about the target with this key, or nil.
// A line that comes after one for ALL is not kept, so a target's own is first.
func (f *file) decidedBy(key string) *line {
	if own := f.first[key]; own != nil {
		return own
	}
	return f.first[""]
}

// parseItems reads the list of a line.
func (f *file) parseItems(number int, list string) []item {
	kind := fileKinds[f.kind]
	var items []item
	seen := false
	wrong := func(err error) {
		who := "matches nobody"
		if kind.deny {
			who = "denies everybody"
			items = append(items, item{all: true})
		}
		f.report(number, Error, "%v; until then it %s", err, who)
	}
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		seen = true
		i, err := parseItem(text, kind.names)
		if err != nil {
			wrong(err)
			continue
		}
		if severity, odd := remark(text, i); odd != "" {
			f.report(number, severity, "%s", odd)
		}
		items = append(items, i)
	}
	if !seen {
		wrong(errNoItems)
	}
	return items
}

// report adds a finding. A file of rubbish is not worth thousands of them: after
// maxFindings, one says that there are more.
func (f *file) report(number int, s Severity, format string, args ...any) {
	switch {
	case len(f.findings) < maxFindings:
		f.findings = append(f.findings, Finding{f.path, number, s, fmt.Sprintf(format, args...)})
	case len(f.findings) == maxFindings:
		f.findings = append(f.findings, Finding{f.path, number, Error, "more is wrong from here on; mend the above first"})
	}
}
