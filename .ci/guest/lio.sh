#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# A function of session.sh: the kernel's own target, LIO, inside the guest, as
# a peer for comparison. Everybody may log in and write.

# serve_lio BACKSTORE SIZE: LUN 0 of $IQN at 127.0.0.1:3260. rd_mcp keeps its
# pages, nullio forgets them, fileio is a file on a tmpfs. SIZE in bytes.
serve_lio() {
	local c=/sys/kernel/config/target backstore=$1 how disk group
	case $1 in
		rd_mcp) how=rd_pages=$(($2 / 4096)) ;;
		nullio) backstore=rd_mcp how=rd_pages=$(($2 / 4096)),rd_nullio=1 ;;
		fileio) how=fd_dev_name=/dev/shm/lio.img,fd_dev_size=$2 ;;
		*)
			echo "LIO has no backstore $1 here" >&2
			return 1
			;;
	esac
	modprobe -a iscsi_target_mod target_core_file || return
	[ -d $c ] || $b mount -n -t configfs config /sys/kernel/config || return
	disk=$c/core/${backstore}_0/disk0
	group=$c/iscsi/$IQN/tpgt_1
	mkdir -p $c/iscsi "$disk" || return
	# configfs takes one write for each value, without a line's end.
	echo -n "$how" > "$disk/control" &&
		echo -n 1 > "$disk/enable" &&
		mkdir -p "$group/lun/lun_0" "$group/np/127.0.0.1:3260" &&
		ln -s "$disk" "$group/lun/lun_0/disk0" &&
		echo -n 0 > "$group/attrib/authentication" &&
		echo -n 1 > "$group/attrib/generate_node_acls" &&
		echo -n 0 > "$group/attrib/demo_mode_write_protect" &&
		echo -n 128 > "$group/attrib/default_cmdsn_depth" &&
		echo -n 1 > "$group/enable"
}
