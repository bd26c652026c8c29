#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# The commands of thin provisioning and of erasing, one by one, by sg3-utils
# through the kernel's initiator.
pattern() { yes "$1" | head -c $((1 << 20)) | dd of="$DISK0" bs=1M oflag=direct conv=fsync status=none; }
zero() { cmp -n $((1 << 20)) "$DISK0" /dev/zero; } # the first MiB
fresh() { blockdev --flushbufs "$DISK0"; }

sg_readcap --16 "$DISK0" | grep 'lbpme=1, lbprz=1'
sg_vpd --page=lbpv "$DISK0" | grep 'Provisioning type: 2'
sg_vpd --page=bl "$DISK0" | grep 'Maximum unmap LBA count'

pattern unmap
sg_get_lba_status --lba=0 --brief "$DISK0"
sg_unmap --force --lba=0 --num=2048 "$DISK0"
fresh
zero
echo "sg_unmap: zeros"

pattern same
sg_write_same --16 --lba=0 --num=2048 --xferlen=512 --in=/dev/zero "$DISK0"
fresh
zero
pattern same
sg_write_same --16 --unmap --ndob --lba=0 --num=2048 "$DISK0"
fresh
zero
echo "sg_write_same: zeros"

pattern blkdiscard
blkdiscard -z -l 1M "$DISK0"
fresh
zero
echo "blkdiscard -z: zeros"

for erase in "--block" "--crypto" "--overwrite --zero"; do
	pattern sanitize
	# shellcheck disable=SC2086 # two words
	sg_sanitize $erase --quick --wait "$DISK0"
	fresh
	zero
	echo "sg_sanitize $erase: zeros"
done
pattern format
sg_raw "$DISK0" 04 00 00 00 00 00 # sg_format wants mode page 01h first
fresh
zero
echo "FORMAT UNIT: zeros"
sg_logs --page=0xc "$DISK0"
