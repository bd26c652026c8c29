// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// headerLen is the header of a PDU (RFC 4171, Section 5.1):
//
//	0 version  2 function  4 payload length  6 flags  8 transaction  10 sequence
const headerLen = 12

// version is the only version of the protocol.
const version = 1

// A message is one request or answer, whole.
type message struct {
	function function
	flags    uint16 // of its first PDU
	xid      uint16 // transaction: the answer has its request's
	payload  []byte
}

// appendMessage appends m as one PDU. Its payload fits: requests are split
// before, and answers are no longer than what they answer.
func appendMessage(b []byte, m *message) []byte {
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(m.function))
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.payload)))
	b = binary.BigEndian.AppendUint16(b, m.flags|flagFromClient|flagFirst|flagLast)
	b = binary.BigEndian.AppendUint16(b, m.xid)
	b = binary.BigEndian.AppendUint16(b, 0)
	return append(b, m.payload...)
}

// readMessage reads the PDUs of one message, at most limit bytes of payload. The
// error of a connection that ends between messages is io.EOF.
func readMessage(r io.Reader, limit int) (*message, error) {
	m := new(message)
	for n := range maxPDUs {
		var h [headerLen]byte
		if _, err := io.ReadFull(r, h[:]); err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		length := int(binary.BigEndian.Uint16(h[4:]))
		last, err := m.accept(&h, n)
		if err != nil {
			return nil, err
		}
		if length%4 != 0 || len(m.payload)+length > limit {
			return nil, fmt.Errorf("%s: a PDU of %d bytes after %d: lengths are multiples of 4, at most %d in all", m.function, length, len(m.payload), limit)
		}
		at := len(m.payload)
		m.payload = append(m.payload, make([]byte, length)...)
		if _, err := io.ReadFull(r, m.payload[at:]); err != nil {
			return nil, noEOF(err)
		}
		if last {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%s: a message of more than %d PDUs", m.function, maxPDUs)
}

// noEOF turns the end of a connection inside a message into an error that says so.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// accept takes the header of the PDU with sequence number n, and reports
// whether it is the last one of its message.
func (m *message) accept(h *[headerLen]byte, n int) (last bool, err error) {
	f, flags := function(binary.BigEndian.Uint16(h[2:])), binary.BigEndian.Uint16(h[6:])
	xid, sequence := binary.BigEndian.Uint16(h[8:]), int(binary.BigEndian.Uint16(h[10:]))
	first := flags&flagFirst != 0
	switch v := binary.BigEndian.Uint16(h[0:]); {
	case v != version:
		return false, fmt.Errorf("this is not iSNS: version %d, and %d is wanted", v, version)
	case flags&flagSigned != 0:
		return false, fmt.Errorf("%s is signed; this client knows no keys, so switch authentication off at the server", f)
	case first != (n == 0), sequence != n, n > 0 && (f != m.function || xid != m.xid):
		return false, fmt.Errorf("%s: PDU %d does not continue the message", f, sequence)
	}
	if n == 0 {
		m.function, m.flags, m.xid = f, flags, xid
	}
	return flags&flagLast != 0, nil
}
