// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"regexp"
	"strings"
)

// MaxNameLen is the most bytes that an iSCSI name has (RFC 7143, Section
// 4.2.7.1).
const MaxNameLen = 223

// The three forms of an iSCSI name: RFC 7143, Sections 4.2.7.3 to 4.2.7.5.
var (
	iqnForm = regexp.MustCompile(`^iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[a-z0-9.:-]+)?$`)
	euiForm = regexp.MustCompile(`^eui\.[0-9a-f]{16}$`)
	naaForm = regexp.MustCompile(`^naa\.([0-9a-f]{16}|[0-9a-f]{32})$`)
)

// CheckName reports what is wrong with a target's name.
func CheckName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return fmt.Errorf("the name is empty; a target is named like iqn.2026-11.com.example:disk")
	case len(name) > MaxNameLen:
		return fmt.Errorf("the name has %d bytes; at most %d are allowed", len(name), MaxNameLen)
	case formOK(name):
		return nil
	case formOK(lower):
		return fmt.Errorf("%q has capital letters; iSCSI names are in small letters: %s", name, lower)
	}
	return fmt.Errorf("%q is not an iSCSI name; it looks like iqn.2026-11.com.example:disk (letters, digits, '-', '.', ':'), eui.0123456789abcdef or naa.0123456789abcdef", name)
}

func formOK(name string) bool {
	return iqnForm.MatchString(name) || euiForm.MatchString(name) || naaForm.MatchString(name)
}
