// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import "time"

// Bounds of what a server, or a stranger at a notification port, can make us
// keep or wait for.
const (
	// maxMessage is the payload of one message from the server, over all its
	// PDUs: about 10,000 initiators with names of usual length.
	maxMessage = 1 << 20
	// maxPDUs is the PDUs of one message.
	maxPDUs = 256
	// maxNotice is the payload of a message at a notification port, where
	// anybody can connect.
	maxNotice = 16 << 10
	// maxAttrs is the attributes of one message. An initiator has two.
	maxAttrs = 32 << 10
	// maxRequest is the payload from which a request is split: well below the
	// 65,535 bytes of one PDU, the largest attribute included.
	maxRequest = 16 << 10
	// maxName is the bytes of an iSCSI name, maxText those of an entity
	// identifier or alias, the NUL not counted (RFC 4171, Sections 6.2.1, 6.4.1
	// and 6.4.3).
	maxName, maxText = 223, 255
	// maxPortals is the portals that are registered.
	maxPortals = 64
	// maxInitiators is the initiators that are kept over all targets.
	maxInitiators = 1 << 20
	// maxNoticeConns is the connections at the notification ports at one time;
	// further ones are closed. A server needs one.
	maxNoticeConns = 8
	// noticeIdle is how long a connection there may be silent.
	noticeIdle = 2 * time.Minute
	// esiInterval is how often the server is asked to see whether we live.
	esiInterval = time.Minute
)

// times are the waits of a client. Tests shorten them.
type times struct {
	poll time.Duration // between rounds when nothing happens; IET: 30 s
	gap  time.Duration // between rounds however much happens
	call time.Duration // for a connection, and for an answer
	bye  time.Duration // for all of deregistration at the end
	// back-off after a failure: from first, doubled up to most
	first, most time.Duration
}

var usualTimes = times{
	poll: 30 * time.Second, gap: time.Second, call: 10 * time.Second, bye: 3 * time.Second,
	first: time.Second, most: time.Minute,
}
