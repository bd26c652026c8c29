// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"fmt"
	"syscall"

	"ietring/cmd/ietd/internal/admin"
)

// The errnos of refusals: what ietadm's exit code is made of, as in IET.
const (
	errNoEntry = syscall.ENOENT
	errExists  = syscall.EEXIST
	errBusy    = syscall.EBUSY
	errInvalid = syscall.EINVAL
	errIO      = syscall.EIO
)

// refuse returns the error of an operation that is refused.
func refuse(errno syscall.Errno, format string, args ...any) error {
	return &admin.Error{Errno: errno, Text: fmt.Sprintf(format, args...)}
}

// refusal makes err an *admin.Error; errno is for one that names none.
func refusal(errno syscall.Errno, err error) error {
	var known *admin.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	errors.As(err, &errno)
	return &admin.Error{Errno: errno, Text: err.Error()}
}
