// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import (
	"encoding/hex"
	"testing"

	"ietring/cmd/ietd/internal/config"
)

// TestKnownAnswers compares with digests of identifier, secret and challenge
// that another implementation (OpenSSL, by Python's hashlib) computed.
func TestKnownAnswers(t *testing.T) {
	oneWay := struct {
		id        byte
		secret    config.Secret
		challenge string
	}{0x5a, "0123456789ab", "000102030405060708090a0b0c0d0e0f"}
	mutual := oneWay
	mutual.id, mutual.secret, mutual.challenge = 200, "the other secret", "ff00ee11"
	tests := []struct {
		name  string
		offer string
		one   string
		two   string
	}{
		{"MD5 is 5", "5", "cafc08cb503e4d23b523af334d1009a3", "5321c1abf02c1b6b658a06ae50562f2e"},
		{"SHA-1 is 6", "6", "64cd9d21be9ee8e39b8fa75a59f45743ac6a84af", "44c7e968bf60e8e5e0561dc105fcb2e2284cf4c4"},
		{"SHA-256 is 7", "7", "c8c3e1a888620d1fa0fd1e55a0ee90a7eb69cfe179e47aa4f4ef1560607282b9", "ff086e646f4e00b98538fba13e666b5a4eaf58234c0438b9834af05ebb53566e"},
		{"SHA3-256 is 8", "8", "87339a29780f862dc8b7b6c8e64da492555cd7fc2044d5b1b266cac743aec80e", "ce4fba2ce45518d41b996b59c384629ecef4600baeece3e3f4bda910ee109814"},
	}
	for _, tt := range tests {
		a := choose(tt.offer)
		if a == nil {
			t.Errorf("%s: not known", tt.name)
			continue
		}
		for _, in := range []struct {
			id        byte
			secret    config.Secret
			challenge string
			want      string
		}{{oneWay.id, oneWay.secret, oneWay.challenge, tt.one}, {mutual.id, mutual.secret, mutual.challenge, tt.two}} {
			challenge, err := hex.DecodeString(in.challenge)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(a.response(in.id, in.secret, challenge)); got != in.want {
				t.Errorf("%s: %s, want %s", tt.name, got, in.want)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	tests := []struct {
		name  string
		offer string
		want  string // "": none
	}{
		{"open-iscsi offers all, the strongest first", "8,7,6,5", "SHA3-256"},
		{"the strongest counts, not the first", "5,6,8,7", "SHA3-256"},
		{"IET took 7 for SHA-1; it is SHA-256", "7,5", "SHA-256"},
		{"only the old one", "5", "MD5"},
		{"unknown ones are passed over", "200,6,9", "SHA-1"},
		{"numbers can be hexadecimal", "0x7,0X05", "SHA-256"},
		{"words are algorithms that we do not know", "MD5,5", "MD5"},
		{"nothing", "", ""},
		{"only unknown ones", "1,2,3", ""},
		{"above a byte", "263", ""},
	}
	for _, tt := range tests {
		got := ""
		if a := choose(tt.offer); a != nil {
			got = a.name
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
