// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/manual"
)

// Every page and completion can be made from what the program knows of itself:
// a flag, directive, key or parameter that no page explains fails here.
func TestPrintItself(t *testing.T) {
	for _, tt := range []struct {
		argument string
		names    []string
		has      string
	}{
		{printManual, manual.Pages, "ietd"},
		{printCompletion, manual.Shells, "queue-depth"},
	} {
		for _, name := range tt.names {
			var stdout, stderr bytes.Buffer
			if code := run([]string{"ietd", tt.argument, name}, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), tt.has) {
				t.Errorf("%s %s: exit code %d, %s", tt.argument, name, code, stderr.String())
			}
		}
		var stdout, stderr bytes.Buffer
		if code := run([]string{"ietd", tt.argument, "nothing"}, &stdout, &stderr); code != exitRefused || stderr.Len() == 0 {
			t.Errorf("%s of what is not there: exit code %d, %q", tt.argument, code, stderr.String())
		}
	}
}
