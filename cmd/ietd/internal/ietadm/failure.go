// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"unicode/utf8"

	"ietring/cmd/ietd/internal/admin"
)

// exitUsage is the exit code for arguments that cannot be: -1, as a byte.
const exitUsage = 255

// usageError is what is wrong with the arguments as such.
type usageError string

func (u usageError) Error() string { return string(u) }

// unsupportedError is what IET answered with the word Unsupported, and why there
// is no need for it.
type unsupportedError string

func (u unsupportedError) Error() string { return string(u) }

// invalid is an EINVAL that needs no ietd to be known. The text must not quote
// --params: a secret may be in it.
func invalid(format string, args ...any) error {
	return &admin.Error{Errno: syscall.EINVAL, Text: fmt.Sprintf(format, args...)}
}

// fail prints err and returns the exit code that it has. IET's line comes first,
// strerror and a full stop; the sentence that follows is ours. When standard
// error cannot be written there is nobody left to tell.
func fail(stderr io.Writer, err error) int {
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "ietadm: %s\nTry `ietadm --help' for more information.\n", usage)
		return exitUsage
	}
	var unsupported unsupportedError
	if errors.As(err, &unsupported) {
		fmt.Fprintln(stderr, "Unsupported.")
		err = &admin.Error{Errno: syscall.EINVAL, Text: string(unsupported)}
	}
	errno, text := syscall.EIO, err.Error()
	var e *admin.Error
	if errors.As(err, &e) {
		errno, text = e.Errno, e.Text
	}
	fmt.Fprintln(stderr, strerror(errno)+".")
	if text != "" {
		fmt.Fprintln(stderr, "ietadm:", text)
	}
	return int(byte(-int(errno)))
}

// strerror is the C library's text, which is Go's with a capital.
func strerror(errno syscall.Errno) string {
	s := errno.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}

// checkText refuses what a request, which is JSON, cannot carry as it is.
func (c *command) checkText() error {
	for _, text := range []struct{ flag, value string }{
		{"params", c.params}, {"redirect", c.redirect}, {"target", c.target},
	} {
		if !utf8.ValidString(text.value) {
			return invalid("--%s is not UTF-8", text.flag)
		}
	}
	return nil
}
