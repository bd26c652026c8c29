// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package demo is 'ietd --demo': a target that can be tried without a line of
// configuration, and what to type to use it.
//
//	LUN 0   a sparse file of 1 GiB that survives a restart
//	LUN 1   nullio: reads zeros, forgets writes
//
// The package must not know sockets or the data plane; the addresses it prints
// are given to it.
package demo
