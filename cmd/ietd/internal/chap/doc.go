// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package chap is the target's side of CHAP (RFC 1994) as iSCSI has it: RFC 7143,
// Section 12.1.3, with its rules for secrets and challenges in Section 9.2.1.
//
//	initiator                            Exchange
//	CHAP_A=8,7,6,5                   -->             an offer, in any order
//	                                 <--  CHAP_A CHAP_I CHAP_C   our strongest
//	CHAP_N CHAP_R [CHAP_I CHAP_C]    -->             who it is [and who are you?]
//	                                 <--  [CHAP_N CHAP_R]        mutual CHAP
//
// An Exchange belongs to one login, whose goroutine owns it. An unknown name and
// a wrong secret look alike to the initiator, in the answer and in the time that
// it takes. Secrets go into hashes and nowhere else: no error holds one. The
// package must not know sockets, login stages or where accounts come from.
package chap
