// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A SenseKey is the coarse reason of a CHECK CONDITION. See SPC-4, sense key.
type SenseKey uint8

// The sense keys of SPC-4 that this target uses.
const (
	NoSense        SenseKey = 0x0
	NotReady       SenseKey = 0x2
	MediumError    SenseKey = 0x3
	HardwareError  SenseKey = 0x4
	IllegalRequest SenseKey = 0x5
	UnitAttention  SenseKey = 0x6
	DataProtect    SenseKey = 0x7
	CopyAborted    SenseKey = 0xa
	AbortedCmd     SenseKey = 0xb
	MiscompareKey  SenseKey = 0xe
)

// A Sense is what a CHECK CONDITION tells the initiator. It is comparable, so
// tests and switches use ==; Is compares without the details.
type Sense struct {
	Key       SenseKey
	ASC, ASCQ uint8 // additional sense code and its qualifier

	// Specific is the sense-key specific field in wire form: all zero, or
	// SKSV set and a field pointer, which AtCDB and AtParam fill in, or with
	// NOT READY a progress indication, from AtProgress.
	Specific [3]byte

	InfoValid bool   // Info has a meaning
	Info      uint64 // the command's own: an LBA, or a byte offset for MISCOMPARE
}

// Good is the zero Sense: the command succeeded and there is nothing to tell.
var Good Sense

// What a command can be refused or ended with.
var (
	InvalidOpcode         = Sense{Key: IllegalRequest, ASC: 0x20, ASCQ: 0x00}
	LBAOutOfRange         = Sense{Key: IllegalRequest, ASC: 0x21, ASCQ: 0x00}
	InvalidFieldInCDB     = Sense{Key: IllegalRequest, ASC: 0x24, ASCQ: 0x00}
	LUNotSupported        = Sense{Key: IllegalRequest, ASC: 0x25, ASCQ: 0x00}
	InvalidFieldInParams  = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x00}
	InvalidRelease        = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x04} // of a persistent reservation
	RegistrationsFull     = Sense{Key: IllegalRequest, ASC: 0x55, ASCQ: 0x04} // insufficient registration resources
	ParamListLength       = Sense{Key: IllegalRequest, ASC: 0x1a, ASCQ: 0x00}
	SavingNotSupported    = Sense{Key: IllegalRequest, ASC: 0x39, ASCQ: 0x00}
	WriteProtected        = Sense{Key: DataProtect, ASC: 0x27, ASCQ: 0x00}
	SoftwareProtected     = Sense{Key: DataProtect, ASC: 0x27, ASCQ: 0x02}
	SpaceAllocationFailed = Sense{Key: DataProtect, ASC: 0x27, ASCQ: 0x07}
	Miscompare            = Sense{Key: MiscompareKey, ASC: 0x1d, ASCQ: 0x00}
	UnrecoveredReadError  = Sense{Key: MediumError, ASC: 0x11, ASCQ: 0x00}
	WriteError            = Sense{Key: MediumError, ASC: 0x0c, ASCQ: 0x00}
	LUNotReady            = Sense{Key: NotReady, ASC: 0x04, ASCQ: 0x00}
	FormatInProgress      = Sense{Key: NotReady, ASC: 0x04, ASCQ: 0x04}
	SanitizeInProgress    = Sense{Key: NotReady, ASC: 0x04, ASCQ: 0x1b}
	FormatCorrupted       = Sense{Key: MediumError, ASC: 0x31, ASCQ: 0x00}
	FormatFailed          = Sense{Key: MediumError, ASC: 0x31, ASCQ: 0x01}
	SanitizeFailed        = Sense{Key: MediumError, ASC: 0x31, ASCQ: 0x03}
	MediumNotPresent      = Sense{Key: NotReady, ASC: 0x3a, ASCQ: 0x00}
	RemovalPrevented      = Sense{Key: IllegalRequest, ASC: 0x53, ASCQ: 0x02}
	PortTransition        = Sense{Key: NotReady, ASC: 0x04, ASCQ: 0x0a}
	PortStandby           = Sense{Key: NotReady, ASC: 0x04, ASCQ: 0x0b}
	PortUnavailable       = Sense{Key: NotReady, ASC: 0x04, ASCQ: 0x0c}
	InternalTargetFailure = Sense{Key: HardwareError, ASC: 0x44, ASCQ: 0x00}
	AbortedCommand        = Sense{Key: AbortedCmd, ASC: 0x00, ASCQ: 0x00}
	InvalidMessage        = Sense{Key: IllegalRequest, ASC: 0x49, ASCQ: 0x00}
	OverlappedCommands    = Sense{Key: AbortedCmd, ASC: 0x4e, ASCQ: 0x00}
	InsufficientResources = Sense{Key: AbortedCmd, ASC: 0x55, ASCQ: 0x03}
)

// What a third-party copy can be refused or ended with. See SPC-4, EXTENDED COPY.
var (
	CopyInProgress          = Sense{Key: IllegalRequest, ASC: 0x00, ASCQ: 0x16} // the list identifier is in use
	TooManyCSCDs            = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x06}
	UnsupportedCSCD         = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x07}
	TooManySegments         = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x08}
	UnsupportedSegment      = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x09}
	InlineDataExceeded      = Sense{Key: IllegalRequest, ASC: 0x26, ASCQ: 0x0b}
	UnreachableCSCD         = Sense{Key: CopyAborted, ASC: 0x08, ASCQ: 0x04} // a segment names a descriptor that is not there
	CSCDFailure             = Sense{Key: CopyAborted, ASC: 0x0d, ASCQ: 0x01} // THIRD PARTY DEVICE FAILURE
	CSCDNotReachable        = Sense{Key: CopyAborted, ASC: 0x0d, ASCQ: 0x02}
	IncorrectCSCDType       = Sense{Key: CopyAborted, ASC: 0x0d, ASCQ: 0x03}
	UnexpectedInexactLength = Sense{Key: CopyAborted, ASC: 0x26, ASCQ: 0x0a}
)

