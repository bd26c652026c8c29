// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"strings"

	"ietring/backing"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/ring"
	"ietring/scsi"
)

// A hosted is a target that runs. Its fields are guarded by Manager.mu; who
// holds Manager.changes may read them without.
type hosted struct {
	name    string // as configured; it does not change
	tid     uint32
	made    uint64        // counts targets, from 1
	cfg     config.Target // without Luns, which are in luns
	scsi    *scsi.Target
	luns    []*lun // in the order in which they were made
	leaving []*lun // taken away, with commands still under way
}

// A lun is a logical unit that runs. Its fields are guarded as those of hosted.
type lun struct {
	owner  *hosted // this and number do not change
	number uint16
	cfg    config.Lun
	unit   *scsi.Unit
	medium *medium // from before its disk is opened; it does not change
	disk   *disk   // nil when there is none; one that has failed stays until it is replaced
	why    string  // of a unit that is not ready; "" when it is
	gone   bool    // it was taken out of its target
}

// String names the LUN as messages do.
func (l *lun) String() string { return lunName(l.number, l.owner.name) }

func lunName(number uint16, target string) string {
	return fmt.Sprintf("LUN %d of %s", number, target)
}

// find returns the LUN with this number, or nil.
func (h *hosted) find(number uint16) *lun {
	for _, l := range h.luns {
		if l.number == number {
			return l
		}
	}
	return nil
}

// entry returns what login needs to know of h. depth is the command window of
// a target that names none.
func (h *hosted) entry(depth int) *target.Target {
	if h.cfg.QueuedCommands > 0 {
		depth = h.cfg.QueuedCommands
	}
	return &target.Target{
		TID: h.tid, Name: h.name, Alias: h.cfg.Alias, SCSI: h.scsi, Keys: h.cfg.Keys, QueueDepth: depth,
		NOPInterval: seconds(h.cfg.NOPInterval), NOPTimeout: seconds(h.cfg.NOPTimeout),
		Accounts:    target.Accounts{Incoming: h.cfg.Incoming, Outgoing: h.cfg.Outgoing},
		MaxSessions: h.cfg.MaxSessions, Redirect: h.cfg.Redirect,
	}
}

// describe returns what initiators see of a LUN with this disk. How it may be
// written is the LUN's to say: a disk that was opened for writing can be behind
// a LUN that is read-only since.
func describe(d *disk, unit scsi.UnitConfig, l *config.Lun) scsi.UnitConfig {
	c := ring.Describe(d.Disk, unit)
	c.ReadOnly, c.WriteCache = ioMode(l.Backing) == "ro", ioMode(l.Backing) == "wb"
	c.WSNZ, c.EraseRate = l.WSNZ, l.EraseRate
	return c
}

// ioMode returns the mode with its default filled in.
func ioMode(b backing.Params) string {
	if b.IOMode == "" {
		return "wt"
	}
	return b.IOMode
}

// ioType returns the type with its default filled in.
func ioType(b backing.Params) string {
	if b.Type == "" {
		return "fileio"
	}
	return b.Type
}

// key is the form of a target's name that is compared.
func key(name string) string { return strings.ToLower(name) }
