// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/pflag"
)

// Pages are the names of the manual pages.
var Pages = []string{"ietd.8", "ietadm.8", "ietd.conf.5"}

//go:embed pages
var pages embed.FS

// Write writes one of Pages to w. An error means that w failed, that there is
// no such page, or that the program and what the page says of it differ.
func Write(w io.Writer, page string, s Source) error {
	if !slices.Contains(Pages, page) {
		return fmt.Errorf("%q is not a manual page; there are %s", page, strings.Join(Pages, ", "))
	}
	if err := s.check(); err != nil {
		return err
	}
	text, err := pages.ReadFile("pages/" + page + ".roff")
	if err != nil {
		return err
	}
	t, err := template.New(page).Option("missingkey=error").Funcs(template.FuncMap{
		"flags":      func(set *pflag.FlagSet) string { return flagList(flags(set, s.Words)) },
		"directives": directiveList,
		"keys":       func(rows []Row) string { return rowList(rows, sessionKeyMeanings) },
		"params":     func(rows []Row) string { return rowList(rows, lunParamMeanings) },
		"title":      func(name, section string) (string, error) { return title(&s, name, section) },
	}).Parse(string(text))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, s); err != nil {
		return err
	}
	if err := s.checkNamed(page, out.String()); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// named finds the flags that a page speaks of.
var named = regexp.MustCompile(`\\-\\-([a-z]+(?:\\-[a-z]+)*)`)

// checkNamed sees that the flags that a page speaks of are some program's.
func (s *Source) checkNamed(page, text string) error {
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		name := strings.ReplaceAll(m[1], `\-`, "-")
		if s.Ietd.Lookup(name) == nil && s.Ietadm.Lookup(name) == nil {
			return fmt.Errorf("manual: %s speaks of --%s, which neither ietd nor ietadm has", page, name)
		}
	}
	return nil
}

// title is the line that begins a page.
func title(s *Source, name, section string) (string, error) {
	if s.Date != "" {
		if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
			return "", fmt.Errorf("manual: %q is not a date as 2026-11-22", s.Date)
		}
	}
	// Words are not hyphenated: half of them are to be typed.
	return fmt.Sprintf(".TH %s %s \"%s\" %s \"System Administration\"\n.nh",
		quoted(strings.ToUpper(name)), section, s.Date, quoted("ietd "+s.Version)), nil
}

// item begins a paragraph with a tag.
func item(b *strings.Builder, tag, text string) { fmt.Fprintf(b, ".TP\n%s\n%s\n", tag, text) }

// more adds a line to the paragraph.
func more(b *strings.Builder, before, what string) { fmt.Fprintf(b, ".br\n%s\n%s\n", before, what) }

// flagList is a list of flags.
func flagList(list []flag) string {
	var b strings.Builder
	for _, f := range list {
		tag := bold("--" + f.long)
		if f.short != "" {
			tag = bold("-"+f.short) + ", " + tag
		}
		if f.arg != "" {
			tag += " " + italic(f.arg)
		}
		item(&b, tag, escape(sentence(f.text)))
		if f.def != "" {
			more(&b, "Default:", bold(f.def))
		}
		if f.example != "" {
			more(&b, "Example:", bold(f.example))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// directiveList is a list of the directives of ietd.conf.
func directiveList(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		m := find(directiveMeanings, r.Name)
		item(&b, bold(r.Name)+" "+italic(m.args), sentences(m.text))
		rowEnd(&b, r)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// rowList is a list of session keys or LUN parameters.
func rowList(rows []Row, table []meaning) string {
	var b strings.Builder
	for _, r := range rows {
		item(&b, bold(r.Name), sentences(find(table, r.Name).text))
		rowEnd(&b, r)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// rowEnd says what a value is, from the program's own table.
func rowEnd(b *strings.Builder, r Row) {
	if r.Value != "" {
		more(b, "Value:", escape(r.Value))
	}
	if r.Default != "" {
		more(b, "Default:", bold(r.Default))
	}
}
