// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"errors"
	"fmt"
	"io"
)

// Errors of [Read].
var (
	ErrHeaderDigest = errors.New("header digest does not match")
	ErrDataDigest   = errors.New("data digest does not match")
)

// A PDU is a whole PDU in memory: what login, discovery and test initiators
// work with. The data plane never makes one.
type PDU struct {
	BHS
	AHS  []byte
	Data []byte // the data segment without padding
}

// Framing says how PDUs follow each other on a connection.
type Framing struct {
	MaxDataLen   int // bytes of data segment that are taken
	HeaderDigest bool
	DataDigest   bool
}

// Read reads one PDU into p, whose AHS and Data it reuses. It returns io.EOF
// when r ends before the first byte, io.ErrUnexpectedEOF when it ends inside
// the PDU, [ErrHeaderDigest] or [ErrDataDigest], or an error that names a data
// segment above f.MaxDataLen.
func (f *Framing) Read(r io.Reader, p *PDU) error {
	if _, err := io.ReadFull(r, p.BHS[:]); err != nil {
		return err
	}
	p.AHS = resize(p.AHS, p.AHSLen())
	if err := readRest(r, p.AHS); err != nil {
		return err
	}
	var digest [DigestLen]byte
	if f.HeaderDigest {
		if err := readRest(r, digest[:]); err != nil {
			return err
		}
		if !Digest(0).Add(p.BHS[:]).Add(p.AHS).Matches(digest[:]) {
			return ErrHeaderDigest
		}
	}
	n := p.DataLen()
	if n > f.MaxDataLen {
		return fmt.Errorf("%v has a data segment of %d bytes, the most is %d", p.Opcode(), n, f.MaxDataLen)
	}
	p.Data = resize(p.Data, n+PadLen(n))
	if err := readRest(r, p.Data); err != nil {
		return err
	}
	if f.DataDigest && n > 0 {
		if err := readRest(r, digest[:]); err != nil {
			return err
		}
		if !Digest(0).Add(p.Data).Matches(digest[:]) {
			return ErrDataDigest
		}
	}
	p.Data = p.Data[:n]
	return nil
}

// Append appends p in wire form to dst and sets its length fields.
func (f *Framing) Append(dst []byte, p *PDU) []byte {
	p.SetAHSLen(len(p.AHS))
	p.SetDataLen(len(p.Data))
	start := len(dst)
	dst = append(dst, p.BHS[:]...)
	dst = append(dst, p.AHS...)
	if f.HeaderDigest {
		dst = appendDigest(dst, dst[start:])
	}
	start = len(dst)
	dst = append(dst, p.Data...)
	dst = append(dst, make([]byte, PadLen(len(p.Data)))...)
	if f.DataDigest && len(p.Data) > 0 {
		dst = appendDigest(dst, dst[start:])
	}
	return dst
}

func appendDigest(dst, covered []byte) []byte {
	var b [DigestLen]byte
	Digest(0).Add(covered).Put(b[:])
	return append(dst, b[:]...)
}

// readRest fills b; an end of the stream is unexpected here.
func readRest(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF && len(b) > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

func resize(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
