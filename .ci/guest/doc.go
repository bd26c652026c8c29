// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command guest uses ietd's disks from the Linux kernel's own initiator:
// go run ./.ci/guest.
//
// The kernel of this machine need not have iSCSI, nor let us load modules:
// User-mode Linux boots a second one as an ordinary process, in seconds and
// without virtualisation. Its 10.0.2.2 is this machine's 127.0.0.1.
//
//	this machine                        guest (linux.uml)
//	ietd 127.0.0.1:PORT <── slirp4netns <── vec0 <── iscsi_tcp, sd, ext4 or xfs
//	/            (read-only, hostfs) ──> lower layer of /
//	work folder  (hostfs)            ──> /out: settings in, output and status out
//
//	main.go     the passes: which file system, which digests
//	boot.go     network, kernel, time limit
//	init.sh     process 1: lays the guest's root together
//	session.sh  process 1 from there: network, iscsid, login, work, power off
//	work.sh     mkfs, copy, compare, check; fio with verification
//	chap.sh     every algorithm of CHAP both ways, and who must be refused
//
// A fork in the guest costs a tenth of a second: its scripts start few
// processes. It tells whether data are right; it cannot tell how fast ietd is.
package main
