#!/bin/bash
# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# The guest has found its target and logged in by mutual CHAP with the strongest
# algorithm; now each one alone, one way and both ways, and secrets that are
# wrong. bash -e ends it at the first failure; it leaves the guest logged in.
node() { iscsiadm -m node -T "$IQN" -p "$PORTAL" "$@"; }
set_to() { node -o update -n "node.session.auth.$1" -v "$2"; } # NAME VALUE
log_in() { node --login > /dev/null; }
log_out() { node --logout > /dev/null; }
refused() { # WHY STATUS: a login must fail with this status of iscsiadm
	local status=0
	log_in 2> /dev/null || status=$?
	if [ $status != "$2" ]; then
		echo "CHAP: with $1 iscsiadm ends with $status, not $2"
		exit 1
	fi
	echo "refused: $1"
}

log_out
for algorithm in MD5 SHA1 SHA256 SHA3-256; do
	set_to chap_algs $algorithm
	log_in
	log_out
	echo "$algorithm, both ways"
done
set_to username_in ""
set_to password_in ""
set_to chap_algs SHA3-256,SHA256,SHA1,MD5
log_in
log_out
echo "one way"

set_to password wrong-secret-1
refused "a wrong secret" 24
set_to password guest-secret
set_to username nobody
refused "an unknown user" 24
set_to authmethod None
refused "no authentication" 24
set_to authmethod CHAP
set_to username other
set_to password other-secret
log_in
log_out
echo "the other account"
set_to username_in disk
set_to password_in wrong-secret-2
refused "a target with a wrong secret" 19 # the initiator refuses
set_to password_in disk-secret-12
log_in
