#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# /sbin/init on the root that came over iSCSI: reads its files, writes some, and
# says on the serial console how it went.
b=/bin/busybox
cd /
$b mount -t proc proc /proc
$b sha256sum -c -s sums && echo "stage2: the files are whole"
$b dd if=/dev/urandom of=/written bs=1M count=16 2> /dev/null &&
	$b sha256sum written > written.sum &&
	$b sync && $b mount -o remount,ro / && echo "stage2: written"
$b poweroff -f
