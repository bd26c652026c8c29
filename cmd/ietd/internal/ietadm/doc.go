// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package ietadm is the command line of IET's administrators: it turns arguments
// into requests to a running ietd, and the answers into IET's output and exit
// codes.
//
//	arguments --parse--> command --table of actions--> admin.Client --> ietd
//	                                      |
//	standard output, standard error, exit code
//
// Operations, objects and parameters are those of ietadm of IET 1.4.20, and so
// are the short options, unique abbreviations of the long ones, and what is
// printed. The object is what the most particular option names: --user, then
// --lun, --cid, --sid, --tid. The exit code is 256 less the errno: 255 for EPERM
// and for arguments that cannot be, 254 ENOENT, 240 EBUSY, 239 EEXIST, 234 EINVAL
// and no --op, 145 when ietd does not run.
//
// Where this ietadm does more:
//
//   - --target NAME stands for --tid everywhere; with --op new it is the name.
//   - --json prints for programs what a show prints, and what it leaves out.
//   - --op show --volume and --session print the texts of /proc/net/iet.
//   - --op reload [--dry-run] and --op dump; an operation can also be given as a
//     word, as in ietadm dump.
//   - --op update --lun looks whether the backing has grown, or changes IOMode or
//     Path (IET: Unsupported).
//   - --op delete --sid without --cid closes the session (IET: EINVAL, nothing
//     done).
//   - --op update of a target prints what holds now, and what for new sessions
//     (IET: nothing); HeaderDigest and DataDigest take lists (IET: could not).
//   - --force deletes a target with its sessions; --permanent is for --redirect.
//   - Numbers that are none, or out of range, are refused (IET: took them for
//     another number); so is a parameter without a value (IET: passed over).
//
// A show of a --lun or a --cid prints nothing, as in IET, but for --json.
//
// The package owns nothing that outlives Main. It does not know how ietd does
// what it is asked, nor what the parameters mean: ietd checks them.
package ietadm
