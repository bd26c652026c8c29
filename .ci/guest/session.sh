#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# Process 1 of the guest after init.sh: log in to the target at every portal,
# run work.sh, log out, power off. Settings come in /out/settings; the status
# goes to /out/status.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
set -a
. /out/settings
set +a
. /out/login.sh
. /out/lio.sh
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
start_iscsid "$DIGEST" "$CHAP" || fail "no iscsid"
say "iscsid runs"

portals=()
for port in $PORTS; do portals+=("10.0.2.2:$port"); done
if [ -n "$LIO" ]; then
	serve_lio "$LIO" "$LIO_SIZE" || fail "LIO"
	portals=(127.0.0.1:3260)
fi
export PORTAL=${portals[0]:-} PORTALS=${#portals[@]}
for portal in "${portals[@]}"; do
	log_in "$portal" || fail "login at $portal"
done
[ $PORTALS = 0 ] || find_disks "$LUNS" || fail "disks"
say "logged in: ${!DISK*}"

bash -eu /out/work.sh >> /out/output 2>&1 < /dev/null
status=$?
say "work ended: $status"
sessions=(/sys/class/iscsi_session/session*)
[ ! -e "${sessions[0]}" ] || iscsiadm -m node --logout || fail "logout"
off $status
