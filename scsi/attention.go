// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"math/bits"
	"sync/atomic"
)

// An attention is a bit for a kind of unit attention condition. The lowest bit
// is the one reported first: the order of SAM-5, unit attention conditions.
type attention uint32

const (
	attPowerOn     attention = 1 << iota // the nexus or the unit is new
	attTargetReset                       // hard reset: TARGET WARM RESET, TARGET COLD RESET
	attUnitReset                         // LOGICAL UNIT RESET
	attCleared                           // PREEMPT AND ABORT of another nexus ended commands
	attReady                             // the unit was not ready and is now
	attModeChanged                       // another nexus or the operator changed mode parameters
	attPRCleared                         // CLEAR of another nexus took all registrations away
	attPRReleased                        // another nexus released a reservation that let registrants in
	attPRPreempted                       // PREEMPT of another nexus took the registration away
	attAccessState                       // a target port group has another access state
	attThreshold                         // the medium has little room left
	attCapacity                          // the number of blocks has changed
	attLUNsChanged                       // a LUN was added or removed
	numAttentions  = iota
)

// attentionSense holds the sense of each attention by its bit number. For the
// reset events see SAM-5, "unit attention conditions": LOGICAL UNIT RESET is
// BUS DEVICE RESET FUNCTION OCCURRED, a hard reset SCSI BUS RESET OCCURRED.
var attentionSense = [numAttentions]Sense{
	{Key: UnitAttention, ASC: 0x29, ASCQ: 0x00},
	{Key: UnitAttention, ASC: 0x29, ASCQ: 0x02},
	{Key: UnitAttention, ASC: 0x29, ASCQ: 0x03},
	{Key: UnitAttention, ASC: 0x2f, ASCQ: 0x00},
	{Key: UnitAttention, ASC: 0x28, ASCQ: 0x00},
	{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x01},
	{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x03},
	{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x04},
	{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x05},
	{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x06},
	{Key: UnitAttention, ASC: 0x38, ASCQ: 0x07},
	{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x09},
	{Key: UnitAttention, ASC: 0x3f, ASCQ: 0x0e},
}

// attentions are the unit attention conditions pending for one nexus on one
// unit, a set of attention bits.
type attentions struct{ bits atomic.Uint32 }

// take clears the pending condition of the highest priority and returns its
// sense, or Good when none is pending. Each is returned to one caller only.
func (a *attentions) take() Sense {
	for {
		pending := a.bits.Load()
		if pending == 0 {
			return Good
		}
		if a.bits.CompareAndSwap(pending, pending&(pending-1)) {
			return attentionSense[bits.TrailingZeros32(pending)]
		}
	}
}

// set makes the conditions of a pending.
func (a *attentions) set(kinds attention) { a.bits.Or(uint32(kinds)) }

// clear forgets the conditions of kinds.
func (a *attentions) clear(kinds attention) { a.bits.And(^uint32(kinds)) }
