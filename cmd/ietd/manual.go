// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/ietadm"
	"ietring/cmd/ietd/internal/manual"
)

// The first arguments that make the program print what is installed with it; the
// second is a name. They stand in no usage text: they are the Makefile's.
const (
	printManual     = "--print-manual"
	printCompletion = "--print-completion"
)

// printsItself reports whether the arguments ask for a manual page or the
// completions for a shell.
func printsItself(args []string) bool {
	return len(args) == 2 && (args[0] == printManual || args[0] == printCompletion)
}

// printItself writes what args ask for.
func printItself(w io.Writer, args []string) error {
	write := manual.Write
	if args[0] == printCompletion {
		write = manual.Completion
	}
	if err := write(w, args[1], manualSource()); err != nil {
		return &refusedError{err}
	}
	return nil
}

// manualSource returns what the program knows of itself.
func manualSource() manual.Source {
	return manual.Source{
		Version: version(), Ietd: config.Flags(), Ietadm: ietadm.Flags(),
		Words: map[string][]string{
			"log-level": config.LogLevels, "log-format": {"console", "json"},
			"op": {"new", "delete", "update", "show", "reload", "dump"},
		},
		Directives: rows(config.Directives()), SessionKeys: rows(config.SessionKeyWords()), LunParams: rows(config.LunParamWords()),
	}
}

func rows(words []config.Word) []manual.Row {
	list := make([]manual.Row, len(words))
	for i, w := range words {
		list[i] = manual.Row(w)
	}
	return list
}
