// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import "testing"

func TestProcTexts(t *testing.T) {
	three := []Target{full, {TID: 2, Name: "iqn.x:b", Made: 2}, {TID: 9, Name: "iqn.x:c", Made: 3, Luns: []Lun{
		{Number: 0, IOType: "blockio", IOMode: "wb", Blocks: 100, BlockSize: 4096, Path: "/dev/sdb"},
	}}}
	for _, row := range []struct {
		sentence        string
		targets         []Target
		volume, session string
	}{
		{"nothing at all", nil, "", ""},
		{"a target with nothing", []Target{{TID: 1, Name: "iqn.x"}}, "tid:1 name:iqn.x\n", "tid:1 name:iqn.x\n"},
		{"targets newest first, LUNs as made, sessions and connections newest first", three,
			"tid:1 name:iqn.x:a\n" +
				"\tlun:16383 state:1 iotype:nullio iomode:wt blocks:18446744073709551615 blocksize:4096\n" +
				"\tlun:0 state:0 iotype:fileio iomode:ro blocks:8 blocksize:512 path:/srv/a\n" +
				"tid:9 name:iqn.x:c\n" +
				"\tlun:0 state:0 iotype:blockio iomode:wb blocks:100 blocksize:4096 path:/dev/sdb\n" +
				"tid:2 name:iqn.x:b\n",
			"tid:1 name:iqn.x:a\n" +
				"\tsid:5 initiator:iqn.x:new\n" +
				"\tsid:18446744073709551615 initiator:iqn.x:old\n" +
				"\t\tcid:1 ip:[2001:0db8:0000:0000:0000:0000:0000:0001] state:closing hd:crc32c dd:none\n" +
				"\t\tcid:0 ip:192.0.2.7 state:active hd:none dd:crc32c\n" +
				"tid:9 name:iqn.x:c\n" +
				"tid:2 name:iqn.x:b\n"},
		{"without ages the highest tid is the newest", []Target{{TID: 1, Name: "a"}, {TID: 2, Name: "b"}},
			"tid:2 name:b\ntid:1 name:a\n", "tid:2 name:b\ntid:1 name:a\n"},
		{"a state is hexadecimal", []Target{{TID: 1, Name: "a", Luns: []Lun{{State: 10, IOType: "nullio", IOMode: "wt", BlockSize: 512}}}},
			"tid:1 name:a\n\tlun:0 state:a iotype:nullio iomode:wt blocks:0 blocksize:512\n", "tid:1 name:a\n"},
	} {
		if got := string(VolumeText(row.targets)); got != row.volume {
			t.Errorf("%s: volume\n%s\nwant\n%s", row.sentence, got, row.volume)
		}
		if got := string(SessionText(row.targets)); got != row.session {
			t.Errorf("%s: session\n%s\nwant\n%s", row.sentence, got, row.session)
		}
	}
	if three[0].TID != 1 || three[2].TID != 9 {
		t.Error("the caller's list was reordered")
	}
}
