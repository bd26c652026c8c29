#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# One measurement by fio on the lowest LUN that is a disk; $FIO_* say which.
# fio's own report goes to /out/fio.json.
disks=("${!DISK@}")
fio --output-format=json --output=/out/fio.json --thread --ioengine=libaio --direct=1 \
	--unified_rw_reporting=mixed --group_reporting --randrepeat=1 --norandommap --random_generator=tausworthe64 \
	--time_based --ramp_time=1 --runtime="$FIO_SECONDS" --numjobs="$FIO_JOBS" \
	--filename="${!disks[0]}" --rw="$FIO_RW" --bs="$FIO_BS" --iodepth="$FIO_DEPTH" --name=measure
