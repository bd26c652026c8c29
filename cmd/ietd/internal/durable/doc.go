// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package durable writes small files that outlive a loss of power.
//
//	text --> FOLDER/.NAME.new --fsync, rename, fsync of FOLDER--> FOLDER/NAME
//
// A file is either as it was or as it becomes, whenever the process or the machine
// dies, and what a call has done is on stable storage when it returns. Two calls for
// one path must not be made at once.
package durable
