// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import "time"

// Bounds of those who ask.
const (
	// maxConns is how many are answered at once; others wait in the kernel's
	// queue.
	maxConns = 8
	// maxRequest bounds the bytes of a request with its header.
	maxRequest = 8 << 10
	// askTime is what a request may take to arrive, and answerTime what its
	// answer may take to leave.
	askTime    = 5 * time.Second
	answerTime = 5 * time.Second
	// loopTime is how long a loop may take to answer.
	loopTime = time.Second
	// freshTime is for how long an answer is given again: whoever asks more
	// often does not trouble the loops.
	freshTime = 100 * time.Millisecond
	// acceptPause is waited after a failed accept (out of descriptors), so
	// that it does not spin.
	acceptPause = 100 * time.Millisecond
)
