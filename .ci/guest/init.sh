#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# Process 1 of the guest. Root is this machine's / by hostfs, read-only; a
# tmpfs is laid over it, so that the guest may write where it likes. $OUT and
# $MODULES come from the kernel's command line.
b=/bin/busybox
die() {
	echo "init.sh: $*"
	$b poweroff -f
}
$b mount -n -t tmpfs -o size=90% tmpfs /run || die "no tmpfs"
$b insmod "$MODULES"/kernel/fs/overlayfs/overlay.ko || die "no overlayfs"
$b mkdir /run/upper /run/work /run/root
$b mount -n -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work root /run/root || die "no overlay"
cd /run/root || die "no root"
version=${MODULES##*/}
$b mkdir -p out "lib/modules/$version"
cat_fstab() {
	echo "none /run/root/out hostfs $OUT 0 0"
	echo "none /run/root/lib/modules/$version hostfs $MODULES 0 0"
	echo "proc /run/root/proc proc defaults 0 0"
	echo "sys /run/root/sys sysfs defaults 0 0"
	echo "dev /run/root/dev devtmpfs defaults 0 0"
	echo "run /run/root/run tmpfs defaults 0 0"
}
cat_fstab > /run/fstab
$b mount -n -a -T /run/fstab || die "mounts"
exec $b chroot . /bin/bash /out/session.sh < /dev/null >> out/log 2>&1
