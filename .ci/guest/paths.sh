#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# Two paths to one LUN, $DISK0 and $DISK0_1: what one writes the other reads;
# then both under one dm-multipath disk, on which verified I/O goes on while
# the machine outside takes away each path and gives it back.
. /out/login.sh
numbers=()
for disk in "$DISK0" "$DISK0_1"; do
	read -r number < "/sys/block/${disk##*/}/dev"
	numbers+=("$number")
done
job=(fio --output-format=terse --minimal --thread --ioengine=libaio --direct=1 --verify=crc32c --verify_fatal=1
	--size=32m --rw=randwrite --bs=16k --iodepth=8 --randseed=7)

"${job[@]}" --name=one --filename="$DISK0" --do_verify=0 > /dev/null
"${job[@]}" --name=one --filename="$DISK0_1" --verify_only > /dev/null
echo "what one path wrote the other has read"

# A command waits for its path this long, then goes to the other.
for f in /sys/class/iscsi_session/session*/recovery_tmo; do echo 1 > "$f"; done
modprobe -a dm-multipath dm-round-robin
read -r size < "/sys/block/${DISK0##*/}/size"
dmsetup create --noudevsync paths --table "0 $size multipath 1 queue_if_no_path 0 1 1 round-robin 0 2 1 $DISK0 1 $DISK0_1 1"
dmsetup mknodes
endless() {
	until [ -e /run/enough ]; do
		"${job[@]}" --name=both --filename=/dev/mapper/paths > /dev/null || return
	done
}
endless &
path_is() { # NUMBER STATE: A is active, F is failed
	[[ $(dmsetup status paths) == *" ${numbers[$1]} $2 "* ]]
}
session_is_back() { # NUMBER
	local sessions=(/sys/class/iscsi_session/session*) state
	read -r state < "${sessions[$1]}/state"
	[ "$state" = LOGGED_IN ]
}
LOOKS=1200 # a login that was cut off is tried again after login_timeout
for i in 0 1; do
	: > /out/said-ready-$i
	wait_for "failure of path $i" path_is $i F
	: > /out/said-failed-$i
	echo "path $i has failed"
	wait_for "session of path $i" session_is_back $i
	dmsetup message paths 0 reinstate_path "${numbers[$i]}"
	wait_for "path $i" path_is $i A
	echo "path $i is back"
done
: > /run/enough
wait $!
"${job[@]}" --name=both --filename="$DISK0_1" --verify_only > /dev/null
dmsetup remove --retry --noudevsync paths
echo "nothing to complain of"
