// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package discovery tells initiators which targets there are: SendTargets of RFC
// 7143, Section 13.3 and Appendix C.
//
//	Directory.Answer   a text request's keys -> the keys of the answer; serves
//	                   discovery sessions and normal sessions alike
//	Serve              a discovery session's full feature phase: Text, NOP-Out,
//	                   Logout; everything else is rejected
//
// Which targets an initiator hears of, and which of their addresses, is up to the
// admissions of package target.
//
// A discovery session stays on the goroutine that logged it in, one PDU at a
// time: its command window is one. What a peer can make us keep is bounded in
// serve.go; a session that is silent for too long is closed. The package must
// not know loops, SCSI or how login goes.
package discovery
