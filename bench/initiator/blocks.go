// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"encoding/binary"
	"fmt"
)

// A Capacity is the size of a logical unit.
type Capacity struct {
	Blocks   uint64
	BlockLen int // bytes
}

// Ready clears the unit attentions that a new nexus finds, and returns the
// status of TEST UNIT READY after them.
func (s *Session) Ready(lun [8]byte) error {
	const maxAttentions = 16
	c := Command{LUN: lun, CDB: TestUnitReady()}
	for range maxAttentions {
		if err := s.Do(&c); err != nil {
			return err
		}
		if c.Status != StatusCheckCondition || c.Sense().Key != senseKeyUnitAttention {
			break
		}
	}
	return c.OK()
}

const senseKeyUnitAttention = 6

// Capacity asks READ CAPACITY (16). Call Ready before it.
func (s *Session) Capacity(lun [8]byte) (Capacity, error) {
	var b [readCapacity16Len]byte
	c := Command{LUN: lun, CDB: readCapacity16(), In: b[:]}
	if err := s.Do(&c); err != nil {
		return Capacity{}, err
	}
	if err := c.OK(); err != nil {
		return Capacity{}, fmt.Errorf("READ CAPACITY (16): %w", err)
	}
	return Capacity{binary.BigEndian.Uint64(b[:]) + 1, int(binary.BigEndian.Uint32(b[8:]))}, nil
}

// ReadBlocks reads r into b with READ (16).
func (s *Session) ReadBlocks(lun [8]byte, r Range, b []byte) error {
	c := Command{LUN: lun, CDB: Read16(r), In: b}
	if err := s.Do(&c); err != nil {
		return err
	}
	return c.OK()
}

// WriteBlocks writes b to r with WRITE (16).
func (s *Session) WriteBlocks(lun [8]byte, r Range, b []byte) error {
	c := Command{LUN: lun, CDB: Write16(r, false), Out: b}
	if err := s.Do(&c); err != nil {
		return err
	}
	return c.OK()
}
