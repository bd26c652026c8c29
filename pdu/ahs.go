// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"encoding/binary"
	"errors"
)

// Additional header segment types. See RFC 7143, Section 11.2.2.
const (
	AHSExtendedCDB  = 1
	AHSBidiReadEDTL = 2
)

// ErrAHS says that the additional header segments do not parse: a length that
// is zero or goes past the end.
var ErrAHS = errors.New("pdu: malformed additional header segment")

// NextAHS splits the first additional header segment off b. specific is what
// follows AHSLength and AHSType, rest is what follows its padding.
func NextAHS(b []byte) (typ uint8, specific, rest []byte, err error) {
	if len(b) < 4 {
		return 0, nil, nil, ErrAHS
	}
	n := int(binary.BigEndian.Uint16(b)) // effective bytes, AHSType not counted
	end := 3 + n
	if n == 0 || end > len(b) {
		return 0, nil, nil, ErrAHS
	}
	next := min(end+PadLen(end), len(b))
	return b[2], b[3:end], b[next:], nil
}
