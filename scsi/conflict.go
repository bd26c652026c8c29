// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// An access is the class of a command: which reservations let it through. See
// the tables "commands that are allowed in the presence of various reservations"
// of SPC-4 and SBC-3, and for RESERVE of another nexus SPC-2.
type access uint8

const (
	accessAlways   access = iota + 1 // allowed under every reservation, or it looks itself, as RELEASE
	accessReady                      // allowed under every persistent reservation
	accessRead                       // allowed under Write Exclusive types
	accessConflict                   // allowed under none
	accessPersist                    // PERSISTENT RESERVE IN and OUT, which look themselves; RESERVE shuts them out
	numAccess
	accessStart   // START STOP UNIT: to start is accessReady, all else accessConflict
	accessPrevent // PREVENT ALLOW MEDIUM REMOVAL: to allow is accessReady, to prevent accessConflict
)

// of returns the class of the command in cdb, whose row has class c.
func (c access) of(cdb *[16]byte) access {
	switch {
	case c != accessStart && c != accessPrevent:
		return c
	case c == accessStart && cdb[4]&startStart != 0 && cdb[4]>>4 == 0, c == accessPrevent && cdb[4]&preventField == preventAllowed:
		return accessReady
	}
	return accessConflict
}

// A conflictRow says for one reservation and one role which classes go through
// and which end with RESERVATION CONFLICT.
type conflictRow struct {
	reservation       ReservationType
	roles             []role
	passes, conflicts []access
}

// Sets of classes, for the rows.
var (
	everyClass     = []access{accessAlways, accessReady, accessRead, accessConflict, accessPersist}
	readClasses    = []access{accessAlways, accessReady, accessRead, accessPersist}
	noAccess       = []access{accessAlways, accessReady, accessPersist}
	holder         = []role{roleHolder}
	registrants    = []role{roleHolder, roleRegistered}
	others         = []role{roleOther}
	othersThanHold = []role{roleRegistered, roleOther}
)

// conflictRows is the conflict matrix. Each reservation, role and class stands
// in it once. Under RESERVE no role is registered: it is refused while there are
// registrations, and they while it is held. Under All Registrants types none is
// only registered: place makes all of them holders.
var conflictRows = []conflictRow{
	{NoReservation, []role{roleHolder, roleRegistered, roleOther}, everyClass, nil},

	{WriteExclusive, holder, everyClass, nil},
	{WriteExclusive, othersThanHold, readClasses, []access{accessConflict}},

	{ExclusiveAccess, holder, everyClass, nil},
	{ExclusiveAccess, othersThanHold, noAccess, []access{accessRead, accessConflict}},

	{WriteExclusiveRegOnly, registrants, everyClass, nil},
	{WriteExclusiveRegOnly, others, readClasses, []access{accessConflict}},

	{ExclusiveAccessRegOnly, registrants, everyClass, nil},
	{ExclusiveAccessRegOnly, others, noAccess, []access{accessRead, accessConflict}},

	{WriteExclusiveAllRegs, registrants, everyClass, nil},
	{WriteExclusiveAllRegs, others, readClasses, []access{accessConflict}},

	{ExclusiveAccessAllRegs, registrants, everyClass, nil},
	{ExclusiveAccessAllRegs, others, noAccess, []access{accessRead, accessConflict}},

	{reservedByReserve, holder, []access{accessAlways, accessReady, accessRead, accessConflict}, []access{accessPersist}},
	{reservedByReserve, othersThanHold, []access{accessAlways}, []access{accessReady, accessRead, accessConflict, accessPersist}},
}

// conflictMatrix is conflictRows for the data path: the bits of the classes that
// conflict.
var conflictMatrix = func() (m [numReservationTypes][numRoles]uint8) {
	for _, row := range conflictRows {
		for _, r := range row.roles {
			for _, c := range row.conflicts {
				m[row.reservation][r] |= 1 << c
			}
		}
	}
	return m
}()
