// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"bytes"
	"fmt"
)

// Bounds of text keys. See RFC 7143, Section 6.1.
const (
	MaxKeyNameLen  = 63
	MaxKeyValueLen = 8192 // the largest that any key may have: a binary value
)

// Values with a meaning of their own in negotiation (RFC 7143, Section 6.2).
const (
	ValueReject        = "Reject"
	ValueIrrelevant    = "Irrelevant"
	ValueNotUnderstood = "NotUnderstood"
	ValueNone          = "None"
	ValueYes           = "Yes"
	ValueNo            = "No"
)

// A Key is one key=value pair of a Login or Text PDU.
type Key struct{ Name, Value string }

// ParseKeys splits text, the data of one Login or Text negotiation, into its
// pairs, in order. Each pair ends with a zero byte; the last one may lack it
// when text ends there. Empty pairs between zero bytes are passed over. At most
// maxKeys pairs are taken.
func ParseKeys(text []byte, maxKeys int) ([]Key, error) {
	var keys []Key
	for len(text) > 0 {
		pair, rest, _ := bytes.Cut(text, []byte{0})
		text = rest
		if len(pair) == 0 {
			continue
		}
		if len(keys) == maxKeys {
			return nil, fmt.Errorf("more than %d text keys", maxKeys)
		}
		name, value, found := bytes.Cut(pair, []byte("="))
		switch {
		case !found:
			return nil, fmt.Errorf("text key %.63q has no value", name)
		case !validKeyName(name):
			return nil, fmt.Errorf("%.63q is not a text key name", name)
		case len(value) > MaxKeyValueLen:
			return nil, fmt.Errorf("value of %s is %d bytes, the most is %d", name, len(value), MaxKeyValueLen)
		}
		keys = append(keys, Key{string(name), string(value)})
	}
	return keys, nil
}

// AppendKey appends name=value and the zero byte that ends it.
func AppendKey(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, '=')
	dst = append(dst, value...)
	return append(dst, 0)
}

// validKeyName reports whether b is a key name: a letter, then letters, digits
// and . - + @ _ (RFC 7143, Section 6.1), and # of the X# keys that RFC 3720 had.
// The RFC wants the first letter to be a
// capital; a small one makes a name that nobody knows, to be answered
// NotUnderstood rather than by a failure.
func validKeyName(b []byte) bool {
	if len(b) == 0 || len(b) > MaxKeyNameLen {
		return false
	}
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case i == 0:
			return false
		case c >= '0' && c <= '9':
		case c == '.', c == '-', c == '+', c == '@', c == '_', c == '#':
		default:
			return false
		}
	}
	return true
}
