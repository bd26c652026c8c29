// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command conformance runs libiscsi's iscsi-test-cu (Debian 12: version 1.19)
// against ietd: go run ./.ci/conformance.
//
//	profiles.go   the LUNs that the tests run on, one ietd each
//	tool.go       runs the tool and reads what it prints
//	skip.txt      the tests that skip, with a reason each
//	main.go       joins them and counts
//
// The tool counts a test that skips as passed, and a test of a command that
// the target does not know (sense 05/20/00) skips. So a target that can do
// nothing would pass. Here a test has one of three ends, and the run fails when
// a test failed, when a test skipped that skip.txt does not name, and when
// skip.txt names a test that skips no more on any profile.
//
// With -url it runs the tool on another target, prints the same table, and
// compares nothing with skip.txt.
package main
