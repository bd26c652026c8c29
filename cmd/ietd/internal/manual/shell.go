// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"fmt"
	"strings"
)

// What a shell asks for the value of a flag, by its long name: functions that
// stand in each pages/completion.* under the shell's own prefix.
var askers = map[string]string{
	"tid": "tids", "target": "targets", "params": "params", "session": "keys",
}

// asker returns which of them serves f of ietadm or of ietd, "" for none. A
// target of ietd's is new and a session of ietadm's is a listing: nothing can
// be offered for them.
func asker(f flag, ietadm bool) string {
	if f.arg == "" || (f.long == "session") == ietadm || f.long == "target" && !ietadm {
		return ""
	}
	return askers[f.long]
}

// bashNames returns all flags, for compgen -W.
func bashNames(list []flag) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString("--" + f.long + " ")
		if f.short != "" {
			b.WriteString("-" + f.short + " ")
		}
	}
	return single(strings.TrimSpace(b.String()))
}

// bashCases returns the arms of a case over the flag that a value is for.
func bashCases(list []flag, ietadm bool) string {
	var b strings.Builder
	for _, f := range list {
		if f.arg == "" {
			continue
		}
		pattern := "--" + f.long
		if f.short != "" {
			pattern += "|-" + f.short
		}
		action := ":"
		switch ask := asker(f, ietadm); {
		case ask != "":
			action = "_ietd_" + ask + ` "$value"`
		case f.path:
			action = `compgen -f -- "$value"`
		case len(f.words) > 0:
			action = "compgen -W " + single(strings.Join(f.words, " ")) + ` -- "$value"`
		}
		fmt.Fprintf(&b, "        %s) %s ;;\n", pattern, action)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// bashParams returns the arms of a case over the KEY that a value is for.
func bashParams(list []param) string {
	var b strings.Builder
	for _, p := range list {
		switch {
		case p.path:
			fmt.Fprintf(&b, "        %s) compgen -f -- \"$value\" ;;\n", p.name)
		case len(p.words) > 0:
			fmt.Fprintf(&b, "        %s) compgen -W %s -- \"$value\" ;;\n", p.name, single(strings.Join(p.words, " ")))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// zshText keeps a description from ending where _arguments sees an end.
var zshText = strings.NewReplacer(`[`, `\[`, `]`, `\]`, `:`, `\:`)

// zshFlags returns one _arguments line a flag.
func zshFlags(list []flag, ietadm bool) string {
	var b strings.Builder
	for _, f := range list {
		action := ""
		switch ask := asker(f, ietadm); {
		case f.arg == "":
		case ask != "":
			action = ":" + zshText.Replace(f.arg) + ":_ietd_" + ask
		case f.path:
			action = ":" + zshText.Replace(f.arg) + ":_files"
		case len(f.words) > 0:
			action = ":" + zshText.Replace(f.arg) + ":(" + strings.Join(f.words, " ") + ")"
		default:
			action = ":" + zshText.Replace(f.arg) + ": "
		}
		long := "--" + f.long
		if f.arg != "" {
			long += "="
		}
		spec := "[" + zshText.Replace(brief(f.text)) + "]" + action
		fmt.Fprintf(&b, "    %s \\\n", single("*"+long+spec))
		if f.short != "" {
			fmt.Fprintf(&b, "    %s \\\n", single("*-"+f.short+spec))
		}
	}
	return strings.TrimSuffix(b.String(), " \\\n")
}

// zshParams returns one _values line a KEY.
func zshParams(list []param) string {
	var b strings.Builder
	for _, p := range list {
		spec := p.name + ":value: "
		switch {
		case p.path:
			spec = p.name + ":file:_files"
		case len(p.words) > 0:
			spec = p.name + ":value:(" + strings.Join(p.words, " ") + ")"
		}
		fmt.Fprintf(&b, "    %s \\\n", single(spec))
	}
	return strings.TrimSuffix(b.String(), " \\\n")
}

// fishFlags returns one complete line a flag, for a command under a condition.
func fishFlags(list []flag, ietadm bool, command, condition string) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "complete -c %s -n %s -l %s", command, single(condition), f.long)
		if f.short != "" {
			fmt.Fprintf(&b, " -s %s", f.short)
		}
		switch ask := asker(f, ietadm); {
		case f.arg == "":
		case ask != "":
			fmt.Fprintf(&b, " -x -a '(__ietd_%s)'", ask)
		case f.path:
			b.WriteString(" -r -F")
		case len(f.words) > 0:
			fmt.Fprintf(&b, " -x -a %s", single(strings.Join(f.words, " ")))
		default:
			b.WriteString(" -x")
		}
		fmt.Fprintf(&b, " -d %s\n", single(brief(f.text)))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fishParams returns every KEY= and, where values are words, every KEY=VALUE.
func fishParams(list []param) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString(p.name + "= ")
		for _, w := range p.words {
			if !strings.Contains(w, ",") {
				b.WriteString(p.name + "=" + w + " ")
			}
		}
	}
	return strings.TrimSpace(b.String())
}
