#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# Verified I/O on $DISK0 until the machine outside has done enough to its
# target or to the way there; not one command may end with an error. Each round
# writes, then reads all of it back and compares checksums.
#
# The kernel gives a command up when it was cut off six times, whoever is to
# blame. Here it may come to that, so it must not.
for f in /sys/block/"${DISK0##*/}"/device/scsi_disk/*/max_retries; do echo -1 > "$f"; done
round=0
until [ -e /out/told-enough ]; do
	round=$((round + 1))
	fio --output-format=terse --minimal --thread --ioengine=libaio --direct=1 --filename="$DISK0" \
		--verify=crc32c --verify_fatal=1 --randseed=$round --size=24m \
		--name=small --rw=randwrite --bs=4k --iodepth=16 --io_size=2m \
		--name=mixed --offset=32m --rw=randrw --bsrange=4k-256k --iodepth=8 --io_size=32m \
		--name=large --offset=64m --rw=write --bs=1m --iodepth=4 --io_size=24m > /dev/null
	echo "round $round: nothing to complain of"
done
