// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command iscsi-load is an iSCSI initiator that loads a target and checks it.
//
//	iscsi-load verify --address HOST:PORT --target IQN [--lun N] …
//	iscsi-load perf   --address HOST:PORT --target IQN [--depth N] …
//	iscsi-load floor  [--address HOST:PORT]
//
// verify writes and reads random places and sizes with several sessions and
// compares every block with a model; it destroys what the unit holds. perf
// measures and prints one JSON object: IOPS, MB/s, latency percentiles in µs,
// its own CPU time for each I/O; its writes destroy, too. floor is a server
// without SCSI, which perf --protocol floor measures: what TCP can do here at
// all. Exit code 0 means that all was well, 1 that the target failed, 2 that the
// command line is wrong.
//
// The work is in packages load, engine and floor; here are only the flags.
package main
