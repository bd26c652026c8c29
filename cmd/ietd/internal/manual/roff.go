// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"regexp"
	"strings"
)

// roffText keeps roff from reading text as anything but text. What follows a
// hyphen is not broken off, so that words can be copied from the screen.
var roffText = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", "...")

// escape returns text for roff, on a line of its own or inside one.
func escape(text string) string {
	text = roffText.Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return strings.ReplaceAll(text, "\n.", "\n\\&.")
}

// quoted returns text as one argument of a macro.
func quoted(text string) string { return `"` + strings.ReplaceAll(escape(text), `"`, `\(dq`) + `"` }

func bold(text string) string   { return `\fB` + escape(text) + `\fR` }
func italic(text string) string { return `\fI` + escape(text) + `\fR` }

// marked finds what a meaning sets apart: *literal*, /ARGUMENT/ and page(8). A
// literal may hold \* for a star.
var marked = regexp.MustCompile(`\*((?:[^*\\]|\\\*)+)\*|/([A-Z]+)/|\b([a-z.]+)\(([1-8])\)`)

// sentences turns the text of a meaning into roff.
func sentences(text string) string {
	var b strings.Builder
	at := 0
	for _, m := range marked.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(escape(text[at:m[0]]))
		group := func(i int) string { return text[m[2*i]:m[2*i+1]] }
		switch {
		case m[2] >= 0:
			b.WriteString(bold(strings.ReplaceAll(group(1), `\*`, "*")))
		case m[4] >= 0:
			b.WriteString(italic(group(2)))
		default:
			b.WriteString(bold(group(3)) + "(" + group(4) + ")")
		}
		at = m[1]
	}
	b.WriteString(escape(text[at:]))
	return b.String()
}

// sentence returns text with a capital letter and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
