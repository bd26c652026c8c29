#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# What the guest does with the disks $DISK0 and $DISK1; bash -e ends it at the
# first failure. $FS, $DIGEST, $COPY and $FIO_SIZE are settings.
set -o pipefail

for c in /sys/class/iscsi_connection/connection*; do
	read -r header < "$c/header_digest"
	read -r data < "$c/data_digest"
	case $DIGEST:$header:$data in
		CRC32C:1:1 | None:0:0) echo "digests: $DIGEST" ;;
		*)
			echo "digests: wanted $DIGEST, the kernel says header $header, data $data"
			exit 1
			;;
	esac
done

echo "== $FS on $DISK0: $COPY there and back"
mkdir -p /mnt/disk
case $FS in
	ext4) mkfs.ext4 -q "$DISK0" ;;
	xfs) mkfs.xfs -q "$DISK0" ;;
esac
mount -t "$FS" "$DISK0" /mnt/disk
cp -r "$COPY" /mnt/disk/copy
umount /mnt/disk # nothing of it stays in the cache
mount -t "$FS" "$DISK0" /mnt/disk
diff -r "$COPY" /mnt/disk/copy
umount /mnt/disk
case $FS in
	ext4) e2fsck -f -n "$DISK0" ;;
	xfs) xfs_repair -n "$DISK0" ;;
esac

echo "== fio on $DISK1: every block is read back and its checksum compared"
fio --output-format=terse --minimal --thread --ioengine=libaio --direct=1 \
	--filename="$DISK1" --verify=crc32c --verify_fatal=1 --group_reporting=0 --size="$FIO_SIZE" \
	--name=small --rw=randwrite --bs=4k --iodepth=16 --io_size="$FIO_SMALL" \
	--name=mixed --stonewall --rw=randrw --bsrange=512-128k --iodepth=8 --io_size="$FIO_LARGE" \
	--name=large --stonewall --rw=write --bs=1m --iodepth=4 --io_size="$FIO_LARGE" > /dev/null
echo "fio: nothing to complain of"