// What a ROD token can be refused with: INVALID TOKEN OPERATION of SPC-4.
var (
	UnsupportedTokenType = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x01}
	TokenUnknown         = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x04}
	TokenCorrupt         = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x05}
	TokenRevoked         = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x06}
	TokenExpired         = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x07}
	TokenDeleted         = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x09}
	InvalidTokenLength   = Sense{Key: IllegalRequest, ASC: 0x23, ASCQ: 0x0a}
)

// What the transport can end a command with. See RFC 7143, Section 11.4.7.2,
// and SPC-4, ASC and ASCQ assignments.
var (
	UnexpectedUnsolicitedData = Sense{Key: AbortedCmd, ASC: 0x0c, ASCQ: 0x0c}
	NotEnoughUnsolicitedData  = Sense{Key: AbortedCmd, ASC: 0x0c, ASCQ: 0x0d}
	DigestError               = Sense{Key: AbortedCmd, ASC: 0x47, ASCQ: 0x05}
	DataPhaseError            = Sense{Key: AbortedCmd, ASC: 0x4b, ASCQ: 0x00}
	CommandsClearedByEvent    = Sense{Key: AbortedCmd, ASC: 0x47, ASCQ: 0x7f}
	InvalidFieldInCommandIU   = Sense{Key: IllegalRequest, ASC: 0x0e, ASCQ: 0x03}
)

// MaxSenseLen is the most bytes that Append adds: the descriptor format with
// an information and a sense-key specific descriptor.
const MaxSenseLen = 8 + senseInfoLen + senseSpecificLen

// Lengths and bits of sense data. See SPC-4, sense data.
const (
	senseFixedLen    = 18
	senseInfoLen     = 12 // information descriptor
	senseSpecificLen = 8  // sense-key specific descriptor

	senseFixed      = 0x70 // response code: current, fixed format
	senseDescriptor = 0x72 // response code: current, descriptor format
	senseValid      = 0x80 // INFORMATION is valid

	specificSKSV = 0x80 // the sense-key specific field is valid
	specificCD   = 0x40 // the field in error is in the CDB
	specificBPV  = 0x08 // the bit pointer is valid
)

// NoBit says to AtCDB and AtParam that the whole byte is in error.
const NoBit = -1

// AtCDB returns s with a field pointer to the byte of the CDB in error and the
// leftmost bit (7..0) of its field, or NoBit.
func (s Sense) AtCDB(byteOff, bit int) Sense { return s.at(specificSKSV|specificCD, byteOff, bit) }

// AtParam returns s with a field pointer into the parameter data.
func (s Sense) AtParam(byteOff, bit int) Sense { return s.at(specificSKSV, byteOff, bit) }

func (s Sense) at(flags byte, byteOff, bit int) Sense {
	if bit >= 0 {
		flags |= specificBPV | byte(bit)&7
	}
	s.Specific = [3]byte{flags, byte(byteOff >> 8), byte(byteOff)}
	return s
}

// AtProgress returns s with a progress indication, in 65536ths of the whole.
func (s Sense) AtProgress(done uint16) Sense {
	s.Specific = [3]byte{specificSKSV, byte(done >> 8), byte(done)}
	return s
}

// WithInfo returns s with its INFORMATION field set to v.
func (s Sense) WithInfo(v uint64) Sense {
	s.InfoValid, s.Info = true, v
	return s
}

// Is reports whether s and o have the same key, ASC and ASCQ.
func (s Sense) Is(o Sense) bool { return s.Key == o.Key && s.ASC == o.ASC && s.ASCQ == o.ASCQ }

// String returns key, ASC and ASCQ in the short form of the T10 lists: 5/24/00.
func (s Sense) String() string { return fmt.Sprintf("%x/%02x/%02x", uint8(s.Key), s.ASC, s.ASCQ) }

// Append adds s as sense data to dst: 18 bytes of fixed format, or descriptor
// format with the descriptors that s needs. It does not allocate when dst has
// room for MaxSenseLen bytes.
func (s Sense) Append(dst []byte, descriptor bool) []byte {
	if descriptor {
		return s.appendDescriptor(dst)
	}
	d := [senseFixedLen]byte{0: senseFixed, 2: byte(s.Key), 7: senseFixedLen - 8, 12: s.ASC, 13: s.ASCQ}
	// An INFORMATION that does not fit in four bytes is left out, as SPC-4
	// wants it for the fixed format.
	if s.InfoValid && s.Info <= math.MaxUint32 {
		d[0] |= senseValid
		binary.BigEndian.PutUint32(d[3:], uint32(s.Info))
	}
	copy(d[15:], s.Specific[:])
	return append(dst, d[:]...)
}

func (s Sense) appendDescriptor(dst []byte) []byte {
	extra := 0
	if s.InfoValid {
		extra += senseInfoLen
	}
	if s.Specific[0]&specificSKSV != 0 {
		extra += senseSpecificLen
	}
	dst = append(dst, senseDescriptor, byte(s.Key), s.ASC, s.ASCQ, 0, 0, 0, byte(extra))
	if s.InfoValid {
		dst = append(dst, 0x00, senseInfoLen-2, senseValid, 0)
		dst = binary.BigEndian.AppendUint64(dst, s.Info)
	}
	if s.Specific[0]&specificSKSV != 0 {
		dst = append(dst, 0x02, senseSpecificLen-2, 0, 0, s.Specific[0], s.Specific[1], s.Specific[2], 0)
	}
	return dst
}
