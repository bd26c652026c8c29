// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"os/exec"
	"strings"
	"testing"
)

var breRows = []struct {
	pattern string
	match   []string
	refuse  []string
}{
	{"abc", []string{"abc", "ABC"}, []string{"abcd", "xabc", "ab", ""}},
	{"a.c", []string{"abc", "a.c"}, []string{"ac"}},
	{`a\.c`, []string{"a.c"}, []string{"abc"}},
	{"ab*c", []string{"ac", "abbc"}, []string{"abdc"}},
	{"*a", []string{"*a"}, []string{"a", "aa"}},
	{"^*a", []string{"*a"}, []string{"a"}},
	{`\(*a\)`, []string{"*a"}, []string{"a"}},
	{`b\|*a`, []string{"*a", "b"}, []string{"a"}},
	{"^abc$", []string{"abc"}, []string{"^abc$"}},
	{"a^b", []string{"a^b"}, []string{"ab"}},
	{"a$b", []string{"a$b"}, []string{"ab"}},
	{`\(^a$\)`, []string{"a"}, []string{"^a$"}},
	{"a+b?", []string{"a+b?"}, []string{"aab", "a"}},
	{"(a|b){2}", []string{"(a|b){2}"}, []string{"ab"}},
	{`a\+b\?`, []string{"a", "aab"}, []string{"b", "abb"}},
	{`\(ab\)*c`, []string{"c", "ababc"}, []string{"abac"}},
	{`\(ab\|cd\)e`, []string{"abe", "cde"}, []string{"abde"}},
	{`\(a\(b\)*\)*`, []string{"", "abba"}, []string{"b"}},
	{`a\{2\}`, []string{"aa"}, []string{"a", "aaa"}},
	{`a\{2,\}`, []string{"aa", "aaaa"}, []string{"a"}},
	{`a\{1,2\}`, []string{"a", "aa"}, []string{"", "aaa"}},
	{`a\{,2\}`, []string{"", "aa"}, []string{"aaa"}},
	{`\(ab\)\{2\}`, []string{"abab"}, []string{"ab"}},
	{"a**", []string{"", "aaa"}, []string{"b"}},
	{`a\+\?`, []string{"", "aaa"}, []string{"b"}},
	{`a\{2\}*`, []string{"", "aaaa"}, []string{"aaa"}},
	{`\(ab\)*\{2\}`, []string{"", "abab"}, []string{"aba"}},
	{"[abc]d", []string{"ad", "Cd"}, []string{"dd"}},
	{"[^abc]d", []string{"dd"}, []string{"ad"}},
	{"[]a]b", []string{"]b", "ab"}, []string{"b"}},
	{"[^]a]b", []string{"cb"}, []string{"]b"}},
	{"[a-c]*", []string{"abc"}, []string{"d"}},
	{"[a-]", []string{"a", "-"}, []string{"b"}},
	{`[\.]x`, []string{`\x`, ".x"}, []string{"ax"}},
	{"[[:digit:]]*", []string{"", "123"}, []string{"a"}},
	{"[[:alpha:][:digit:]-]*", []string{"a-1"}, []string{"a_1"}},
	{`\w\W\s\S`, []string{"a- b"}, []string{"aa b"}},
	{"[*.]", []string{"*", "."}, []string{"a"}},
	{`iqn\.1993-08\.org\.debian:[0-9a-f:]*`, []string{"iqn.1993-08.org.debian:01:abc"}, []string{"iqn.1993-08.org.debian:zz"}},
	{"é*", []string{"éé"}, []string{"e"}},
	{`a\-b`, []string{"a-b"}, []string{"ab"}},
	{`\*a\[`, []string{"*a["}, []string{"a["}},
}

func TestBRE(t *testing.T) {
	for _, row := range breRows {
		re, err := compileBRE(row.pattern)
		if err != nil {
			t.Errorf("%s: %v", row.pattern, err)
			continue
		}
		for _, s := range row.match {
			if !re.MatchString(s) {
				t.Errorf("%s does not match %q (it is %s)", row.pattern, s, re)
			}
		}
		for _, s := range row.refuse {
			if re.MatchString(s) {
				t.Errorf("%s matches %q (it is %s)", row.pattern, s, re)
			}
		}
	}
}

// The table itself is held to what the system's own matcher says.
func TestBREAgainstGrep(t *testing.T) {
	grep, err := exec.LookPath("grep")
	if err != nil {
		t.Skip("no grep")
	}
	says := func(pattern, s string) bool {
		c := exec.Command(grep, "-ixqe", pattern)
		c.Env = []string{"LC_ALL=C.UTF-8"}
		c.Stdin = strings.NewReader(s + "\n")
		return c.Run() == nil
	}
	for _, row := range breRows {
		for _, s := range row.match {
			if !says(row.pattern, s) {
				t.Errorf("grep: %s does not match %q", row.pattern, s)
			}
		}
		for _, s := range row.refuse {
			if says(row.pattern, s) {
				t.Errorf("grep: %s matches %q", row.pattern, s)
			}
		}
	}
}

func TestBRERefused(t *testing.T) {
	for _, row := range []struct{ pattern, want string }{
		{`\(a\)\1`, "back-reference"},
		{`\(a`, `\( without \)`},
		{`a\)`, `\) without \(`},
		{"[a", "[ without ]"},
		{"[[:alhpa:]]", "no class"},
		{"[[.a.]]", "collating"},
		{"[z-a]", "backwards"},
		{`a\`, `single \`},
		{`a\{2`, `\{ without \}`},
		{`a\{x\}`, "no count"},
		{`a\{2,x\}`, "no count"},
		{`a\{2,1\}`, "too large"},
		{`a\{2000\}`, "too large"},
		{`\{2\}`, "nothing"},
		{`\<a`, "no meaning"},
		{`\d`, "no meaning"},
		{"a\xff", "UTF-8"},
		{strings.Repeat(`\(`, 101), "nested"},
		{strings.Repeat("a", 4097), "longer than"},
	} {
		if _, err := compileBRE(row.pattern); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%.40s: %v, want %s", row.pattern, err, row.want)
		}
	}
}

// Whatever a pattern is, it is compiled or refused; one without anything special
// matches itself.
func FuzzBRE(f *testing.F) {
	for _, row := range breRows {
		f.Add(row.pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		re, err := compileBRE(pattern)
		if err == nil && !strings.ContainsAny(pattern, `\[.*^$`) && !re.MatchString(pattern) {
			t.Errorf("%q does not match itself (it is %s)", pattern, re)
		}
	})
}
