// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// A Source is what the program knows of itself.
type Source struct {
	Version string // of the program, as --version prints it
	Date    string // of that version, as 2026-11-22; "": the pages have none

	Ietd   *pflag.FlagSet
	Ietadm *pflag.FlagSet

	// Words are the words that a flag takes, where there are few; by long name,
	// for completion. Flags of both programs.
	Words map[string][]string

	Directives  []Row // of ietd.conf, without the session keys
	SessionKeys []Row
	LunParams   []Row
}

// A Row is one name of a table of the program.
type Row struct {
	Name    string
	Value   string // what a value looks like, with its range and unit
	Default string // "": none
}

// check compares what the program knows with what the tables explain.
func (s *Source) check() error {
	for _, t := range []struct {
		kind    string
		rows    []Row
		meaning []meaning
	}{
		{"directive", s.Directives, directiveMeanings},
		{"session key", s.SessionKeys, sessionKeyMeanings},
		{"LUN parameter", s.LunParams, lunParamMeanings},
	} {
		known := make(map[string]bool)
		for _, r := range t.rows {
			if known[r.Name] {
				return fmt.Errorf("manual: the %s %s is there twice", t.kind, r.Name)
			}
			known[r.Name] = true
			if find(t.meaning, r.Name) == nil {
				return fmt.Errorf("manual: the %s %s is explained nowhere; give it a row in meaning.go", t.kind, r.Name)
			}
		}
		for _, m := range t.meaning {
			if !known[m.name] {
				return fmt.Errorf("manual: meaning.go explains the %s %s, which the program does not know", t.kind, m.name)
			}
		}
	}
	return nil
}

// A flag is one flag as pages and completions show it.
type flag struct {
	long, short string
	arg         string // name of its argument; "": it takes none
	text        string // what it does
	example     string // ready to be typed; "": none
	def         string // "": none, or text says it
	path        bool   // the argument is a file
	words       []string
}

// flags returns the flags of a set that are not hidden, in its order.
func flags(set *pflag.FlagSet, words map[string][]string) []flag {
	var list []flag
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		arg, usage := pflag.UnquoteUsage(f)
		text, example, _ := strings.Cut(usage, "; example: ")
		list = append(list, flag{
			long: f.Name, short: f.Shorthand, arg: arg, text: text, example: example,
			def: defaultOf(f, text), path: strings.EqualFold(arg, "path"), words: words[f.Name],
		})
	})
	return list
}

// defaultOf returns the default that is worth printing. Where the text speaks
// of it, the value may be this machine's only.
func defaultOf(f *pflag.Flag, text string) string {
	switch f.DefValue {
	case "", "false", "[]", "0":
		return ""
	}
	if strings.Contains(text, "default") {
		return ""
	}
	return f.DefValue
}
