#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# How a disk is managed, by sg3-utils: what it says of itself, mode parameters,
# port groups, self-test, a medium that is ejected. LUN 0 is in a port group that
# initiators may change and has a write cache; LUN 1 is removable.
disk=$DISK0
# While the disk's own node is open the kernel locks a removable medium.
generic=(/sys/block/"${DISK1##*/}"/device/scsi_generic/sg*)
tray=/dev/${generic[0]##*/}
expect() { # WHAT WANT GOT
	[ "$2" = "$3" ] || { echo "$1: $3, expected $2"; exit 1; }
}

sg_inq "$disk"
sg_inq --id "$disk"
read -r -a pages < <(sg_raw -b -r 64 "$disk" 12 01 00 00 40 00 2> /dev/null | od -An -v -tx1 -w64)
count=$((16#${pages[3]}))
for page in "${pages[@]:4:count}"; do
	sg_vpd --page=0x"$page" "$disk" > /dev/null
	echo "VPD page $page"
done
sg_opcodes "$disk" | grep -c '^ [0-9a-f][0-9a-f]'
sg_opcodes --opcode=0x8a --mask "$disk" | grep 'Opcode=0x8a'
for select in 0 1 2; do sg_luns --select=$select "$disk"; done
sg_logs --page=0 "$disk"
sg_requests "$disk"
sg_senddiag --test "$disk"
sg_modes --all "$disk" > /dev/null

# Bytes of the Caching page; $1 is the page control: 0 current, 2 default, 3 saved.
cache() { sg_modes --dbd --page=8 --control="$1" -R "$disk"; }
wce() { local b; read -r -d '' -a b < <(cache "$1") || true; echo "${b[2]}"; }
wire() { sg_wr_mode --page=8 --contents="8,12,$1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0" "${@:2}" "$disk"; }
expect "WCE as configured" 04 "$(wce 0)"
wire 0
expect "WCE cleared" 00 "$(wce 0)"
expect "WCE saved, before" 04 "$(wce 3)"
dd if=/dev/zero of="$disk" bs=4096 count=16 oflag=direct status=none
wire 0 --save
expect "WCE saved" 00 "$(wce 3)"
expect "WCE by default" 04 "$(wce 2)"
# The kernel itself, which sends back what it was told, with SP.
cache_type=(/sys/block/"${disk##*/}"/device/scsi_disk/*/cache_type)
echo "write back" > "${cache_type[0]}"
expect "WCE set by the kernel" 04 "$(wce 0)"
expect "WCE saved by the kernel" 04 "$(wce 3)"
read -r now < "${cache_type[0]}"
expect "the kernel" "write back" "$now"

state() { sg_rtpg --decode "$disk" | grep -A1 'id : 0x2' | tail -1; }
sg_rtpg --decode "$disk"
sg_stpg --tp=2 --active "$disk"
[[ $(state) == *"non optimized"* || $(state) == *"non-optimized"* ]] || { echo "the port group: $(state)"; exit 1; }
sg_stpg --tp=2 --optimized "$disk"
[[ $(state) == *"active/optimized"* ]] || { echo "the port group: $(state)"; exit 1; }

sg_prevent --prevent=1 "$tray"
! sg_start --eject "$tray" 2> /dev/null || { echo "a locked medium was ejected"; exit 1; }
sg_prevent --allow "$tray"
sg_start --eject "$tray"
! sg_turs "$tray" > /dev/null || { echo "an ejected medium is ready"; exit 1; }
sg_requests "$tray"
sg_start --load "$tray"
sg_turs "$tray" || sg_turs "$tray" # a medium that is new may be told once
