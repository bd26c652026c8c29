#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# Functions of session.sh, for a script that logs in and out by itself, too:
#   . /out/login.sh
# The settings are in the environment.

node() { iscsiadm -m node -T "$IQN" "$@"; }

# wait_for WHAT COMMAND...: COMMAND is to succeed within half a minute, or $LOOKS
# looks at what it says, ten a second.
wait_for() {
	local what=$1 i
	shift
	for ((i = 0; i < ${LOOKS:-300}; i++)); do
		"$@" && return
		read -rt 0.1 <> <(:) || true # the time is over: under bash -e, too
	done
	echo "guest: no $what after ${LOOKS:-300} looks" >&2
	return 1
}

# start_iscsid DIGEST [CHAP]: iscsid's files are the guest's own, whatever this
# machine has; they may not even be readable to the user who runs this.
start_iscsid() {
	$b mount -n -t tmpfs iscsi /etc/iscsi || return
	echo "InitiatorName=iqn.1993-08.org.debian:01:guest" > /etc/iscsi/initiatorname.iscsi
	cat > /etc/iscsi/iscsid.conf <<-CONF
		node.startup = manual
		node.conn[0].timeo.login_timeout = 20
		node.conn[0].timeo.noop_out_interval = 5
		node.conn[0].timeo.noop_out_timeout = 30
		node.session.timeo.replacement_timeout = 120
		node.session.initial_login_retry_max = 3
		node.session.cmds_max = 128
		node.session.queue_depth = 64
		node.session.xmit_thread_priority = -20
		node.session.nr_sessions = $SESSIONS
		node.session.iscsi.InitialR2T = No
		node.session.iscsi.ImmediateData = Yes
		node.session.iscsi.FirstBurstLength = 262144
		node.session.iscsi.MaxBurstLength = 16776192
		node.session.iscsi.DefaultTime2Wait = 0
		node.conn[0].iscsi.MaxRecvDataSegmentLength = 262144
		node.conn[0].iscsi.MaxXmitDataSegmentLength = 0
		discovery.sendtargets.iscsi.MaxRecvDataSegmentLength = 32768
		node.conn[0].iscsi.HeaderDigest = $1
		node.conn[0].iscsi.DataDigest = $1
		node.session.scan = auto
	CONF
	[ -z "$2" ] || cat >> /etc/iscsi/iscsid.conf <<-CONF
		discovery.sendtargets.auth.authmethod = CHAP
		discovery.sendtargets.auth.username = finder
		discovery.sendtargets.auth.password = finder-secret
		discovery.sendtargets.auth.username_in = keeper
		discovery.sendtargets.auth.password_in = keeper-secret
		node.session.auth.authmethod = CHAP
		node.session.auth.username = guest
		node.session.auth.password = guest-secret
		node.session.auth.username_in = disk
		node.session.auth.password_in = disk-secret-12
		node.session.auth.chap_algs = SHA3-256,SHA256,SHA1,MD5
	CONF
	# iscsid signals its process group when it ends: setsid keeps process 1 out.
	setsid iscsid -f > /out/iscsid.log 2>&1 &
	disown
	wait_for "iscsid" listens
}
listens() { [[ $(< /proc/net/unix) == *ISCSIADM_ABSTRACT* ]]; }

# log_in PORTAL: discovery there, and $SESSIONS sessions. SendTargets answers
# with an address of this machine's loopback. The guest reaches it by another:
# a node record is made for that one.
log_in() {
	local found group
	found=$(iscsiadm -m discovery -t sendtargets -p "$1" -o nonpersistent) || return
	[[ " ${found//$'\n'/ } " == *,[0-9]*" $IQN "* ]] || {
		echo "discovery does not name $IQN but: $found" >&2
		return 1
	}
	group=${found%%" $IQN"*}
	node -p "$1,${group##*,}" -o new && node -p "$1" --login
}

# find_disks [LUNS]: wait until each session has that many disks, else until the
# first has one, and no more come. They are then $DISK0, $DISK1, ... by LUN,
# those of the next session $DISK0_1, $DISK1_1, ...
find_disks() {
	found_disks=-1
	wait_for "disks (${1:-some} for each session)" have_disks "$1"
}
have_disks() {
	local f size address host sessions=() last=$found_disks
	found_disks=0
	for f in /sys/class/scsi_device/*/device/block/*; do
		[ -e "$f/size" ] && read -r size < "$f/size" && [ "$size" != 0 ] || continue
		address=${f#/sys/class/scsi_device/}
		address=${address%%/*}
		host=${address%%:*}
		[[ " ${sessions[*]} " == *" $host "* ]] || sessions+=("$host")
		found_disks=$((found_disks + 1))
		if [ ${#sessions[@]} = 1 ]; then
			declare -gx "DISK${address##*:}=/dev/${f##*/}"
		else
			declare -gx "DISK${address##*:}_$((${#sessions[@]} - 1))=/dev/${f##*/}"
		fi
	done
	if [ -n "$1" ]; then
		[ $found_disks = $(($1 * SESSIONS * PORTALS)) ]
	else
		[ $found_disks -gt 0 ] && [ $found_disks = "$last" ]
	fi
}
