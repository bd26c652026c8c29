// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"testing"
)

func TestLogSense(t *testing.T) {
	plain, _ := newNexus(t, nil)
	thin, u := newNexus(t, everything)
	u.Medium().SetSpace(Space{Used: 5<<20 + 1, Available: 1 << 60}, false)
	for _, tc := range []struct {
		name string
		n    *Nexus
		cdb  string
		want Sense
		data string
	}{
		{"the pages of a unit that is not thin", plain, "4d 00 40 00 00 0000 00ff", Good, "00 00 0001 00"},
		{"the pages of a thin unit", thin, "4d 00 40 00 00 0000 00ff", Good, "00 00 0002 00 0c"},
		{"with their subpages", thin, "4d 00 40 ff 00 0000 00ff", Good, "40 ff 0004 0000 0c00"},
		{"what room there is", thin, "4d 00 4c 00 00 0000 00ff", Good, "0c 00 0018 0001 03 08 ffffffff 02000000 0002 03 08 00000005 01000000"},
		{"that of a unit that is not thin", plain, "4d 00 4c 00 00 0000 00ff", InvalidFieldInCDB.AtCDB(2, 5), ""},
		{"a page that is not there", thin, "4d 00 42 00 00 0000 00ff", InvalidFieldInCDB.AtCDB(2, 5), ""},
		{"a subpage that is not there", thin, "4d 00 4c 01 00 0000 00ff", InvalidFieldInCDB.AtCDB(3, 7), ""},
		{"thresholds, which are not kept here", thin, "4d 00 0c 00 00 0000 00ff", InvalidFieldInCDB.AtCDB(2, 7), ""},
		{"from a parameter on", thin, "4d 00 4c 00 00 0002 00ff", InvalidFieldInCDB.AtCDB(6, 1), ""},
		{"SP", thin, "4d 01 4c 00 00 0000 00ff", InvalidFieldInCDB.AtCDB(1, 0), ""},
	} {
		var p Plan
		if s := tc.n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.want || !bytes.Equal(p.Reply, bytesOf(t, tc.data)) {
			t.Errorf("%s: %v % x, % x", tc.name, s, s.Specific, p.Reply)
		}
	}
}

// TestThreshold tells that room has become low once, to every nexus.
func TestThreshold(t *testing.T) {
	n, u := newNexus(t, everything)
	m := u.Medium()
	for i, tc := range []struct {
		low, told bool
	}{{false, false}, {true, true}, {true, false}, {false, false}, {true, true}} {
		if told := m.SetSpace(Space{}, tc.low); told != tc.told {
			t.Errorf("step %d: told is %v", i, told)
		}
		want := "0/00/00"
		if tc.told {
			want = "6/38/07"
		}
		var p Plan
		if s := n.Plan(&p, lunField(0), cdbOf(t, "00")); s.String() != want {
			t.Errorf("step %d: %v, want %s", i, s, want)
		}
	}
}
