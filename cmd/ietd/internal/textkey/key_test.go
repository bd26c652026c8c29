// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package textkey

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range All() {
		if seen[k.Name] {
			t.Errorf("%s is there twice", k.Name)
		}
		seen[k.Name] = true
		if k.Name == "" || k.Section == "" || k.Kind == 0 || k.Place == 0 || k.Sender == 0 {
			t.Errorf("%s: the row is not complete: %+v", k.Name, k)
		}
		if Lookup(k.Name) == nil || Lookup(strings.ToUpper(k.Name)) != nil {
			t.Errorf("%s: Lookup", k.Name)
		}
		if (k.Kind == Constant) != (k.Answer != "") {
			t.Errorf("%s: a Constant has an Answer, nothing else has: %q", k.Name, k.Answer)
		}
		switch k.Kind {
		case Minimum, Maximum, And, Or:
			if err := k.Valid(k.Default); err != nil {
				t.Errorf("%s: default: %v", k.Name, err)
			}
		}
	}
}

// TestResults is the golden table of negotiation: RFC 7143, Section 6.2.
func TestResults(t *testing.T) {
	tests := []struct {
		name               string
		key, offered, ours string
		want               string
		ok                 bool
	}{
		{"a smaller offer wins a minimum", "MaxBurstLength", "512", "4096", "512", true},
		{"a larger offer loses a minimum", "MaxBurstLength", "16777215", "4096", "4096", true},
		{"hexadecimal is a number", "MaxBurstLength", "0x200", "4096", "512", true},
		{"hexadecimal in capitals", "MaxBurstLength", "0X200", "4096", "512", true},
		{"below the range is no value", "MaxBurstLength", "511", "4096", "", false},
		{"above the range is no value", "MaxBurstLength", "16777216", "4096", "", false},
		{"a sign is no number", "MaxBurstLength", "+512", "4096", "", false},
		{"an empty value is no number", "MaxBurstLength", "", "4096", "", false},
		{"a number too large for any type", "MaxBurstLength", "99999999999999999999", "4096", "", false},
		{"FirstBurstLength is a minimum", "FirstBurstLength", "65536", "512", "512", true},
		{"MaxOutstandingR2T is a minimum", "MaxOutstandingR2T", "1", "8", "1", true},
		{"MaxConnections is a minimum", "MaxConnections", "8", "1", "1", true},
		{"ErrorRecoveryLevel is a minimum", "ErrorRecoveryLevel", "2", "0", "0", true},
		{"ErrorRecoveryLevel 3 does not exist", "ErrorRecoveryLevel", "3", "0", "", false},
		{"Time2Retain is a minimum", "DefaultTime2Retain", "0", "20", "0", true},
		{"Time2Wait is a maximum", "DefaultTime2Wait", "0", "2", "2", true},
		{"a larger offer wins a maximum", "DefaultTime2Wait", "5", "2", "5", true},
		{"iSCSIProtocolLevel is a minimum", "iSCSIProtocolLevel", "2", "1", "1", true},
		{"OR: Yes wins", "InitialR2T", "No", "Yes", "Yes", true},
		{"OR: both No", "InitialR2T", "No", "No", "No", true},
		{"OR: the offer's Yes wins", "InitialR2T", "Yes", "No", "Yes", true},
		{"AND: No wins", "ImmediateData", "Yes", "No", "No", true},
		{"AND: both Yes", "ImmediateData", "Yes", "Yes", "Yes", true},
		{"AND: the offer's No wins", "ImmediateData", "No", "Yes", "No", true},
		{"yes in small letters is no value", "ImmediateData", "yes", "Yes", "", false},
		{"data in order always", "DataPDUInOrder", "No", "Yes", "Yes", true},
		{"a list takes the offer's first", "HeaderDigest", "CRC32C,None", "None,CRC32C", "CRC32C", true},
		{"None first stays None", "HeaderDigest", "None,CRC32C", "None,CRC32C", "None", true},
		{"a list passes over what is unknown", "DataDigest", "MD5,CRC32C", "None,CRC32C", "CRC32C", true},
		{"nothing in common", "DataDigest", "None", "CRC32C", "", false},
		{"TaskReporting", "TaskReporting", "FastAbort,RFC3720", "RFC3720", "RFC3720", true},
		{"AuthMethod", "AuthMethod", "CHAP,None", "None", "None", true},
		{"AuthMethod without None", "AuthMethod", "CHAP", "None", "", false},
	}
	for _, tt := range tests {
		got, ok := Lookup(tt.key).Result(tt.offered, tt.ours)
		if got != tt.want || ok != tt.ok {
			t.Errorf("%s: %q, %v, want %q, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestConstants(t *testing.T) {
	for name, want := range map[string]string{
		"IFMarker": "No", "OFMarker": "No", "IFMarkInt": "Reject", "OFMarkInt": "Reject",
		"RDMAExtensions": "No", "MaxAHSLength": "Irrelevant",
	} {
		if k := Lookup(name); k.Kind != Constant || k.Answer != want {
			t.Errorf("%s is answered %q, want %q", name, k.Answer, want)
		}
	}
}

func TestSame(t *testing.T) {
	tests := []struct {
		name, key, a, b string
		want            bool
	}{
		{"numbers in two ways of writing", "MaxBurstLength", "512", "0x200", true},
		{"two numbers", "MaxBurstLength", "512", "513", false},
		{"a number and none", "MaxBurstLength", "512", "x", false},
		{"words", "InitialR2T", "Yes", "Yes", true},
		{"two words", "InitialR2T", "Yes", "No", false},
	}
	for _, tt := range tests {
		if got := Lookup(tt.key).Same(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
