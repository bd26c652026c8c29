#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# libiscsi's iscsi-test-cu from inside the guest, on LUN 0 of whatever it has
# logged in to: a way to see what LIO does where ours does something else.
#   go run ./.ci/guest -lio rd_mcp -size 128 -script .ci/guest/conformance.sh
# The kernel's initiator leaves first: the tests want the LUN for themselves.
# What fails is to be seen in what it prints, and is not this script's failure.
iscsiadm -m node --logout > /dev/null
iscsi-test-cu --dataloss --allow-sanitize --normal "iscsi://$PORTAL/$IQN/0" 2>&1 || echo "iscsi-test-cu ends with $?"
