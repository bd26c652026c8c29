#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# A file on ext4 is deleted and its blocks are trimmed: the machine outside
# looks at what its disk takes, before and after. Then the rest of the disk.
. /out/login.sh
read -r most < "/sys/block/${DISK0##*/}/queue/discard_max_bytes"
if [ "$most" = 0 ]; then
	echo "the kernel does not believe that the disk can be trimmed"
	exit 1
fi
told() { [ -e "/out/told-$1" ]; }

mkdir -p /mnt/disk
mkfs.ext4 -q -E nodiscard,lazy_itable_init=0 "$DISK0"
mount -t ext4 "$DISK0" /mnt/disk
dd if=/dev/urandom of=/mnt/disk/keep bs=1M count=8 status=none
dd if=/dev/urandom of=/mnt/disk/file bs=1M count=72 status=none
before=$(sha256sum < /mnt/disk/keep)
sync
: > /out/said-written
wait_for "word from outside" told trim
rm /mnt/disk/file
sync
fstrim -v /mnt/disk
umount /mnt/disk
: > /out/said-trimmed
mount -t ext4 "$DISK0" /mnt/disk
[ "$before" = "$(sha256sum < /mnt/disk/keep)" ]
umount /mnt/disk
e2fsck -f -n "$DISK0"

blkdiscard "$DISK0"
cmp -n $((64 << 20)) "$DISK0" /dev/zero # all that was data
