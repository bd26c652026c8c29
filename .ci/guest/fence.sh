#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# What fence_scsi does, by sg_persist: two sessions, as two nodes, register and
# reserve, and one shuts the other out. Needs two sessions.
A=$DISK0 B=$DISK0_1 TYPE=5 # Write Exclusive - Registrants Only
pr() { sg_persist --no-inquiry "$@"; }
# may DISK yes|no: whether a write of a block works. The kernel takes unit
# attentions by itself.
may() {
	local got=no
	if dd if=/dev/zero of="$1" bs=4096 count=1 oflag=direct status=none 2> /dev/null; then got=yes; fi
	[ $got = "$2" ] || { echo "a write through $1: $got, expected $2"; exit 1; }
}

pr --in --report-capabilities "$A" | grep -q "PTPL_C): 1"
pr --out --register-ignore --param-sark=0xa0 "$A"
pr --out --register-ignore --param-sark=0xb0 "$B"
pr --out --reserve --param-rk=0xa0 --prout-type=$TYPE "$A"
may "$A" yes
may "$B" yes
pr --in --read-full-status "$B"
[ "$(pr --in --read-full-status "$B" | grep -c "Key=0x")" = 2 ]

echo "A is fenced by B"
pr --out --preempt-abort --param-rk=0xb0 --param-sark=0xa0 --prout-type=$TYPE "$B"
may "$A" no
may "$B" yes
dd if="$A" of=/dev/null bs=4096 count=1 iflag=direct status=none # reading is let through
[ "$(pr --in --read-keys "$B" | grep -c "0xa0")" = 0 ]
pr --in --read-reservation "$B" | grep -q "Key=0xb0"

echo "A comes back"
pr --out --register-ignore --param-sark=0xa0 "$A"
may "$A" yes

for type in 1 3 6 7 8; do
	pr --out --release --param-rk=0xb0 --prout-type=$TYPE "$B"
	TYPE=$type
	pr --out --reserve --param-rk=0xb0 --prout-type=$type "$B"
	may "$B" yes
	case $type in 1 | 3) may "$A" no ;; *) may "$A" yes ;; esac
done

pr --out --clear --param-rk=0xa0 "$A"
pr --in --read-keys "$A" | grep -qi "no registered reservation keys"
may "$B" yes
