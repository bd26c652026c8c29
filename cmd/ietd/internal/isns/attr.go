// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
)

// An attr is one attribute of a payload: tag, length and value, the value padded
// to four bytes (RFC 4171, Section 5.3.1). value is a view of the payload.
type attr struct {
	tag   tag
	value []byte
}

// attrHeaderLen is tag and length.
const attrHeaderLen = 8

// parseAttrs returns the attributes of a payload.
func parseAttrs(b []byte) ([]attr, error) {
	var list []attr
	for len(b) > 0 {
		if len(b) < attrHeaderLen {
			return nil, fmt.Errorf("%d bytes are left over after the last attribute", len(b))
		}
		a := attr{tag: tag(binary.BigEndian.Uint32(b))}
		length := binary.BigEndian.Uint32(b[4:])
		b = b[attrHeaderLen:]
		if length%4 != 0 || uint64(length) > uint64(len(b)) {
			return nil, fmt.Errorf("attribute %d has %d bytes, and %d are left", a.tag, length, len(b))
		}
		if len(list) == maxAttrs {
			return nil, fmt.Errorf("more than %d attributes", maxAttrs)
		}
		a.value, b = b[:length:length], b[length:]
		list = append(list, a)
	}
	return list, nil
}

// text returns a string value, which ends in NUL, of at most limit bytes.
func (a attr) text(limit int) (string, error) {
	end := bytes.IndexByte(a.value, 0)
	if end < 0 || end > limit {
		return "", fmt.Errorf("attribute %d is not a string of at most %d bytes that ends in NUL", a.tag, limit)
	}
	return string(a.value[:end]), nil
}

// number returns a value of four bytes.
func (a attr) number() (uint32, error) {
	if len(a.value) != 4 {
		return 0, fmt.Errorf("attribute %d has %d bytes, and 4 are wanted", a.tag, len(a.value))
	}
	return binary.BigEndian.Uint32(a.value), nil
}

// A payload is the attributes of a message that is being built.
type payload []byte

func (p *payload) head(t tag, length int) {
	*p = binary.BigEndian.AppendUint32(*p, uint32(t))
	*p = binary.BigEndian.AppendUint32(*p, uint32(length))
}

// empty appends an attribute without a value: in a query, what is asked for.
func (p *payload) empty(t tag) { p.head(t, 0) }

// delimiter ends the source and key attributes (RFC 4171, Section 5.6.3).
func (p *payload) delimiter() { p.empty(tagDelimiter) }

// text appends a string with its NUL and padding.
func (p *payload) text(t tag, s string) {
	length := (len(s) + 1 + 3) &^ 3
	p.head(t, length)
	*p = append(*p, s...)
	*p = append(*p, make([]byte, length-len(s))...)
}

func (p *payload) number(t tag, v uint32) {
	p.head(t, 4)
	*p = binary.BigEndian.AppendUint32(*p, v)
}

// addr appends an address of 16 bytes, an IPv4 one mapped (RFC 4171, Section
// 6.3.1).
func (p *payload) addr(t tag, a netip.Addr) {
	bytes := a.As16()
	p.head(t, len(bytes))
	*p = append(*p, bytes[:]...)
}
