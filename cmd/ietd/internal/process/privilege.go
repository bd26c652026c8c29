// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"fmt"
	"syscall"
)

// Drop makes the process group gid and user uid, for good and in every thread;
// 0 leaves one as it is. Supplementary groups go when the group does.
func Drop(uid, gid int) error {
	if gid != 0 {
		if err := syscall.Setgroups([]int{gid}); err != nil {
			return fmt.Errorf("cannot give up supplementary groups: %w", err)
		}
		if err := syscall.Setgid(gid); err != nil {
			return fmt.Errorf("cannot become group %d: %w", gid, err)
		}
	}
	if uid != 0 {
		if err := syscall.Setuid(uid); err != nil {
			return fmt.Errorf("cannot become user %d: %w", uid, err)
		}
	}
	return nil
}
