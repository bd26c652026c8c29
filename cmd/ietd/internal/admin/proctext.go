// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"cmp"
	"fmt"
	"slices"
)

// VolumeText is /proc/net/iet/volume as IET 1.4.20 wrote it: targets newest
// first, LUNs in the order in which they were made. Scripts parse it, so that
// nothing may be added to a line.
func VolumeText(targets []Target) []byte {
	var b []byte
	for _, t := range newestFirst(targets) {
		b = fmt.Appendf(b, "tid:%d name:%s\n", t.TID, t.Name)
		for _, l := range t.Luns {
			b = fmt.Appendf(b, "\tlun:%d state:%x iotype:%s iomode:%s blocks:%d blocksize:%d",
				l.Number, l.State, l.IOType, l.IOMode, l.Blocks, l.BlockSize)
			if l.Path != "" {
				b = fmt.Appendf(b, " path:%s", l.Path)
			}
			b = append(b, '\n')
		}
	}
	return b
}

// SessionText is /proc/net/iet/session as IET 1.4.20 wrote it: targets, sessions
// and connections newest first.
func SessionText(targets []Target) []byte {
	var b []byte
	for _, t := range newestFirst(targets) {
		b = fmt.Appendf(b, "tid:%d name:%s\n", t.TID, t.Name)
		for _, s := range slices.Backward(t.Sessions) {
			b = fmt.Appendf(b, "\tsid:%d initiator:%s\n", s.SID, s.Initiator)
			for _, c := range slices.Backward(s.Conns) {
				b = fmt.Appendf(b, "\t\tcid:%d ip:%s state:%s hd:%s dd:%s\n",
					c.CID, c.IP, c.State, c.HeaderDigest, c.DataDigest)
			}
		}
	}
	return b
}

// newestFirst returns the targets in IET's order. The tid of a target is not its
// age: an operator may choose it.
func newestFirst(targets []Target) []Target {
	return slices.SortedStableFunc(slices.Values(targets), func(a, b Target) int {
		if c := cmp.Compare(b.Made, a.Made); c != 0 {
			return c
		}
		return cmp.Compare(b.TID, a.TID)
	})
}
