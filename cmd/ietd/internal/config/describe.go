// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// A Word is one name that the operator can write, for manual pages and
// completions.
type Word struct {
	Name    string
	Value   string // what a value looks like, with its range and unit; "": see the manual's own words
	Default string // "": none
}

// Flags returns ietd's flags, to be looked at and not parsed with.
func Flags() *pflag.FlagSet { return newParser(here()).fs }

// Directives returns the directives of ietd.conf, without the session keys.
func Directives() []Word {
	words := make([]Word, len(directives))
	for i, d := range directives {
		words[i].Name = d.name
		for _, n := range targetNumbers {
			if n.name != d.name {
				continue
			}
			words[i].Value = "a number from " + strconv.Itoa(n.min) + " to " + strconv.Itoa(n.max) + " " + n.unit
			words[i].Default = strconv.Itoa(*n.dst(&Target{}))
		}
		switch d.name {
		case "QueuedCommands":
			words[i].Default = "--queue-depth"
		case "NOPTimeout":
			words[i].Default = "NOPInterval"
		case "Wthreads":
			words[i].Default = "" // it has no effect
		}
	}
	return words
}

// SessionKeyWords returns the session keys.
func SessionKeyWords() []Word {
	words := make([]Word, len(sessionKeys))
	for i := range sessionKeys {
		words[i] = Word{sessionKeys[i].name, sessionKeys[i].want(), sessionKeys[i].def}
	}
	return words
}

// LunParamWords returns the parameters of a Lun line.
func LunParamWords() []Word {
	words := make([]Word, len(lunParams))
	for i, p := range lunParams {
		words[i] = Word{Name: p.name, Value: p.want}
	}
	return words
}

// want says what a value of the key looks like.
func (k *sessionKey) want() string {
	switch {
	case k.kind == digests:
		return "None, CRC32C, or both; CRC32C alone enforces it"
	case k.kind == yesNo && k.min == 1:
		return "Yes"
	case k.kind == yesNo:
		return "Yes or No"
	}
	return strings.TrimSpace(k.rangeText())
}
