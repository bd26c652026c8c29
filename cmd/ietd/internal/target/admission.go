// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import "net/netip"

// An Admission says who may see and use which target. It is asked anew at every
// login and discovery, by many goroutines at once, so that a change counts at
// once.
type Admission interface {
	// Initiator reports whether the initiator of that name, which comes from
	// remote, may see target; when not, why is a sentence for the log.
	Initiator(target, initiator string, remote netip.Addr) (allowed bool, why string)
	// Local reports whether target may be reached by local, an address of
	// ours.
	Local(target string, local netip.Addr) bool
}

// Admissions are asked one after the other; each must allow. None admit
// everybody.
type Admissions []Admission

// Initiator reports whether all let the initiator in, and why one does not.
func (a Admissions) Initiator(target, initiator string, remote netip.Addr) (allowed bool, why string) {
	for _, one := range a {
		if allowed, why := one.Initiator(target, initiator, remote); !allowed {
			return false, why
		}
	}
	return true, ""
}

// Local reports whether all let the target be reached by local.
func (a Admissions) Local(target string, local netip.Addr) bool {
	for _, one := range a {
		if !one.Local(target, local) {
			return false
		}
	}
	return true
}
