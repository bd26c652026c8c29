// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
)

// Bits of byte 1 of SANITIZE, and its service actions. ZNR is for zoned disks and
// refused as a reserved bit. See SBC-4.
const (
	sanitizeIMMED = 0x80
	sanitizeAUSE  = 0x20

	sanitizeOverwrite   = 0x01
	sanitizeBlockErase  = 0x02
	sanitizeCryptoErase = 0x03
	sanitizeExitFailure = 0x1f
)

// Fields of the parameter list of OVERWRITE. See SBC-4.
const (
	overwriteHeaderLen = 4
	overwriteINVERT    = 0x80 // byte 0
	overwriteTEST      = 0x60 // byte 0: vendor specific tests, of which there are none
	overwriteCOUNT     = 0x1f // byte 0
)

// sanitizeRows are the service actions of SANITIZE.
//
// What they promise is what can be done through a file or a device: OVERWRITE
// writes every block, in place where the file system does that. BLOCK ERASE gives
// every block back. CRYPTO ERASE would change a key, and there is none: it writes
// zeros over every block and then gives them back, so that it is never less.
func sanitizeRows() map[byte]*command {
	row := func(name string, action, bits byte, dir Direction, has func(*unitState) bool, plan func(*Nexus, *Plan, *[16]byte) Sense) *command {
		return &command{name: "SANITIZE " + name, dir: dir, access: accessConflict, writes: true, erases: true, has: has, plan: plan,
			collect: collectOverwrite, usage: []byte{0x48, bits | action, 0, 0, 0, 0, 0, 0xff, 0xff, 0}}
	}
	const begins = sanitizeIMMED | sanitizeAUSE
	return map[byte]*command{
		sanitizeOverwrite:   row("OVERWRITE", sanitizeOverwrite, begins, ToTarget, nil, planOverwrite),
		sanitizeBlockErase:  row("BLOCK ERASE", sanitizeBlockErase, begins, NoData, canBlockErase, planErase),
		sanitizeCryptoErase: row("CRYPTO ERASE", sanitizeCryptoErase, begins, NoData, nil, planErase),
		sanitizeExitFailure: row("EXIT FAILURE MODE", sanitizeExitFailure, 0, NoData, nil, planExitFailure),
	}
}

// canBlockErase reports whether all blocks of u can be given back, and be seen to
// have been.
func canBlockErase(u *unitState) bool { return u.Thin && u.KnowsUnmapped }

// sanitizeListLen returns the PARAMETER LIST LENGTH.
func sanitizeListLen(cdb *[16]byte) int { return int(binary.BigEndian.Uint16(cdb[7:])) }

// planOverwrite is OVERWRITE: the pattern has at least one byte, at most a block.
func planOverwrite(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	n := sanitizeListLen(cdb)
	if n <= overwriteHeaderLen || n > overwriteHeaderLen+int(p.state.BlockSize) {
		return InvalidFieldInCDB.AtCDB(7, 7)
	}
	p.Immediate = cdb[1]&sanitizeIMMED != 0
	return p.collectParams(cdb, n)
}

// collectOverwrite takes the parameter list of OVERWRITE. A pattern that is
// shorter than a block is repeated.
func collectOverwrite(_ *Nexus, p *Plan, data []byte) Sense {
	if len(data) < p.OutLen {
		return ParamListLength
	}
	pattern := data[overwriteHeaderLen:]
	passes, length := int(data[0]&overwriteCOUNT), int(binary.BigEndian.Uint16(data[2:]))
	switch {
	case data[0]&overwriteTEST != 0:
		return InvalidFieldInParams.AtParam(0, 6)
	case passes == 0:
		return InvalidFieldInParams.AtParam(0, 4)
	case data[1] != 0:
		return InvalidFieldInParams.AtParam(1, topBit(data[1]))
	case length == 0 || length > int(p.state.BlockSize):
		return InvalidFieldInParams.AtParam(2, 7)
	case length > len(pattern):
		return ParamListLength
	}
	block := bytes.Repeat(pattern[:length], (int(p.state.BlockSize)+length-1)/length)[:p.state.BlockSize]
	p.Action = ActionErase
	p.Erasure = &Erasure{Pattern: block, Passes: passes, Invert: data[0]&overwriteINVERT != 0, AUSE: p.cdb[1]&sanitizeAUSE != 0}
	return Good
}

// planErase is BLOCK ERASE and CRYPTO ERASE.
func planErase(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	if sanitizeListLen(cdb) != 0 {
		return InvalidFieldInCDB.AtCDB(7, 7)
	}
	p.Action = ActionErase
	p.Immediate = cdb[1]&sanitizeIMMED != 0
	p.Erasure = &Erasure{Unmap: p.state.Thin, AUSE: cdb[1]&sanitizeAUSE != 0}
	if cdb[1]&serviceActionBits == sanitizeCryptoErase {
		p.Erasure.Passes = 1
	}
	return Good
}

// planExitFailure is EXIT FAILURE MODE, which a failed SANITIZE without AUSE does
// not allow.
func planExitFailure(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	if sanitizeListLen(cdb) != 0 {
		return InvalidFieldInCDB.AtCDB(7, 7)
	}
	if e := p.Unit.medium.erasure.Load(); e != nil && !e.Format && !e.AUSE {
		return InvalidFieldInCDB.AtCDB(1, 4)
	}
	p.Action = ActionErase
	return Good
}
