// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of Data-Out, Data-In and R2T. See RFC 7143, Sections 11.7 and 11.8.
const (
	dataOffStatus   = 3
	dataOffTTT      = 20
	dataOffDataSN   = 36
	dataOffOffset   = 40
	dataOffResidual = 44

	dataInStatus  = 0x01
	r2tOffDesired = 44
)

// A DataOut is a BHS known to carry SCSI Data-Out.
type DataOut BHS

// DataOut views h as SCSI Data-Out.
func (h *BHS) DataOut() *DataOut {
	h.mustBe(OpDataOut)
	return (*DataOut)(h)
}

// TTT returns the Target Transfer Tag of the R2T that is answered, or [NoTag]
// for unsolicited data.
func (d *DataOut) TTT() uint32 { return binary.BigEndian.Uint32(d[dataOffTTT:]) }

// SetTTT sets the Target Transfer Tag.
func (d *DataOut) SetTTT(tag uint32) { binary.BigEndian.PutUint32(d[dataOffTTT:], tag) }

// DataSN returns the number of the PDU within its sequence, from 0.
func (d *DataOut) DataSN() uint32 { return binary.BigEndian.Uint32(d[dataOffDataSN:]) }

// SetDataSN sets the number of the PDU within its sequence.
func (d *DataOut) SetDataSN(n uint32) { binary.BigEndian.PutUint32(d[dataOffDataSN:], n) }

// BufferOffset returns where in the command's data the segment belongs, in bytes.
func (d *DataOut) BufferOffset() uint32 { return binary.BigEndian.Uint32(d[dataOffOffset:]) }

// SetBufferOffset sets where in the command's data the segment belongs.
func (d *DataOut) SetBufferOffset(n uint32) { binary.BigEndian.PutUint32(d[dataOffOffset:], n) }

// A DataIn is a BHS known to carry SCSI Data-In.
type DataIn BHS

// DataIn views h as SCSI Data-In.
func (h *BHS) DataIn() *DataIn {
	h.mustBe(OpDataIn)
	return (*DataIn)(h)
}

// HasStatus reports whether the S bit says that the PDU ends the command.
func (d *DataIn) HasStatus() bool { return d[bhsOffFlags]&dataInStatus != 0 }

// SetStatus sets the S bit and the SAM status byte.
func (d *DataIn) SetStatus(s uint8) {
	d[bhsOffFlags] |= dataInStatus
	d[dataOffStatus] = s
}

// Status returns the SAM status byte; it means something only with the S bit.
func (d *DataIn) Status() uint8 { return d[dataOffStatus] }

// TTT returns the Target Transfer Tag.
func (d *DataIn) TTT() uint32 { return binary.BigEndian.Uint32(d[dataOffTTT:]) }

// SetTTT sets the Target Transfer Tag: [NoTag] unless an acknowledgement is
// asked for.
func (d *DataIn) SetTTT(tag uint32) { binary.BigEndian.PutUint32(d[dataOffTTT:], tag) }

// DataSN returns the number of the PDU within the command, from 0.
func (d *DataIn) DataSN() uint32 { return binary.BigEndian.Uint32(d[dataOffDataSN:]) }

// SetDataSN sets the number of the PDU within the command.
func (d *DataIn) SetDataSN(n uint32) { binary.BigEndian.PutUint32(d[dataOffDataSN:], n) }

// BufferOffset returns where in the command's data the segment belongs, in bytes.
func (d *DataIn) BufferOffset() uint32 { return binary.BigEndian.Uint32(d[dataOffOffset:]) }

// SetBufferOffset sets where in the command's data the segment belongs.
func (d *DataIn) SetBufferOffset(n uint32) { binary.BigEndian.PutUint32(d[dataOffOffset:], n) }

// Residual returns the residual count; it means something only with the S bit.
func (d *DataIn) Residual() Residual { return residual(d[bhsOffFlags], d[dataOffResidual:]) }

// SetResidual sets the residual count and the U or O bit.
func (d *DataIn) SetResidual(v Residual) {
	d[bhsOffFlags] = d[bhsOffFlags]&^(residualOverflow|residualUnderflow) | v.bits()
	binary.BigEndian.PutUint32(d[dataOffResidual:], v.count())
}

// An R2T is a BHS known to carry Ready To Transfer.
type R2T BHS

// R2T views h as Ready To Transfer.
func (h *BHS) R2T() *R2T {
	h.mustBe(OpR2T)
	return (*R2T)(h)
}

// TTT returns the Target Transfer Tag that the Data-Out PDUs must bear.
func (r *R2T) TTT() uint32 { return binary.BigEndian.Uint32(r[dataOffTTT:]) }

// SetTTT sets the Target Transfer Tag.
func (r *R2T) SetTTT(tag uint32) { binary.BigEndian.PutUint32(r[dataOffTTT:], tag) }

// R2TSN returns the number of the R2T within the command, from 0.
func (r *R2T) R2TSN() uint32 { return binary.BigEndian.Uint32(r[dataOffDataSN:]) }

// SetR2TSN sets the number of the R2T within the command.
func (r *R2T) SetR2TSN(n uint32) { binary.BigEndian.PutUint32(r[dataOffDataSN:], n) }

// BufferOffset returns where in the command's data the burst begins, in bytes.
func (r *R2T) BufferOffset() uint32 { return binary.BigEndian.Uint32(r[dataOffOffset:]) }

// SetBufferOffset sets where in the command's data the burst begins.
func (r *R2T) SetBufferOffset(n uint32) { binary.BigEndian.PutUint32(r[dataOffOffset:], n) }

// DesiredLen returns the Desired Data Transfer Length of the burst in bytes.
func (r *R2T) DesiredLen() uint32 { return binary.BigEndian.Uint32(r[r2tOffDesired:]) }

// SetDesiredLen sets the Desired Data Transfer Length in bytes, never 0.
func (r *R2T) SetDesiredLen(n uint32) { binary.BigEndian.PutUint32(r[r2tOffDesired:], n) }
