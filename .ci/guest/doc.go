// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command guest uses ietd's disks from the Linux kernel's own initiator.
//
//	go run ./.ci/guest [-short] [-only NAME]      what make kernel runs
//	go run ./.ci/guest -script FILE TARGET        run FILE (bash) in the guest
//	go run ./.ci/guest -fio TARGET [-bs 4k -depth 32 -rw randread -seconds 5 -jobs 1]
//
// TARGET is one of
//
//	-lun LUN [-lun LUN …] [-- FLAG …]   an ietd on files of its own, say
//	                                    -lun Type=fileio,IOMode=wb -- --threads 1
//	-portal 127.0.0.1:PORT -iqn NAME    whatever listens there, ietd or another
//	-lio rd_mcp|nullio|fileio           the kernel's own target inside the guest
//	(nothing)                           -script only: the guest alone
//
// A script runs under bash -eu, as root, from the top of its own Debian, with
// the packages of .ci/deps (sg3-utils, fio, xfsprogs, libiscsi-bin, …). It
// finds $DISK0, $DISK1, … by LUN, with -sessions 2 also $DISK0_1, $DISK1_1, …
// of the second session, $PORTAL and $IQN. What it prints is printed when the
// guest has ended, and its status is the command's (go run makes 1 of every
// other than 0). -fio prints one JSON object, see figure.
//
// The kernel of this machine need not have iSCSI, nor let us load modules:
// User-mode Linux boots a second one as an ordinary process, in seconds and
// without virtualisation. Its 10.0.2.2 is this machine's 127.0.0.1.
//
//	this machine                        guest (linux.uml)
//	ietd 127.0.0.1:PORT <── slirp4netns <── vec0 <── iscsi_tcp, sd, ext4 or xfs
//	      └─ (proxy) ──────────┘
//	/            (read-only, hostfs) ──> lower layer of /
//	work folder  (hostfs)            ──> /out: settings in, output and status out
//
//	main.go         flags
//	target.go       TARGET
//	passes.go       the passes: a row each
//	stage.go        a pass: ietd, proxies, the guest, and what goes on beside it
//	beside.go       what goes on beside it: kills, cuts, paths that fail
//	proxy.go        between guest and ietd, to cut connections
//	script.go       -script
//	fio.go, fio.sh  -fio
//	boot.go         kernel, scripts and settings, time limit
//	xstate.go       processors with more registers than that kernel knows
//	network.go      slirp4netns
//	init.sh         process 1: lays the guest's root together
//	session.sh      process 1 from there: network, login, work, power off
//	login.sh        iscsid, login, names of disks
//	lio.sh          LIO's set-up by configfs
//	work.sh         mkfs, copy, compare, check; fio with verification
//	chap.sh         every algorithm of CHAP both ways, and who must be refused
//	trim.sh         fstrim and blkdiscard; the disk's file must shrink
//	copy.sh         sg3-utils: compare and write, verify, extended copy
//	provision.sh    sg3-utils: thin provisioning and erasing
//	manage.sh       sg3-utils: pages, mode parameters, port groups, a tray
//	fence.sh        sg_persist: two sessions reserve, and shut each other out
//	paths.sh        two paths under dm-multipath, each fails once
//	endless.sh      verified I/O while the target is killed or connections are cut
//	conformance.sh  for -script: iscsi-test-cu from inside
//
// A fork in the guest costs a tenth of a second: its scripts start few
// processes. It tells whether data are right, and compares targets under one
// initiator; it cannot tell how fast ietd is.
package main
