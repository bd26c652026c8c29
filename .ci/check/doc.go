// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command check holds the house rules that a compiler does not: run it with
// go run ./.ci/check.
//
// Each rule is a function from the parsed tree to findings, and each has a
// table where it needs one, to be read and changed by a person:
//
//	rule            table           what it holds
//	tree            topLevel        the top level of the repository
//	requirements    direct          the direct dependencies in go.mod
//	imports         mayImport       who may import whom, of ours and of others
//	packageComment  -               one package comment a package, in doc.go
//	header          spdx            the licence lines that open a .go file
//	fileNames       emptyNames      a file is named by the noun in it
//	format          -               gofmt
//	functionLength  longFunctions   no function over 70 lines, tables excepted
//	leftovers       leftover        nothing is left for later in a comment
//	words           banned          words that a folder does without
//
// Loosening a row needs a reason, in the row and in the commit. The program
// reads the tree and knows nothing else of the project: it never builds it.
package main
