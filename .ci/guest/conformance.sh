#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# libiscsi's iscsi-test-cu from inside the guest, on LUN 0 of whatever it has
# logged in to: a way to see what LIO does where ours does something else.
#   go run ./.ci/guest -lio rd_mcp -size 128 -script .ci/guest/conformance.sh
# The kernel's initiator leaves first: the tests want the LUN for themselves.
# What a test says is the result, and is not this script's failure; a suite
# that hangs is given up, as those do in which LIO is reset.
iscsiadm -m node --logout > /dev/null
suites=$(iscsi-test-cu --list)
for suite in $suites; do
	[[ $suite =~ ^(ALL|iSCSI)\.[A-Za-z0-9]+$ ]] || continue
	echo "== $suite"
	timeout 30 iscsi-test-cu --dataloss --allow-sanitize --test="$suite" \
		"iscsi://$PORTAL/$IQN/0" 2>&1 || echo "== $suite ends with status $?"
done
