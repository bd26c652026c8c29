// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Fields of LOG SENSE. See SPC-4. SP is refused as a reserved bit, for nothing is
// saved, and so is a PARAMETER POINTER, for pages are short.
const (
	logPage       = 0x3f // byte 2: page code
	logCumulative = 0x01 // PAGE CONTROL, byte 2: the only values that there are
	logSPF        = 0x40 // byte 0 of a page: it has a subpage code
	logBinaryList = 0x03 // control byte of a parameter: a value, which counts nothing

	logPageHeaderLen = 4
	logSubpageAll    = 0xff
)

// A logPageRow is a log page: its code, and what follows the header.
type logPageRow struct {
	code byte
	name string
	has  func(u *unitState) bool
	body func(dst []byte, u *unitState) []byte
}

// logPages are the pages, sorted by code. It is filled in by init because page 00h,
// a row of it, reads it.
var logPages []logPageRow

func init() {
	logPages = []logPageRow{
		{code: 0x00, name: "Supported Log Pages", has: func(*unitState) bool { return true }, body: appendSupportedLogs},
		{code: 0x0c, name: "Logical Block Provisioning", has: func(u *unitState) bool { return u.KnowsSpace }, body: appendSpaceLog},
	}
}

// planLogSense is LOG SENSE of SPC-4. Subpage FFh of page 00h is the list of pages
// with their subpage codes, of which all are 00h.
func planLogSense(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	if cdb[2]>>6 != logCumulative {
		return InvalidFieldInCDB.AtCDB(2, 7)
	}
	row := logPageOf(p.state, cdb[2]&logPage)
	if row == nil {
		return InvalidFieldInCDB.AtCDB(2, 5)
	}
	subpages := cdb[3] == logSubpageAll && row.code == 0
	if cdb[3] != 0 && !subpages {
		return InvalidFieldInCDB.AtCDB(3, 7)
	}
	p.Reply = append(p.Reply, row.code, 0, 0, 0)
	if subpages {
		p.Reply[0], p.Reply[1] = row.code|logSPF, logSubpageAll
		for _, code := range appendSupportedLogs(nil, p.state) {
			p.Reply = append(p.Reply, code, 0)
		}
	} else {
		p.Reply = row.body(p.Reply, p.state)
	}
	binary.BigEndian.PutUint16(p.Reply[2:], uint16(len(p.Reply)-logPageHeaderLen))
	return p.cut(uint32(binary.BigEndian.Uint16(cdb[7:])))
}

// logPageOf returns the page of u with code, nil when there is none.
func logPageOf(u *unitState, code byte) *logPageRow {
	for i := range logPages {
		if logPages[i].code == code && logPages[i].has(u) {
			return &logPages[i]
		}
	}
	return nil
}

func appendSupportedLogs(dst []byte, u *unitState) []byte {
	for i := range logPages {
		if logPages[i].has(u) {
			dst = append(dst, logPages[i].code)
		}
	}
	return dst
}

// Parameters of Logical Block Provisioning, and their SCOPE. See SBC-3.
const (
	spaceAvailable = 0x0001
	spaceUsed      = 0x0002
	spaceParamLen  = 8

	scopeOwn    = 0x01 // of this unit alone
	scopeShared = 0x02 // others take of it, too
)

// appendSpaceLog tells how many threshold sets there are left, and are taken.
func appendSpaceLog(dst []byte, u *unitState) []byte {
	space := u.Medium.Space() // zero when nobody has looked yet
	add := func(code uint16, bytes int64, scope byte) {
		dst = binary.BigEndian.AppendUint16(dst, code)
		dst = append(dst, logBinaryList, spaceParamLen)
		dst = binary.BigEndian.AppendUint32(dst, atMost32(uint64(bytes)/thresholdSetLen))
		dst = append(dst, scope, 0, 0, 0)
	}
	add(spaceAvailable, space.Available, scopeShared)
	add(spaceUsed, space.Used, scopeOwn)
	return dst
}
