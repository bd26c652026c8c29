// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// TestIdentityBytes holds the bytes that WWIDs, multipath tables and udev rules
// are made of. They must never change.
func TestIdentityBytes(t *testing.T) {
	n, _ := newNexus(t, nil)
	tests := []struct{ name, cdb, want string }{
		{"standard INQUIRY data", "12 00 00 00ff", `00 00 06 12 5b 18 00 02
			4945542020202020 5649525455414c2d4449534b20202020 30202020
			00000000000000000000 000000000000000000000000
			00a0 0460 04c0 0960 0000 0000 0000 0000
			00000000000000000000000000000000000000000000`},
		{"VPD 00h lists the pages in order", "12 01 00 00ff", "00 00 000b 00 80 83 85 86 87 88 8f b0 b1 b2"},
		{"VPD 80h, a serial of 32 characters", "12 01 80 00ff", "00 80 0020 " +
			"3037326138393835336338623034373338646564646331383861333739376332"},
		{"VPD 83h, IET's T10 designator with zeros first", "12 01 83 0020", "00 83 007c 01 01 00 18 4945540000000000 072a89853c8b04738deddc188a3797c2"},
		{"VPD 85h, no address", "12 01 85 00ff", "00 85 0000"},
		{"VPD 87h, all pages are shared", "12 01 87 00ff", "00 87 0004 3fff0000"},
		{"VPD 86h", "12 01 86 00ff", "00 86 003c 00 07 01 000000000000 1c" + zeros(50)},
		{"VPD B0h", "12 01 b0 00ff", "00 b0 003c 00ff 0008 00000400" + zeros(24) + "000000000000ffff" + zeros(20)},
		{"VPD B1h", "12 01 b1 00ff", "00 b1 003c 000000 10" + zeros(56)},
		{"VPD B2h", "12 01 b2 00ff", "00 b2 0004 00000000"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if got, want := reply(t, n, tc.cdb), bytesOf(t, tc.want); !bytes.Equal(got, want) {
				t.Errorf("got  % x\nwant % x", got, want)
			}
		})
	}
}

// zeros returns n zero bytes in hexadecimal.
func zeros(n int) string { return string(bytes.Repeat([]byte("00"), n)) }

func TestDefaultIdentity(t *testing.T) {
	// MD5 of the name and 01 00 00 00, as on the little-endian machines that
	// ran IET.
	id := DefaultScsiID("iqn.2001-04.com.example:disk", 1)
	if want := bytesOf(t, "d164670ad98fe240b53541f81c94c355"); !bytes.Equal(id[:], want) {
		t.Errorf("ScsiId % x, want % x", id, want)
	}
	if sn := DefaultScsiSN(id); sn != "d164670ad98fe240b53541f81c94c355" {
		t.Errorf("ScsiSN %q", sn)
	}
}

func TestSerialPadding(t *testing.T) {
	for _, tc := range []struct{ name, sn, want string }{
		{"one character", "1", "               1"},
		{"sixteen characters fill the field", "0123456789abcdef", "0123456789abcdef"},
		{"seventeen characters need the long field", "0123456789abcdefg", "               0123456789abcdefg"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, _ := newNexus(t, func(c *UnitConfig) { c.ScsiSN = tc.sn })
			d := reply(t, n, "12 01 80 00ff")
			if got := string(d[4:]); got != tc.want || int(d[3]) != len(tc.want) {
				t.Errorf("%q of length %d, want %q", got, d[3], tc.want)
			}
		})
	}
}

func TestVPDDetails(t *testing.T) {
	n, _ := newNexus(t, func(c *UnitConfig) {
		c.NonRotating, c.WriteCache, c.ReadOnly, c.PhysicalBlockSize, c.NAA = true, false, true, c.BlockSize, true
	})
	if d := reply(t, n, "12 01 b1 00ff"); d[4] != 0 || d[5] != 1 {
		t.Errorf("rotation rate %02x%02x of a solid state disk", d[4], d[5])
	}
	if d := reply(t, n, "12 01 86 00ff"); d[6] != 0 {
		t.Errorf("V_SUP %02x of a disk that cannot be written", d[6])
	}
	if d := reply(t, n, "12 01 b0 00ff"); d[7] != 1 {
		t.Errorf("transfer granularity %d where physical blocks are logical ones", d[7])
	}
	pages := reply(t, n, "12 01 00 00ff")[4:]
	if !slices.IsSorted(pages) || len(pages) != len(vpdPages) {
		t.Errorf("the list of pages is % x", pages)
	}
	for _, code := range pages {
		cdb := cdbOf(t, "12 01 00 0fff")
		cdb[2] = code
		var p Plan
		if s := n.Plan(&p, lunField(0), cdb); s != Good || p.Reply[1] != code || int(binary.BigEndian.Uint16(p.Reply[2:])) != len(p.Reply)-4 {
			t.Errorf("page %02xh: %v % x", code, s, p.Reply)
		}
	}
}

