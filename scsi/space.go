// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "math/bits"

// A Space is what a thin medium takes of what is below it, and what is left there
// for it and for others, in bytes.
type Space struct{ Used, Available int64 }

// thresholdSetLen is the unit in which initiators are told of space, in bytes: a
// threshold set of SBC-3.
const thresholdSetLen = 1 << 20

// thresholdExponent is THRESHOLD EXPONENT of VPD B2h: a threshold set has two to
// the power of it logical blocks.
func (u *unitState) thresholdExponent() byte {
	return byte(bits.TrailingZeros32(thresholdSetLen / u.BlockSize))
}

// Space returns what SetSpace was told last, zero before.
func (m *Medium) Space() Space {
	if s := m.space.Load(); s != nil {
		return *s
	}
	return Space{}
}

// SetSpace notes what space there is. When it has become low, THIN PROVISIONING
// SOFT THRESHOLD REACHED is pending for every nexus on every unit of the medium,
// once until it is not low any more. It reports whether it told them. One
// goroutine at a time may call it.
func (m *Medium) SetSpace(s Space, low bool) (told bool) {
	m.space.Store(&s)
	if told = low && !m.spaceLow; told {
		m.eachNexus(func(n *Nexus, u *Unit) { n.attentionsOf(u).set(attThreshold) })
	}
	m.spaceLow = low
	return told
}
