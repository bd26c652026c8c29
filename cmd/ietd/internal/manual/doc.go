// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package manual writes the manual pages and the shell completions.
//
//	pages/*.roff ----------------\
//	meaning tables (meaning.go) --+--> Write       ietd.8, ietadm.8, ietd.conf.5
//	Source: flag sets and tables -+
//	        of the program --------\-> Completion  bash, zsh, fish
//
// Prose is written by hand; whatever the program knows itself (flags, session
// keys, LUN parameters, directives, their ranges and defaults) comes from the
// Source at the moment of printing. A name that the program knows and no table
// explains is an error, and so is the reverse: a page is right or is not made.
//
// The pages are in the language of man(7), which groff and mandoc both read.
// The package holds no state and opens nothing. It must not know how the
// program parses what it documents.
package manual
