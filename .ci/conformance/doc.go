// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command conformance runs libiscsi's iscsi-test-cu (Debian 12: version 1.19)
// against ietd: go run ./.ci/conformance.
//
//	profiles.go   the disks that the tests run on, one ietd each
//	tgt.go        the same disks of tgt
//	tool.go       runs the tool and reads what it prints
//	report.go     what all disks together say
//	skip.txt      the tests that skip, with a reason each
//	results.go    keeps the results of each target; page.go writes RESULTS.md
//
// The tool counts a test that skips as passed, and a test of a command that
// the target does not know (sense 05/20/00) skips. So a target that can do
// nothing would pass. Here a test has one of three ends, and no single disk can
// have every test: what counts is the union of the disks. The run fails when a
// test failed, when a test skipped that skip.txt does not name, and when
// skip.txt names one that skips no more.
//
// With -against tgt, or a URL, it runs the tool on another target and compares
// nothing with skip.txt; -read takes what the tool printed elsewhere. With
// -write the results are kept, and RESULTS.md is made from those of all targets.
package main
