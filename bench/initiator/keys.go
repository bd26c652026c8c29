// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"fmt"
	"slices"
	"strconv"

	"ietring/pdu"
)

// Params are the operational parameters of a session (RFC 7143, Section 13).
// Lengths are bytes. In [Options] they are what is offered, in [Session.Params]
// what came of it.
type Params struct {
	InitialR2T               bool
	ImmediateData            bool
	HeaderDigest             bool
	DataDigest               bool
	FirstBurstLength         int
	MaxBurstLength           int
	MaxOutstandingR2T        int
	MaxRecvDataSegmentLength int // the most that we take
	// MaxXmitDataSegmentLength is the most that we may send: what the target
	// declared. It is not offered.
	MaxXmitDataSegmentLength int
}

// Defaults returns an offer that lets the target do as it likes: digests off,
// immediate and unsolicited data, bursts of 1 MiB, segments of 256 KiB.
func Defaults() Params {
	return Params{
		ImmediateData:            true,
		FirstBurstLength:         256 << 10,
		MaxBurstLength:           1 << 20,
		MaxOutstandingR2T:        8,
		MaxRecvDataSegmentLength: 256 << 10,
	}
}

// How the result of a negotiation follows from the two values.
type keyKind uint8

const (
	kindDeclare keyKind = iota // each side tells its own value
	kindMin                    // the smaller number
	kindMax                    // the larger number
	kindAnd                    // Yes when both say Yes
	kindOr                     // Yes when one says Yes
	kindList                   // one of the offered words
)

// keyRow is what is known of a key that this initiator offers.
type keyRow struct {
	name    string
	section string // of RFC 7143
	kind    keyKind
	leading bool // not in a discovery session
	offer   func(p *Params) string
	result  func(p *Params, value string) error
}

// keyTable has one row for each operational key that is offered, in order.
var keyTable = []keyRow{
	{"HeaderDigest", "13.1", kindList, false,
		func(p *Params) string { return digestOffer(p.HeaderDigest) },
		func(p *Params, v string) error { p.HeaderDigest = v == "CRC32C"; return nil }},
	{"DataDigest", "13.1", kindList, false,
		func(p *Params) string { return digestOffer(p.DataDigest) },
		func(p *Params, v string) error { p.DataDigest = v == "CRC32C"; return nil }},
	{"MaxRecvDataSegmentLength", "13.12", kindDeclare, false,
		func(p *Params) string { return strconv.Itoa(p.MaxRecvDataSegmentLength) },
		func(p *Params, v string) error { return number(&p.MaxXmitDataSegmentLength, v, 512, pdu.MaxDataLen) }},
	{"MaxBurstLength", "13.13", kindMin, true,
		func(p *Params) string { return strconv.Itoa(p.MaxBurstLength) },
		func(p *Params, v string) error { return number(&p.MaxBurstLength, v, 512, pdu.MaxDataLen) }},
	{"FirstBurstLength", "13.14", kindMin, true,
		func(p *Params) string { return strconv.Itoa(p.FirstBurstLength) },
		func(p *Params, v string) error { return number(&p.FirstBurstLength, v, 512, pdu.MaxDataLen) }},
	{"InitialR2T", "13.10", kindOr, true,
		func(p *Params) string { return yesNo(p.InitialR2T) },
		func(p *Params, v string) error { p.InitialR2T = v == pdu.ValueYes; return nil }},
	{"ImmediateData", "13.11", kindAnd, true,
		func(p *Params) string { return yesNo(p.ImmediateData) },
		func(p *Params, v string) error { p.ImmediateData = v == pdu.ValueYes; return nil }},
	{"MaxOutstandingR2T", "13.17", kindMin, true,
		func(p *Params) string { return strconv.Itoa(p.MaxOutstandingR2T) },
		func(p *Params, v string) error { return number(&p.MaxOutstandingR2T, v, 1, 65535) }},
	fixedRow("DataPDUInOrder", "13.18", kindOr, pdu.ValueYes),
	fixedRow("DataSequenceInOrder", "13.19", kindOr, pdu.ValueYes),
	fixedRow("ErrorRecoveryLevel", "13.20", kindMin, "0"),
	fixedRow("MaxConnections", "13.2", kindMin, "1"),
	fixedRow("DefaultTime2Wait", "13.15", kindMax, "2"),
	fixedRow("DefaultTime2Retain", "13.16", kindMin, "0"),
}

// fixedRow is a key whose outcome this initiator needs to know nothing of
// beyond what [checkResult] sees.
func fixedRow(name, section string, kind keyKind, value string) keyRow {
	return keyRow{name, section, kind, true,
		func(*Params) string { return value },
		func(*Params, string) error { return nil }}
}

func digestOffer(on bool) string {
	if on {
		return "CRC32C,None"
	}
	return pdu.ValueNone
}

func yesNo(b bool) string {
	if b {
		return pdu.ValueYes
	}
	return pdu.ValueNo
}

func number(dst *int, value string, least, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return fmt.Errorf("%q is not a number from %d to %d", value, least, most)
	}
	*dst = n
	return nil
}

func rowOf(name string) *keyRow {
	i := slices.IndexFunc(keyTable, func(r keyRow) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return &keyTable[i]
}

// checkResult reports what is wrong with value as the target's answer to offer.
func (r *keyRow) checkResult(offer, value string) error {
	switch r.kind {
	case kindMin, kindMax:
		mine, err1 := strconv.Atoi(offer)
		result, err2 := strconv.Atoi(value)
		if err1 != nil || err2 != nil || r.kind == kindMin && result > mine || r.kind == kindMax && result < mine {
			return fmt.Errorf("the answer to %s is %q", offer, value)
		}
	case kindAnd, kindOr:
		// One value of ours decides alone: No for AND, Yes for OR.
		decided := offer == pdu.ValueNo && r.kind == kindAnd || offer == pdu.ValueYes && r.kind == kindOr
		if value != pdu.ValueYes && value != pdu.ValueNo || decided && value != offer {
			return fmt.Errorf("the answer to %s is %q", offer, value)
		}
	case kindList:
		if value != offer && (offer != "CRC32C,None" || value != "CRC32C" && value != pdu.ValueNone) {
			return fmt.Errorf("the answer to %s is %q", offer, value)
		}
	}
	return nil
}
