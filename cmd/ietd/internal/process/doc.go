// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package process is what the program has to do with the operating system as a
// daemon: its pid file and the user it runs as.
//
// The pid file's lock is what keeps two of them apart; the number in it is for
// people. The package must not know anything of iSCSI.
package process
