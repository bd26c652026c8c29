// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of a SCSI Command. See RFC 7143, Section 11.3.
const (
	cmdOffEDTL = 20
	cmdOffCDB  = 32

	cmdRead     = 0x40
	cmdWrite    = 0x20
	cmdAttrMask = 0x07
)

// A TaskAttr is the task attribute of a SCSI Command (RFC 7143, Section 11.3.1).
type TaskAttr uint8

// Task attributes.
const (
	AttrUntagged TaskAttr = iota
	AttrSimple
	AttrOrdered
	AttrHeadOfQueue
	AttrACA
)

// A SCSICommand is a BHS known to carry a SCSI Command.
type SCSICommand BHS

// SCSICommand views h as a SCSI Command.
func (h *BHS) SCSICommand() *SCSICommand {
	h.mustBe(OpSCSICommand)
	return (*SCSICommand)(h)
}

// Read reports whether the R bit says that the command expects input data.
func (c *SCSICommand) Read() bool { return c[bhsOffFlags]&cmdRead != 0 }

// Write reports whether the W bit says that the command brings output data.
func (c *SCSICommand) Write() bool { return c[bhsOffFlags]&cmdWrite != 0 }

// SetDirection sets the R and W bits.
func (c *SCSICommand) SetDirection(read, write bool) {
	c[bhsOffFlags] &^= cmdRead | cmdWrite
	if read {
		c[bhsOffFlags] |= cmdRead
	}
	if write {
		c[bhsOffFlags] |= cmdWrite
	}
}

// Attr returns the task attribute.
func (c *SCSICommand) Attr() TaskAttr { return TaskAttr(c[bhsOffFlags] & cmdAttrMask) }

// SetAttr sets the task attribute.
func (c *SCSICommand) SetAttr(a TaskAttr) {
	c[bhsOffFlags] = c[bhsOffFlags]&^cmdAttrMask | byte(a)&cmdAttrMask
}

// EDTL returns the Expected Data Transfer Length in bytes.
func (c *SCSICommand) EDTL() uint32 { return binary.BigEndian.Uint32(c[cmdOffEDTL:]) }

// SetEDTL sets the Expected Data Transfer Length in bytes.
func (c *SCSICommand) SetEDTL(n uint32) { binary.BigEndian.PutUint32(c[cmdOffEDTL:], n) }

// CDB returns the 16 CDB bytes, a view of the header.
func (c *SCSICommand) CDB() *[16]byte { return (*[16]byte)(c[cmdOffCDB:]) }

// Offsets of a SCSI Response. See RFC 7143, Section 11.4.
const (
	rspOffResponse     = 2
	rspOffStatus       = 3
	rspOffExpDataSN    = 36
	rspOffBidiResidual = 40
	rspOffResidual     = 44

	residualOverflow  = 0x04
	residualUnderflow = 0x02
)

// Response codes of a SCSI Response (RFC 7143, Section 11.4.3).
const (
	ResponseCompleted     = 0x00
	ResponseTargetFailure = 0x01
)

// A SCSIResponse is a BHS known to carry a SCSI Response.
type SCSIResponse BHS

// SCSIResponse views h as a SCSI Response.
func (h *BHS) SCSIResponse() *SCSIResponse {
	h.mustBe(OpSCSIResponse)
	return (*SCSIResponse)(h)
}

// Response returns the iSCSI service response.
func (r *SCSIResponse) Response() uint8 { return r[rspOffResponse] }

// SetResponse sets the iSCSI service response.
func (r *SCSIResponse) SetResponse(v uint8) { r[rspOffResponse] = v }

// Status returns the SAM status byte.
func (r *SCSIResponse) Status() uint8 { return r[rspOffStatus] }

// SetStatus sets the SAM status byte.
func (r *SCSIResponse) SetStatus(s uint8) { r[rspOffStatus] = s }

// ExpDataSN returns how many R2T and Data-In PDUs the target sent for the task.
func (r *SCSIResponse) ExpDataSN() uint32 { return binary.BigEndian.Uint32(r[rspOffExpDataSN:]) }

// SetExpDataSN sets how many R2T and Data-In PDUs were sent for the task.
func (r *SCSIResponse) SetExpDataSN(n uint32) { binary.BigEndian.PutUint32(r[rspOffExpDataSN:], n) }

// Residual returns the residual count, see [Residual].
func (r *SCSIResponse) Residual() Residual {
	return residual(r[bhsOffFlags], r[rspOffResidual:])
}

// SetResidual sets the residual count and the U or O bit.
func (r *SCSIResponse) SetResidual(v Residual) {
	r[bhsOffFlags] = r[bhsOffFlags]&^(residualOverflow|residualUnderflow) | v.bits()
	binary.BigEndian.PutUint32(r[rspOffResidual:], v.count())
}

// A Residual is the number of bytes that were not transferred: negative when
// fewer than expected were there (underflow, U), positive when there were more
// (overflow, O). See RFC 7143, Section 11.4.5.
type Residual int64

func (v Residual) bits() byte {
	switch {
	case v > 0:
		return residualOverflow
	case v < 0:
		return residualUnderflow
	}
	return 0
}

func (v Residual) count() uint32 {
	if v < 0 {
		return uint32(-v)
	}
	return uint32(v)
}

func residual(flags byte, count []byte) Residual {
	n := Residual(binary.BigEndian.Uint32(count))
	switch {
	case flags&residualOverflow != 0:
		return n
	case flags&residualUnderflow != 0:
		return -n
	}
	return 0
}
