// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import "time"

// Bounds of the control socket.
const (
	// maxRequest is the most bytes of a request, its line end included. The
	// longest useful one is a Lun line, of which ietd.conf takes 4095 bytes.
	maxRequest = 64 << 10
	// maxResponse is the most bytes of a response that a Client reads. 4,096
	// LUNs and as many sessions with all their keys take less than 16 MiB.
	maxResponse = 64 << 20
	// maxConns is how many connections are served at once. More wait in the
	// kernel's queue.
	maxConns = 16
	// requestTime is how long a connection may take to send its next request.
	requestTime = 60 * time.Second
	// answerTime is how long it may take to read the answer.
	answerTime = 30 * time.Second
	// callTime is how long a Client waits for an answer: deleting a LUN takes
	// as long as the last command of its disk.
	callTime = 2 * time.Minute
	// closeTime is how long Close waits for operations that run.
	closeTime = 5 * time.Second
	// acceptPause is waited after a failed accept (out of descriptors), so
	// that it does not spin.
	acceptPause = 100 * time.Millisecond
	// maxPath is the most bytes of the path of a Unix socket (unix(7): 108
	// with the zero at the end).
	maxPath = 107
)
