// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// maxBinaryLen is the most bytes of a challenge or a response (RFC 7143, Section
// 12.1.3).
const maxBinaryLen = 1024

// encode returns b as a value of the wire.
func encode(b []byte) string { return "0x" + hex.EncodeToString(b) }

// decode reads a binary value: hexadecimal after 0x, base64 after 0b, at least
// one byte and at most maxBinaryLen (RFC 7143, Section 6.1). An error does not
// show the value.
func decode(value string) ([]byte, error) {
	if len(value) < 2 || value[0] != '0' {
		return nil, errors.New("neither hexadecimal nor base64")
	}
	digits := value[2:]
	var b []byte
	var err error
	switch value[1] {
	case 'x', 'X':
		if len(digits) <= hex.EncodedLen(maxBinaryLen) {
			b, err = hex.DecodeString(digits)
		} else {
			err = errTooLong
		}
	case 'b', 'B':
		if len(digits) <= base64.StdEncoding.EncodedLen(maxBinaryLen) {
			b, err = base64.StdEncoding.Strict().DecodeString(digits)
		} else {
			err = errTooLong
		}
	default:
		return nil, errors.New("neither hexadecimal nor base64")
	}
	switch {
	case errors.Is(err, errTooLong) || len(b) > maxBinaryLen:
		return nil, errTooLong
	case err != nil:
		return nil, errors.New("malformed")
	case len(b) == 0:
		return nil, errors.New("empty")
	}
	return b, nil
}

var errTooLong = fmt.Errorf("longer than %d bytes", maxBinaryLen)
