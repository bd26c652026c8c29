// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Fields of the parameter data of RECEIVE ROD TOKEN INFORMATION. See SPC-4.
const (
	tokenInfoLen = 32 // what stands before the sense data

	operationDone       = 0x01 // COPY OPERATION STATUS
	operationFailed     = 0x02
	operationForeground = 0x11
	operationBackground = 0x12
	operationTerminated = 0x60

	delayNext = 500        // milliseconds after which to ask again
	delayNone = 0xfffffffe // it has ended

	transferBlocks = 0xf1 // TRANSFER COUNT UNITS: logical blocks
)

// planTokenInformation is RECEIVE ROD TOKEN INFORMATION of SPC-4. What it tells is
// kept on. A POPULATE TOKEN has one token when it has ended well.
func planTokenInformation(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	r := n.copies.find(binary.BigEndian.Uint32(cdb[2:]))
	if r == nil || r.action == 0 {
		return InvalidFieldInCDB.AtCDB(2, 7)
	}
	d := [tokenInfoLen]byte{4: r.action, 15: transferBlocks}
	ended, status, sense := r.result()
	delay := uint32(delayNone)
	switch {
	case !ended:
		d[5], delay = operationForeground, delayNext
		if r.background {
			d[5] = operationBackground
		}
	case status == StatusGood:
		d[5] = operationDone
	case status == StatusTaskAborted:
		d[5] = operationTerminated
	default:
		d[5] = operationFailed
	}
	binary.BigEndian.PutUint32(d[8:], delay)
	if ended {
		d[12] = byte(status)
	}
	binary.BigEndian.PutUint64(d[16:], uint64(r.moved.Load())/uint64(r.blockSize))
	start := len(p.Reply)
	p.Reply = append(p.Reply, d[:]...)
	if ended && status == StatusCheckCondition {
		p.Reply = sense.Append(p.Reply, p.Descriptor)
		length := byte(len(p.Reply) - start - tokenInfoLen)
		p.Reply[start+13], p.Reply[start+14] = length, length
	}
	if r.action == actionPopulateToken && ended && status == StatusGood {
		p.Reply = binary.BigEndian.AppendUint32(p.Reply, 2+tokenLen)
		p.Reply = append(p.Reply, 0, 0) // no CSCD descriptor is meant
		p.Reply = append(p.Reply, r.token.text[:]...)
	} else {
		p.Reply = append(p.Reply, 0, 0, 0, 0)
	}
	return p.cutCopy(cdb)
}
