#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# What compares, verifies and copies on the target, by sg3-utils through the
# kernel's initiator. $DISK0 and $DISK1 have NAA names, which sg_xcopy needs.
mib=$((1 << 20))
block() { yes "$1" | head -c 512; }
first() { head -c 512 "$DISK0" | cmp - <(block "$1"); } # the first block is of this word
fresh() { blockdev --flushbufs "$1"; }
generic() { echo /dev/"$(basename /sys/block/"${1##*/}"/device/scsi_generic/*)"; }

yes source | head -c $((4 * mib)) | dd of="$DISK0" bs=1M oflag=direct conv=fsync status=none
{
	block source
	block locked
} > /run/caw
sg_compare_and_write --in=/run/caw --lba=0 --num=1 --xferlen=1024 "$DISK0"
fresh "$DISK0"
first locked
if sg_compare_and_write --in=/run/caw --lba=0 --num=1 --xferlen=1024 --quiet "$DISK0"; then
	echo "COMPARE AND WRITE: what differs was replaced"
	exit 1
fi
fresh "$DISK0"
first locked
echo "sg_compare_and_write: one winner"

sg_verify --16 --lba=0 --count=2048 "$DISK0"
block locked > /run/same
block other > /run/other
sg_verify --16 --lba=0 --count=1 --ndo=512 --in=/run/same "$DISK0"
if sg_verify --16 --lba=0 --count=1 --ndo=512 --in=/run/other --quiet "$DISK0"; then
	echo "VERIFY: what differs was found equal"
	exit 1
fi
echo "sg_verify: finds what differs"

sg_xcopy if="$(generic "$DISK0")" of="$(generic "$DISK1")" bs=512 count=8192 skip=0 seek=2048
fresh "$DISK1"
cmp <(head -c $((4 * mib)) "$DISK0") <(dd if="$DISK1" bs=1M skip=1 count=4 status=none)
echo "sg_xcopy: 4 MiB, as they were"
sg_vpd --page=tpc "$DISK0" | head -n 3
