// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"math"
	"strings"
)

// isBlank is C's isspace, which IET separates words by.
func isBlank(c rune) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// fields returns the words of a line.
func fields(line string) []string { return strings.FieldsFunc(line, isBlank) }

// cut returns the first word of a line and what follows it, without the white
// space around both.
func cut(line string) (word, rest string) {
	line = strings.TrimFunc(line, isBlank)
	end := strings.IndexFunc(line, isBlank)
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimLeftFunc(line[end:], isBlank)
}

// uncomment returns the words before the first that begins with #, at or after
// the word first: a secret may begin so.
func uncomment(words []string, first int) []string {
	for i := first; i < len(words); i++ {
		if words[i][0] == '#' {
			return words[:i]
		}
	}
	return words
}

// cNumber reads a number as C's strtol does in base 0: a sign, 0x for hexadecimal,
// 0 for octal, and then as many digits as there are. It reports whether all of s
// was a number, and whether it is written in octal.
func cNumber(s string) (n int64, whole, octal bool) {
	digits, negative := s, false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	base := int64(10)
	switch {
	case len(digits) > 2 && (digits[:2] == "0x" || digits[:2] == "0X") && digitValue(digits[2]) < 16:
		base, digits = 16, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base, octal = 8, true
	}
	i := 0
	for ; i < len(digits) && digitValue(digits[i]) < base; i++ {
		d := digitValue(digits[i])
		if n > (math.MaxInt64-d)/base {
			n = math.MaxInt64 // as strtol: no number is larger
			continue
		}
		n = n*base + d
	}
	if negative {
		n = -n
	}
	return n, i > 0 && i == len(digits), octal
}

// digitValue returns what a digit counts, 36 for what is none.
func digitValue(c byte) int64 {
	switch {
	case '0' <= c && c <= '9':
		return int64(c - '0')
	case 'a' <= c && c <= 'z':
		return int64(c-'a') + 10
	case 'A' <= c && c <= 'Z':
		return int64(c-'A') + 10
	}
	return 36
}

// near reports whether a is b but for a slip or two of the hand, as far as words
// of this length can be told apart.
func near(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	most := min(2, len(b)/4)
	if d := len(a) - len(b); d > most || -d > most {
		return false
	}
	// The distance of Levenshtein, row by row.
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := corner
			if a[i-1] != b[j-1] {
				change++
			}
			corner = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)] <= most
}
