// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strconv"
	"strings"

	"ietring/cmd/ietd/internal/textkey"
)

// keyKind is how the value of a session key is written.
type keyKind uint8

const (
	number keyKind = iota + 1
	yesNo
	digests // None, CRC32C or both with a comma
)

// A sessionKey is one session key that the operator can set. The range is what
// this program can do, within what RFC 7143 allows.
type sessionKey struct {
	name     string
	kind     keyKind
	min, max int
	def      string
	unit     string
	section  string // of RFC 7143
}

const maxSegment = 16777215 // 2^24-1, the most that a 24-bit length can say

// sessionKeys are IET's, in the order in which ietadm shows them. Defaults are
// IET's but for the lengths, InitialR2T and MaxOutstandingR2T, which are chosen
// for speed, and the digests, which an initiator may turn on.
var sessionKeys = []sessionKey{
	{"InitialR2T", yesNo, 0, 0, "No", "", "13.10"},
	{"ImmediateData", yesNo, 0, 0, "Yes", "", "13.11"},
	{"MaxConnections", number, 1, 16, "1", "connections", "13.2"},
	{"MaxRecvDataSegmentLength", number, 512, maxSegment, "262144", "bytes", "13.12"},
	{"MaxXmitDataSegmentLength", number, 512, maxSegment, "1048576", "bytes", "IET's own"},
	{"MaxBurstLength", number, 512, maxSegment, "1048576", "bytes", "13.13"},
	{"FirstBurstLength", number, 512, maxSegment, "262144", "bytes", "13.14"},
	{"DefaultTime2Wait", number, 0, 3600, "2", "seconds", "13.15"},
	{"DefaultTime2Retain", number, 0, 3600, "20", "seconds", "13.16"},
	{"MaxOutstandingR2T", number, 1, 65535, "8", "R2Ts of a task", "13.17"},
	{"DataPDUInOrder", yesNo, 1, 1, "Yes", "", "13.18"},
	{"DataSequenceInOrder", yesNo, 1, 1, "Yes", "", "13.19"},
	{"ErrorRecoveryLevel", number, 0, 0, "0", "", "13.20"},
	{"HeaderDigest", digests, 0, 0, "None,CRC32C", "", "13.1"},
	{"DataDigest", digests, 0, 0, "None,CRC32C", "", "13.1"},
}

// SessionKeys are the values that the operator lets sessions agree on. The zero
// value has every default. It is a value: changing a copy leaves the original
// alone.
type SessionKeys struct {
	values [15]string // by row of sessionKeys; "" is the default
}

// Get returns the value of a session key. It panics when there is no such key.
func (s *SessionKeys) Get(name string) string {
	i := findSessionKey(name)
	if i < 0 {
		panic("config: no such session key")
	}
	if s.values[i] != "" {
		return s.values[i]
	}
	return sessionKeys[i].def
}

// given reports whether a session key was given a value.
func (s *SessionKeys) given(name string) bool { return s.values[findSessionKey(name)] != "" }

// overlay gives s every value that over was given.
func (s *SessionKeys) overlay(over *SessionKeys) {
	for i, v := range over.values {
		if v != "" {
			s.values[i] = v
		}
	}
}

// Number returns the value of a session key that is a number.
func (s *SessionKeys) Number(name string) int {
	n, err := strconv.Atoi(s.Get(name))
	if err != nil {
		panic("config: session key is not a number")
	}
	return n
}

// Has reports whether name is a session key that the operator can set.
func Has(name string) bool { return findSessionKey(name) >= 0 }

// Set gives a session key a value. The error says what the value may be.
func (s *SessionKeys) Set(name, value string) error {
	i := findSessionKey(name)
	if i < 0 {
		return fmt.Errorf("unknown key %q; known are %s", name, sessionKeyNames())
	}
	k := &sessionKeys[i]
	v, err := k.parse(value)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", k.name, value, err)
	}
	s.values[i] = v
	return nil
}

// Check looks at keys together.
func (s *SessionKeys) Check() error {
	first, most := s.Number("FirstBurstLength"), s.Number("MaxBurstLength")
	if first > most {
		return fmt.Errorf("FirstBurstLength=%d is above MaxBurstLength=%d; it must be at most that (RFC 7143, Section 13.14)", first, most)
	}
	return nil
}

// parse returns value in the form that the wire has.
func (k *sessionKey) parse(value string) (string, error) {
	switch k.kind {
	case number:
		n, err := textkey.Number(value, k.min, k.max)
		if err != nil {
			return "", fmt.Errorf("it must be %s", k.rangeText())
		}
		return strconv.Itoa(n), nil
	case yesNo:
		onlyYes := k.min == 1
		if onlyYes && value != "Yes" {
			return "", fmt.Errorf("it must be Yes")
		}
		if value != "Yes" && value != "No" {
			return "", fmt.Errorf("it must be Yes or No")
		}
		return value, nil
	case digests:
		switch value {
		case "None", "CRC32C", "None,CRC32C", "CRC32C,None":
			return value, nil
		}
		return "", fmt.Errorf("it must be None, CRC32C, or both as in None,CRC32C")
	}
	panic("config: session key without a kind")
}

func (k *sessionKey) rangeText() string {
	if k.min == k.max {
		return strconv.Itoa(k.min)
	}
	return strings.TrimSpace(fmt.Sprintf("a number from %d to %d %s", k.min, k.max, k.unit))
}

func findSessionKey(name string) int {
	for i := range sessionKeys {
		if sessionKeys[i].name == name {
			return i
		}
	}
	return -1
}

func sessionKeyNames() string {
	names := make([]string, len(sessionKeys))
	for i := range sessionKeys {
		names[i] = sessionKeys[i].name
	}
	return strings.Join(names, ", ")
}
