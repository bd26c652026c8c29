// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"time"

	"ietring/backing"
	"ietring/scsi"
)

// spaceEvery is how often the room below thin disks is looked at.
const spaceEvery = 10 * time.Second

// A spaceLook is what is to be looked at for one medium.
type spaceLook struct {
	path string
	low  int64 // bytes: with less available, initiators are told; the most of its LUNs
}

// spaceLoop tells the media of thin disks what room there is until ctx ends. File
// systems can hang, so nobody waits for it, not even Close. Without thin disks it
// sleeps until m.thin says that a disk has come, or has become ready.
func (m *Manager) spaceLoop(ctx context.Context) {
	for {
		looks := m.spaceLooks()
		for medium, look := range looks {
			m.lookAtSpace(medium, look)
		}
		var again <-chan time.Time
		if len(looks) > 0 {
			again = time.After(m.spacePause)
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-m.thin:
		}
	}
}

// spaceLooks returns the media of which the room is known.
func (m *Manager) spaceLooks() map[*scsi.Medium]spaceLook {
	m.mu.RLock()
	defer m.mu.RUnlock()
	looks := make(map[*scsi.Medium]spaceLook)
	for _, h := range m.targets {
		for _, l := range h.luns {
			c := l.unit.Config()
			if !c.KnowsSpace || c.NotReady {
				continue
			}
			low := int64(c.Blocks) / 100 * int64(c.BlockSize) * int64(l.cfg.ThinThreshold)
			looks[c.Medium] = spaceLook{l.cfg.Backing.Path, max(low, looks[c.Medium].low)}
		}
	}
	return looks
}

// lookAtSpace tells one medium.
func (m *Manager) lookAtSpace(medium *scsi.Medium, look spaceLook) {
	used, available, err := backing.Usage(look.path)
	if err != nil {
		m.Log.Warn().Err(err).Str("path", look.path).Msg("the room for a thin disk cannot be seen")
		return
	}
	if medium.SetSpace(scsi.Space{Used: used, Available: available}, available < look.low) {
		m.Log.Warn().Str("path", look.path).Int64("available_bytes", available).Int64("threshold_bytes", look.low).
			Msg("a thin disk has little room left; initiators are told")
	}
}
