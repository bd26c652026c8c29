// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"hash"
	"strings"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/textkey"
)

// An algorithm is a value of CHAP_A.
type algorithm struct {
	number int // IANA: PPP Authentication Algorithms
	name   string
	hash   func() hash.Hash
}

// algorithms are ours, the strongest first. IET took 7 for SHA-1; it is
// SHA-256.
var algorithms = []algorithm{
	{8, "SHA3-256", func() hash.Hash { return sha3.New256() }},
	{7, "SHA-256", sha256.New},
	{6, "SHA-1", sha1.New},
	{5, "MD5", md5.New},
}

// maxAlgorithm is the highest number that an algorithm can have: RFC 1994 gives
// it one byte.
const maxAlgorithm = 255

// choose returns our strongest algorithm that is in offer, a list of numbers
// with commas, or nil. The order of the list is the initiator's liking, ours
// counts. What is no number is an algorithm that we do not know.
func choose(offer string) *algorithm {
	offered := make(map[int]bool)
	for item := range strings.SplitSeq(offer, ",") {
		if n, err := textkey.Number(item, 0, maxAlgorithm); err == nil {
			offered[n] = true
		}
	}
	for i := range algorithms {
		if offered[algorithms[i].number] {
			return &algorithms[i]
		}
	}
	return nil
}

// response returns what proves that one knows secret (RFC 1994, Section 4.1).
func (a *algorithm) response(id byte, secret config.Secret, challenge []byte) []byte {
	h := a.hash()
	h.Write([]byte{id})
	h.Write([]byte(secret))
	h.Write(challenge)
	return h.Sum(nil)
}
