// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Fields of the parameter data of the RECEIVE COPY commands. See SPC-4.
const (
	copyStatusLen     = 12
	copyParametersLen = 44
	copyFailureLen    = 60

	copyInProgress = 0x00
	copyDone       = 0x01
	copyFailed     = 0x02
)

// copyDescriptors are the descriptor type codes that EXTENDED COPY takes, sorted.
var copyDescriptors = [...]byte{segmentBlocks, segmentOffset, cscdIdentification}

// copyOf returns the record of the copy whose list identifier is in cdb.
func (n *Nexus) copyOf(cdb *[16]byte) (*copyRecord, Sense) {
	if r := n.copies.find(uint32(cdb[2])); r != nil {
		return r, Good
	}
	return nil, InvalidFieldInCDB.AtCDB(2, 7)
}

// cutCopy sets AVAILABLE DATA and cuts the reply to the allocation length.
func (p *Plan) cutCopy(cdb *[16]byte) Sense {
	binary.BigEndian.PutUint32(p.Reply, uint32(len(p.Reply)-4))
	return p.cut(binary.BigEndian.Uint32(cdb[10:]))
}

// planCopyStatus is RECEIVE COPY STATUS(LID1) of SPC-4. What it tells is kept on.
func planCopyStatus(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	r, s := n.copyOf(cdb)
	if s != Good {
		return s
	}
	var d [copyStatusLen]byte
	switch ended, status, _ := r.result(); {
	case !ended:
		d[4] = copyInProgress
	case status == StatusGood:
		d[4] = copyDone
	default:
		d[4] = copyFailed
	}
	binary.BigEndian.PutUint16(d[5:], uint16(r.pieces.Load()))
	d[7], d[8], d[9], d[10], d[11] = transferCount(uint64(r.moved.Load()))
	p.Reply = append(p.Reply, d[:]...)
	return p.cutCopy(cdb)
}

// transferCount returns n bytes as TRANSFER COUNT UNITS, where each is 1024 times
// the one before, and TRANSFER COUNT of four bytes.
func transferCount(n uint64) (unit, b0, b1, b2, b3 byte) {
	for n > math.MaxUint32 {
		unit, n = unit+1, n>>10
	}
	return unit, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)
}

// planCopyData is RECEIVE COPY DATA(LID1) of SPC-4: no segment holds any data.
func planCopyData(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	if _, s := n.copyOf(cdb); s != Good {
		return s
	}
	p.Reply = append(p.Reply, 0, 0, 0, 0)
	return p.cutCopy(cdb)
}

// planCopyFailure is RECEIVE COPY FAILURE DETAILS(LID1) of SPC-4. There is nothing
// to tell of a copy that did not fail.
func planCopyFailure(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	r, s := n.copyOf(cdb)
	if s != Good {
		return s
	}
	ended, status, sense := r.result()
	if !ended || status == StatusGood {
		p.Reply = append(p.Reply, 0, 0, 0, 0)
		return p.cutCopy(cdb)
	}
	d := [copyFailureLen]byte{56: byte(status)}
	p.Reply = append(p.Reply, d[:]...)
	if status == StatusCheckCondition {
		p.Reply = sense.Append(p.Reply, p.Descriptor)
		binary.BigEndian.PutUint16(p.Reply[58:], uint16(len(p.Reply)-copyFailureLen))
	}
	return p.cutCopy(cdb)
}

// planCopyParameters is RECEIVE COPY OPERATING PARAMETERS of SPC-4.
func planCopyParameters(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	d := [copyParametersLen]byte{
		4:  0x01, // SNLID: a copy without a list identifier is fine
		36: maxConcurrentCopies,
		37: byte(bits.TrailingZeros32(p.state.BlockSize)), // DATA SEGMENT GRANULARITY
		43: byte(len(copyDescriptors)),
	}
	binary.BigEndian.PutUint16(d[8:], maxCSCDs)
	binary.BigEndian.PutUint16(d[10:], maxSegments)
	binary.BigEndian.PutUint32(d[12:], maxCopyListLen)
	binary.BigEndian.PutUint32(d[16:], maxCopyLen)
	binary.BigEndian.PutUint16(d[34:], maxConcurrentCopies)
	p.Reply = append(append(p.Reply, d[:]...), copyDescriptors[:]...)
	return p.cutCopy(cdb)
}
