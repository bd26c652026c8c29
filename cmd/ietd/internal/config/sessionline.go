// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strconv"
	"strings"
)

// An ietKey is a session key as IET had it.
type ietKey struct {
	name     string
	def      string // IET's default
	min, max int    // of a number; anything else became min
	held     int    // of a number: the most that its kernel module used; 0: max
}

// ietKeys are in IET's order. The last four are markers, which RFC 7143, Section
// 13.25 has made obsolete, and which IET never did either.
var ietKeys = []ietKey{
	{"InitialR2T", "Yes", 0, 0, 0},
	{"ImmediateData", "Yes", 0, 0, 0},
	{"MaxConnections", "1", 1, 65535, 0},
	{"MaxRecvDataSegmentLength", "8192", 512, maxSegment, 262144},
	{"MaxXmitDataSegmentLength", "8192", 512, maxSegment, 262144},
	{"MaxBurstLength", "262144", 512, maxSegment, 0},
	{"FirstBurstLength", "65536", 512, maxSegment, 0},
	{"DefaultTime2Wait", "2", 0, 3600, 0},
	{"DefaultTime2Retain", "20", 0, 3600, 0},
	{"MaxOutstandingR2T", "1", 1, 65535, 0},
	{"DataPDUInOrder", "Yes", 0, 0, 0},
	{"DataSequenceInOrder", "Yes", 0, 0, 0},
	{"ErrorRecoveryLevel", "0", 0, 2, 0},
	{"HeaderDigest", "None", 0, 0, 0},
	{"DataDigest", "None", 0, 0, 0},
	{"OFMarker", "No", 0, 0, 0},
	{"IFMarker", "No", 0, 0, 0},
	{"OFMarkInt", "2048", 1, 65535, 0},
	{"IFMarkInt", "2048", 1, 65535, 0},
}

// sessionLine reads the line of a session key of the target.
func (p *confParser) sessionLine(name, rest string) {
	var iet *ietKey
	for i := range ietKeys {
		if ietKeys[i].name == name {
			iet = &ietKeys[i]
		}
	}
	row := findSessionKey(name)
	if row < 0 {
		p.say(Note, "", "%s is passed over: markers are obsolete (RFC 7143, Section 13.25), and IET never used them", name)
		return
	}
	keys := &p.target().Keys
	switch k := &sessionKeys[row]; k.kind {
	case number:
		if v, ok := p.sessionNumber(k, iet, rest); ok {
			keys.values[row] = strconv.Itoa(v)
		}
	default:
		if v, ok := p.sessionWord(k, iet, rest); ok {
			keys.values[row] = v
		}
	}
}

// sessionNumber reads the value of a key that is a number. One that has a single
// value here, because more is not built, is that value with a warning: nothing
// breaks when sessions agree on less.
func (p *confParser) sessionNumber(k *sessionKey, iet *ietKey, rest string) (int, bool) {
	if k.min == k.max {
		v, ok := p.value(k.name, rest, k.def)
		if !ok {
			return 0, false
		}
		n, whole, _ := cNumber(v)
		if whole && n == int64(k.max) {
			return k.max, true
		}
		ran, _ := ranWith(n, iet.min, iet.max)
		if k.name == "ErrorRecoveryLevel" {
			ran = "0" // its kernel module had no other
		}
		p.say(Warning, ran, "%s %.40s: this target has %d only, and runs with it; write '%s %d' or nothing", k.name, v, k.max, k.name, k.max)
		return k.max, true
	}
	n, ok := p.number(k.name, rest, k.min, k.max, iet.min, iet.max, k.unit)
	if ok && iet.held > 0 && n > iet.held {
		p.say(Note, strconv.Itoa(iet.held)+", the most that its kernel module used", "%s %d is taken", k.name, n)
	}
	return n, ok
}

// sessionWord reads the value of a key that is Yes, No or a list of digests.
// IET compared them with case and passed over what it did not know.
func (p *confParser) sessionWord(k *sessionKey, iet *ietKey, rest string) (string, bool) {
	v, ok := p.value(k.name, rest, k.def)
	if !ok {
		return "", false
	}
	onlyYes := k.kind == yesNo && k.min == 1
	if onlyYes && v == "No" {
		p.say(Warning, "Yes", "%s No: this target has Yes only, and runs with it; write '%s Yes' or nothing", k.name, k.name)
		return "Yes", true
	}
	right, err := k.parse(v)
	if err != nil {
		p.say(Error, iet.def+", its default", "%s %.40s: %v%s", k.name, v, err, k.spelled(v))
		return "", false
	}
	if k.kind == digests && right == "CRC32C" {
		p.say(Warning, "CRC32C,None", "%s CRC32C refuses initiators that do not want a digest; write '%s CRC32C,None' to have what IET had", k.name, k.name)
	}
	return right, true
}

// spelled says how v is to be spelled, when only the case is wrong.
func (k *sessionKey) spelled(v string) string {
	for _, right := range [...]string{"Yes", "No", "None", "CRC32C", "None,CRC32C", "CRC32C,None"} {
		if got, err := k.parse(right); err == nil && strings.EqualFold(v, got) {
			return "; write '" + k.name + " " + got + "'"
		}
	}
	return ""
}