func TestInquiryRefusals(t *testing.T) {
	n, _ := newNexus(t, nil)
	var p Plan
	for _, tc := range []struct {
		name, cdb string
		want      Sense
	}{
		{"a page code without EVPD", "12 00 01 00ff", InvalidFieldInCDB.AtCDB(2, 7)},
		{"a page that does not exist", "12 01 84 00ff", InvalidFieldInCDB.AtCDB(2, 7)},
		{"CMDDT is obsolete", "12 02 00 00ff", InvalidFieldInCDB.AtCDB(1, 1)},
		{"NACA", "12 00 00 00ff 04", InvalidFieldInCDB.AtCDB(5, 2)},
	} {
		if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.want {
			t.Errorf("%s: %v % x, want %v % x", tc.name, s, s.Specific, tc.want, tc.want.Specific)
		}
	}
}

func TestReadCapacity(t *testing.T) {
	tests := []struct {
		name      string
		change    func(c *UnitConfig)
		cdb, want string
	}{
		{"a small disk, 10 bytes", nil, "25", "000007ff 00000200"},
		{"the largest disk that 10 bytes can say", func(c *UnitConfig) { c.Blocks = 1<<32 - 1 }, "25", "fffffffe 00000200"},
		{"a disk too large for 10 bytes", func(c *UnitConfig) { c.Blocks = 1<<32 + 1 }, "25", "ffffffff 00000200"},
		{"a small disk with physical blocks of 4096, 16 bytes", nil, goodCDB["READ CAPACITY(16)"], "00000000000007ff 00000200 00 03 0000" + zeros(16)},
		{"blocks of 4096", func(c *UnitConfig) { c.BlockSize = 4096 }, goodCDB["READ CAPACITY(16)"], "00000000000007ff 00001000 00 00 0000" + zeros(16)},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n, _ := newNexus(t, tc.change)
			if got, want := reply(t, n, tc.cdb), bytesOf(t, tc.want); !bytes.Equal(got, want) {
				t.Errorf("got  % x\nwant % x", got, want)
			}
		})
	}
}

func TestNewUnitRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *UnitConfig)
	}{
		{"blocks of 520 bytes", func(c *UnitConfig) { c.BlockSize = 520 }},
		{"blocks of no bytes", func(c *UnitConfig) { c.BlockSize = 0 }},
		{"no physical block", func(c *UnitConfig) { c.PhysicalBlockSize = 0 }},
		{"a physical block smaller than a logical one", func(c *UnitConfig) { c.BlockSize, c.PhysicalBlockSize = 4096, 512 }},
		{"three logical blocks in a physical one", func(c *UnitConfig) { c.PhysicalBlockSize = 3 * 512 }},
		{"2^16 logical blocks in a physical one", func(c *UnitConfig) { c.PhysicalBlockSize = 512 << 16 }},
		{"no blocks", func(c *UnitConfig) { c.Blocks = 0 }},
		{"more bytes than an offset can say", func(c *UnitConfig) { c.Blocks = 1 << 54 }},
		{"a transfer smaller than a block", func(c *UnitConfig) { c.MaxTransfer = 511 }},
		{"a negative transfer", func(c *UnitConfig) { c.MaxTransfer = -1 }},
		{"no serial number", func(c *UnitConfig) { c.ScsiSN = "" }},
		{"a serial number of 33 characters", func(c *UnitConfig) { c.ScsiSN = zeros(16) + "0" }},
		{"a serial number with a line feed", func(c *UnitConfig) { c.ScsiSN = "12\n" }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := unitConfig()
			tc.change(&c)
			if _, err := NewUnit(c); err == nil {
				t.Error("was accepted")
			}
		})
	}
}
