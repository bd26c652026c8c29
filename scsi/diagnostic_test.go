// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "testing"

func TestSendDiagnostic(t *testing.T) {
	n, u := newNexus(t, nil)
	for _, tc := range []struct {
		name, cdb string
		sense     Sense
		action    Action
		length    int
	}{
		{"the default self-test reads a block", "1d 04 00 0000", Good, ActionVerify, int(u.Config().BlockSize)},
		{"no test", "1d 00 00 0000", Good, ActionReply, 0},
		{"a background self-test", "1d 24 00 0000", InvalidFieldInCDB.AtCDB(1, 5), ActionReply, 0},
		{"a diagnostic page", "1d 10 00 0010", InvalidFieldInCDB.AtCDB(1, 4), ActionReply, 0},
		{"a list without a page", "1d 00 00 0010", InvalidFieldInCDB.AtCDB(4, 4), ActionReply, 0},
		{"a test that may destroy", "1d 06 00 0000", InvalidFieldInCDB.AtCDB(1, 1), ActionReply, 0},
	} {
		var p Plan
		if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.sense || p.Action != tc.action || p.Len != tc.length || p.Compare {
			t.Errorf("%s: %v % x, action %d, %d bytes", tc.name, s, s.Specific, p.Action, p.Len)
		}
	}
}
