// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	most := strings.Repeat("ab", maxBinaryLen)
	tests := []struct {
		name  string
		value string
		want  string // hex; "" is an error
		why   string
	}{
		{"hexadecimal in small letters", "0xdeadbeef", "deadbeef", ""},
		{"hexadecimal in capitals", "0XDEADBEEF", "deadbeef", ""},
		{"base64", "0b3q2+7w==", "deadbeef", ""},
		{"base64 with a capital B", "0B3q2+7w==", "deadbeef", ""},
		{"the longest in hexadecimal", "0x" + most, most, ""},
		{"the longest in base64", "0b" + base64.StdEncoding.EncodeToString(make([]byte, maxBinaryLen)), strings.Repeat("00", maxBinaryLen), ""},
		{"one byte too long in hexadecimal", "0x" + most + "00", "", "longer than 1024 bytes"},
		{"one byte too long in base64", "0b" + base64.StdEncoding.EncodeToString(make([]byte, maxBinaryLen+1)), "", "longer than 1024 bytes"},
		{"far too long in base64", "0b" + strings.Repeat("A", 8000), "", "longer than 1024 bytes"},
		{"half a byte", "0xabc", "", "malformed"},
		{"no hexadecimal digit", "0xgg", "", "malformed"},
		{"base64 without its end", "0b3q2+7w", "", "malformed"},
		{"base64 with bits left over", "0b3q2+7x==", "", "malformed"},
		{"no digits", "0x", "", "empty"},
		{"no base64 digits", "0b", "", "empty"},
		{"no prefix", "deadbeef", "", "neither hexadecimal nor base64"},
		{"a prefix that nobody knows", "0o17", "", "neither hexadecimal nor base64"},
		{"nothing", "", "", "neither hexadecimal nor base64"},
	}
	for _, tt := range tests {
		got, err := decode(tt.value)
		switch {
		case tt.why == "" && (err != nil || hex.EncodeToString(got) != tt.want):
			t.Errorf("%s: %x, %v", tt.name, got, err)
		case tt.why != "" && (err == nil || err.Error() != tt.why):
			t.Errorf("%s: %x, %v, want %s", tt.name, got, err, tt.why)
		}
	}
}

func TestEncode(t *testing.T) {
	if got := encode([]byte{0, 0xde, 0xad}); got != "0x00dead" {
		t.Errorf("%s", got)
	}
}
