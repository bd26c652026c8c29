// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "testing"

// TestVMFSFlow is what ESXi sends to format a disk with VMFS and to lock it: it looks
// for the primitives of VAAI in the VPD pages, zeroes by WRITE SAME, gives blocks
// back by UNMAP, locks by ATS, which is COMPARE AND WRITE of one block, and by
// RESERVE(6) where a host does not have that. What a step plans is looked at; that
// it does so is for package ring.
func TestVMFSFlow(t *testing.T) {
	tg := NewTarget("iqn.2001-04.com.example:disk")
	u := newUnit(t, everything)
	if err := tg.Add(0, u); err != nil {
		t.Fatal(err)
	}
	hosts := []*Nexus{
		tg.Attach("iqn.1998-01.com.vmware:esx1", ISID{1}, 1),
		tg.Attach("iqn.1998-01.com.vmware:esx2", ISID{2}, 1),
	}
	unmap := bytesOf(t, "0016 0010 00000000 0000000000000100 00000100 00000000")
	var p Plan
	for _, step := range []struct {
		what string
		by   int
		cdb  string
		out  []byte
		want answer
		then Action
	}{
		{what: "it finds the disk new", cdb: "00", want: refused(Sense{Key: UnitAttention, ASC: 0x29, ASCQ: 0x00})},
		{what: "INQUIRY", cdb: "12 00 00 00ff"},
		{what: "names of the disk", cdb: "12 01 83 00ff"},
		{what: "limits of ATS, UNMAP and WRITE SAME", cdb: "12 01 b0 00ff"},
		{what: "what UNMAP does", cdb: "12 01 b2 00ff"},
		{what: "capacity", cdb: "9e 10 0000000000000000 00000020"},
		{what: "it zeroes the head of the partition", cdb: "93 00 0000000000000000 00000400", then: ActionWriteSame},
		{what: "it gives blocks back", cdb: "42 00 00000000 00 0018", out: unmap, then: ActionUnmap},
		{what: "it writes the heartbeat region", cdb: "2a 00 00000010 00 0010", then: ActionWrite},
		{what: "it takes a lock by ATS", cdb: "89 00 0000000000000010 000000 01", then: ActionCompareAndWrite},
		{what: "another host sees the disk", by: 1, cdb: "00", want: refused(Sense{Key: UnitAttention, ASC: 0x29, ASCQ: 0x00})},
		{what: "and tries the same lock", by: 1, cdb: "89 00 0000000000000010 000000 01", then: ActionCompareAndWrite},
		{what: "a host without ATS reserves", cdb: "16"},
		{what: "the other cannot lock meanwhile", by: 1, cdb: "89 00 0000000000000010 000000 01", want: conflict},
		{what: "nor reserve", by: 1, cdb: "16", want: conflict},
		{what: "who reserved writes", cdb: "2a 00 00000010 00 0001", then: ActionWrite},
		{what: "and releases", cdb: "17"},
		{what: "now the other locks", by: 1, cdb: "89 00 0000000000000010 000000 01", then: ActionCompareAndWrite},
	} {
		got := do(t, hosts[step.by], &p, cdbOf(t, step.cdb), step.out)
		if got != step.want {
			t.Errorf("%s: %v %v, want %v %v", step.what, got.status, got.sense, step.want.status, step.want.sense)
		}
		if step.then != 0 && step.want == (answer{}) && p.Action != step.then {
			t.Errorf("%s: action %d, want %d", step.what, p.Action, step.then)
		}
	}
}
