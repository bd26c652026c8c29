// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package floor

import (
	"encoding/binary"
	"errors"
)

// HeaderLen is the length of a request and of an answer, payload not counted:
// that of an iSCSI header.
const HeaderLen = 48

// MaxPayload is the most that may follow a request or an answer, in bytes.
const MaxPayload = 16 << 20

// Offsets of a header; what is not named is not looked at.
const (
	offMagic     = 0
	offTag       = 4
	offFollows   = 8
	offAnswerLen = 12

	magic = 0x666c6f72 // "flor"
)

// ErrHeader is a header with a wrong magic number or a length above MaxPayload.
var ErrHeader = errors.New("floor: not a header of this protocol")

// A Header is a request or an answer.
type Header [HeaderLen]byte

// View views the first 48 bytes of b as a header. It panics when b is shorter.
func View(b []byte) *Header { return (*Header)(b[:HeaderLen]) }

// Set fills in a request: tag comes back, follows bytes are sent after it, and
// answerLen bytes are wanted after the answer.
func (h *Header) Set(tag uint32, follows, answerLen int) {
	*h = Header{}
	binary.LittleEndian.PutUint32(h[offMagic:], magic)
	binary.LittleEndian.PutUint32(h[offTag:], tag)
	binary.LittleEndian.PutUint32(h[offFollows:], uint32(follows))
	binary.LittleEndian.PutUint32(h[offAnswerLen:], uint32(answerLen))
}

// Check returns nil or [ErrHeader].
func (h *Header) Check() error {
	if binary.LittleEndian.Uint32(h[offMagic:]) != magic || h.field(offFollows) > MaxPayload || h.field(offAnswerLen) > MaxPayload {
		return ErrHeader
	}
	return nil
}

// Tag returns what the client knows the request by.
func (h *Header) Tag() uint32 { return binary.LittleEndian.Uint32(h[offTag:]) }

// Follows returns how many bytes follow a request.
func (h *Header) Follows() int { return int(h.field(offFollows)) }

// AnswerLen returns how many bytes follow the answer.
func (h *Header) AnswerLen() int { return int(h.field(offAnswerLen)) }

func (h *Header) field(off int) uint32 { return binary.LittleEndian.Uint32(h[off:]) }
