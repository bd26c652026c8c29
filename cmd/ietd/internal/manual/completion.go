// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
)

// Shells are the shells that completions are written for.
var Shells = []string{"bash", "zsh", "fish"}

// Completion writes the completions of ietd and ietadm, in one file, for one of
// Shells. Errors are as with Write.
func Completion(w io.Writer, shell string, s Source) error {
	if !slices.Contains(Shells, shell) {
		return fmt.Errorf("%q is not a shell that there are completions for; there are %s", shell, strings.Join(Shells, ", "))
	}
	if err := s.check(); err != nil {
		return err
	}
	text, err := pages.ReadFile("pages/completion." + shell)
	if err != nil {
		return err
	}
	ietd, ietadm := flags(s.Ietd, s.Words), flags(s.Ietadm, s.Words)
	t, err := template.New(shell).Option("missingkey=error").Funcs(template.FuncMap{
		"bashNames":  bashNames,
		"bashCases":  bashCases,
		"bashParams": bashParams,
		"zshFlags":   zshFlags,
		"zshParams":  zshParams,
		"fishFlags":  fishFlags,
		"fishParams": fishParams,
		"single":     single,
		"names":      names,
	}).Parse(string(text))
	if err != nil {
		return err
	}
	// What --params takes besides LUN parameters and accounts: numbers of a
	// target and session keys.
	params := slices.Concat(paramRows(s.LunParams, lunParamMeanings), targetParams(s.Directives),
		paramRows(s.SessionKeys, sessionKeyMeanings), accountParams)
	var out bytes.Buffer
	if err := t.Execute(&out, map[string]any{
		"Ietd": ietd, "Ietadm": ietadm, "Params": params,
		"Keys": paramRows(s.SessionKeys, sessionKeyMeanings),
	}); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// A param is one KEY of --params KEY=VALUE.
type param struct {
	name  string
	words []string
	path  bool
}

// accountParams are what --user takes, and the name of a new target.
var accountParams = []param{{name: "Name"}, {name: "IncomingUser"}, {name: "OutgoingUser"}, {name: "Password"}}

func paramRows(rows []Row, table []meaning) []param {
	list := make([]param, len(rows))
	for i, r := range rows {
		m := find(table, r.Name)
		list[i] = param{r.Name, m.words, m.path}
	}
	return list
}

// onlyInFile are the directives that --params does not take: they have options
// of their own, or none.
var onlyInFile = []string{"Target", "Lun", "LunMask", "IncomingUser", "OutgoingUser", "Type", "iSNSServer", "iSNSAccessControl"}

func targetParams(rows []Row) []param {
	var list []param
	for _, r := range rows {
		if !slices.ContainsFunc(onlyInFile, func(name string) bool { return strings.EqualFold(name, r.Name) }) {
			list = append(list, param{name: r.Name})
		}
	}
	return list
}

// names returns the names of params, with = behind each.
func names(list []param) string {
	var b strings.Builder
	for i, p := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.name + "=")
	}
	return b.String()
}

// single returns text in single quotes, as every shell here reads it.
func single(text string) string { return `'` + strings.ReplaceAll(text, `'`, `'\''`) + `'` }

// brief returns what a list of flags can say of one.
func brief(text string) string {
	text, _, _ = strings.Cut(text, " (")
	text, _, _ = strings.Cut(text, "; ")
	return text
}
