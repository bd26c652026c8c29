// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"encoding/binary"
	"fmt"
)

// SAM status codes.
const (
	StatusGood                = 0x00
	StatusCheckCondition      = 0x02
	StatusConditionMet        = 0x04
	StatusBusy                = 0x08
	StatusReservationConflict = 0x18
	StatusTaskSetFull         = 0x28
	StatusTaskAborted         = 0x40
)

// Operation codes that the constructors below use (SPC, SBC).
const (
	opTestUnitReady   = 0x00
	opInquiry         = 0x12
	opRead10          = 0x28
	opWrite10         = 0x2a
	opSyncCache10     = 0x35
	opRead16          = 0x88
	opWrite16         = 0x8a
	opServiceIn16     = 0x9e
	opReportLUNs      = 0xa0
	saReadCapacity16  = 0x10
	cdbFUA            = 0x08
	readCapacity16Len = 32

	senseFixed      = 0x70
	senseDescriptor = 0x72
)

// A CDB is a command descriptor block, padded with zeros.
type CDB [16]byte

// TestUnitReady returns TEST UNIT READY.
func TestUnitReady() CDB { return CDB{opTestUnitReady} }

// Inquiry returns INQUIRY of standard data with an allocation length in bytes.
func Inquiry(allocLen uint16) CDB {
	c := CDB{opInquiry}
	binary.BigEndian.PutUint16(c[3:], allocLen)
	return c
}

// Range is a run of logical blocks.
type Range struct {
	LBA    uint64
	Blocks uint32
}

// Read10 returns READ (10). The LBA must be below 2^32 and the number of blocks
// below 2^16.
func Read10(r Range) CDB { return cdb10(opRead10, r) }

// Write10 returns WRITE (10), with FUA when fua is set.
func Write10(r Range, fua bool) CDB { return withFUA(cdb10(opWrite10, r), fua) }

// Read16 returns READ (16).
func Read16(r Range) CDB { return cdb16(opRead16, r) }

// Write16 returns WRITE (16), with FUA when fua is set.
func Write16(r Range, fua bool) CDB { return withFUA(cdb16(opWrite16, r), fua) }

// SynchronizeCache10 returns SYNCHRONIZE CACHE (10) of the whole unit.
func SynchronizeCache10() CDB { return CDB{opSyncCache10} }

// ReportLUNs returns REPORT LUNS with an allocation length in bytes.
func ReportLUNs(allocLen uint32) CDB {
	c := CDB{opReportLUNs}
	binary.BigEndian.PutUint32(c[6:], allocLen)
	return c
}

func readCapacity16() CDB {
	c := CDB{opServiceIn16, saReadCapacity16}
	binary.BigEndian.PutUint32(c[10:], readCapacity16Len)
	return c
}

func cdb10(op byte, r Range) CDB {
	c := CDB{op}
	binary.BigEndian.PutUint32(c[2:], uint32(r.LBA))
	binary.BigEndian.PutUint16(c[7:], uint16(r.Blocks))
	return c
}

func cdb16(op byte, r Range) CDB {
	c := CDB{op}
	binary.BigEndian.PutUint64(c[2:], r.LBA)
	binary.BigEndian.PutUint32(c[10:], r.Blocks)
	return c
}

func withFUA(c CDB, fua bool) CDB {
	if fua {
		c[1] |= cdbFUA
	}
	return c
}

// LUN returns the eight bytes of a logical unit number: peripheral device
// addressing below 256, flat space addressing from there to 16383 (SAM).
func LUN(n int) [8]byte {
	if n < 256 {
		return [8]byte{0, byte(n)}
	}
	return [8]byte{0x40 | byte(n>>8), byte(n)}
}

// A Sense is what a CHECK CONDITION tells: sense key and additional sense code.
type Sense struct{ Key, ASC, ASCQ uint8 }

// String returns key/ASC/ASCQ in hexadecimal, as T10 writes them.
func (s Sense) String() string { return fmt.Sprintf("sense %x/%02x/%02x", s.Key, s.ASC, s.ASCQ) }

// DecodeSense reads fixed or descriptor format sense data (SPC, sense data); ok
// is false when it is neither.
func DecodeSense(b []byte) (s Sense, ok bool) {
	if len(b) == 0 {
		return Sense{}, false
	}
	switch b[0] & 0x7e {
	case senseFixed:
		if len(b) >= 14 {
			return Sense{b[2] & 0x0f, b[12], b[13]}, true
		}
	case senseDescriptor:
		if len(b) >= 4 {
			return Sense{b[1] & 0x0f, b[2], b[3]}, true
		}
	}
	return Sense{}, false
}
