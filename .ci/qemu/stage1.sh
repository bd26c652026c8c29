#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# /init of the initial file system: it knows the disk's driver, and no more.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
for m in /modules/*.ko; do $b insmod "$m"; done
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -e /dev/vda2 ] && break
	$b sleep 1
done
if $b mount -t ext4 /dev/vda2 /root; then
	$b mount --move /dev /root/dev
	exec $b switch_root /root /sbin/init
fi
echo "stage1: no root"
$b poweroff -f
