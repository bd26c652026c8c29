#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# Process 1 of the guest after init.sh: log in to every target at the portal,
# run work.sh, log out, power off. Settings come in /out/settings; the status
# goes to /out/status.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
. /out/settings
b=/bin/busybox

say() { # LINE: into the log, with the guest's time
	local seconds
	read -r seconds _ < /proc/uptime
	echo "[$seconds] $1"
}
off() { # STATUS: end of the guest
	dmesg > /out/dmesg
	echo "$1" > /out/status
	sync
	$b poweroff -f
	sleep 60 # process 1 must not end before the power does
}
fail() { # WHY
	say "failed: $1"
	echo "guest: $1" >> /out/output
	off 125
}

$b mkdir -p /dev/shm /run/lock/iscsi
$b mount -n -t tmpfs shm /dev/shm
[ -e /dev/fd ] || $b ln -s /proc/self/fd /dev/fd
$b ifconfig lo 127.0.0.1 up
$b ifconfig vec0 10.0.2.15 netmask 255.255.255.0 mtu 65520 up || fail "no network"
modprobe -a iscsi_tcp sd_mod sg || fail "no iSCSI in this kernel"

# iscsid's files are the guest's own, whatever this machine has; they may not
# even be readable to the user who runs this.
$b mount -n -t tmpfs iscsi /etc/iscsi || fail "no /etc/iscsi"
echo "InitiatorName=iqn.1993-08.org.debian:01:guest" > /etc/iscsi/initiatorname.iscsi
cat > /etc/iscsi/iscsid.conf <<CONF
node.startup = manual
node.conn[0].timeo.login_timeout = 30
node.conn[0].timeo.noop_out_interval = 5
node.conn[0].timeo.noop_out_timeout = 30
node.session.timeo.replacement_timeout = 120
node.session.initial_login_retry_max = 3
node.session.cmds_max = 128
node.session.queue_depth = 64
node.session.xmit_thread_priority = -20
node.session.iscsi.InitialR2T = No
node.session.iscsi.ImmediateData = Yes
node.session.iscsi.FirstBurstLength = 262144
node.session.iscsi.MaxBurstLength = 16776192
node.conn[0].iscsi.MaxRecvDataSegmentLength = 262144
node.conn[0].iscsi.MaxXmitDataSegmentLength = 0
discovery.sendtargets.iscsi.MaxRecvDataSegmentLength = 32768
node.conn[0].iscsi.HeaderDigest = $DIGEST
node.conn[0].iscsi.DataDigest = $DIGEST
node.session.scan = auto
CONF
[ -z "$CHAP" ] || cat >> /etc/iscsi/iscsid.conf <<CONF
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
for ((i = 0; i < 600; i++)); do
	[[ $(< /proc/net/unix) == *ISCSIADM_ABSTRACT* ]] && break
	read -rt 0.1 <> <(:)
done

# SendTargets answers with an address of this machine's loopback. The guest
# reaches it by another: a node record is made for that one.
found=$(iscsiadm -m discovery -t sendtargets -p "10.0.2.2:$PORT" -o nonpersistent) || fail "discovery"
say "discovered $found"
[[ $found == *",1 $IQN"* ]] || fail "discovery does not name $IQN but: $found"
iscsiadm -m node -T "$IQN" -p "10.0.2.2:$PORT,1" -o new || fail "node record"
iscsiadm -m node -T "$IQN" -p "10.0.2.2:$PORT" --login || fail "login"

# Disks come up by themselves after the login; DISKS are their names by LUN.
for ((i = 0; i < 300; i++)); do
	DISKS=()
	for f in /sys/class/scsi_device/*/device/block/*; do
		[ -e "$f/size" ] && [ "$(< "$f/size")" != 0 ] || continue
		lun=${f#/sys/class/scsi_device/}
		lun=${lun%%/*}
		DISKS[${lun##*:}]=/dev/${f##*/}
	done
	[ ${#DISKS[@]} = "$LUNS" ] && break
	read -rt 0.1 <> <(:)
done
[ ${#DISKS[@]} = "$LUNS" ] || fail "${#DISKS[@]} disks (${DISKS[*]}) after the login, not $LUNS"
say "logged in: ${DISKS[*]}"

DISK0=${DISKS[0]} DISK1=${DISKS[1]} bash -eu /out/work.sh >> /out/output 2>&1
status=$?
say "work ended: $status"
iscsiadm -m node --logout || fail "logout"
off $status
