// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package admin is how a running ietd is looked at and changed: a Unix socket
// with a versioned JSON protocol, and the Backend that answers it.
//
//	ietadm --Client--> socket --Server--> operations --Backend--> package state
//
// The package knows the words of the protocol, who may speak it (SO_PEERCRED),
// and IET's two texts of /proc/net/iet. It does not know how a change is made.
//
// # The protocol
//
// It is open to any program. The socket is a Unix stream socket, by default
// /run/ietd/ietd.sock, which root and the user as whom ietd runs may use. A
// request is one JSON object on one line, in UTF-8 and of at most 64 KiB; it is
// answered by one JSON object on one line, in order. A connection takes any number
// of requests, each of which must come within 60 seconds. There are 16
// connections at once; others wait.
//
//	{"version":1,"op":"new-lun","tid":1,"lun":3,"params":"Path=/srv/disk.img"}
//	{"version":1,"result":{}}
//	{"version":1,"op":"delete-target","tid":9}
//	{"version":1,"error":{"errno":2,"name":"ENOENT","text":"there is no target 9"}}
//
// Every request has version, which is 1, and op. The other fields are those of
// the operation; one in parentheses may be left out, and all others must be there.
// A field that the operation does not have, an operation that is not known and a
// line that is no request are answered with EINVAL; what is no line (too long, or
// without its end) also ends the connection. A stranger gets EPERM.
//
//	op                fields                      result
//	targets           -                           targets: list of target
//	target            tid                         target
//	find-target       name                        tid
//	new-target        tid name                    tid; 0 asks for a free one
//	delete-target     tid (force)                 -
//	update-target     tid params                  effects: list of key, when
//	redirect          tid to (permanent)          -; to "" ends it
//	new-lun           tid lun params              -; params is text, as in ietd.conf
//	delete-lun        tid lun                     -; when its last command has ended
//	update-lun        tid lun (params)            text: what happened
//	close-connection  tid sid cid                 -; does not wait
//	close-session     tid sid                     -; does not wait
//	accounts          tid                         accounts: list of outgoing, name
//	secret            tid (outgoing) name         secret
//	new-account       tid (outgoing) name secret  -
//	delete-account    tid (outgoing) name         -
//	reload            (dry_run)                   lines, also beside an error
//	dump              -                           conf: an ietd.conf in base64
//	stop-all          -                           -; leaves iSNS
//
// tid, lun and cid are numbers; sid has 64 bits and is a string of digits; force,
// permanent, outgoing and dry_run are booleans, false when left out; params, but
// for new-lun, is a list of objects with the strings key and value. For accounts
// tid 0 means discovery. What a target, LUN, session and connection hold are the
// fields of [Target], [Lun], [Reservations], [Session] and [Conn]. A list in a result that is
// empty is left out. New versions of ietd may add operations, and fields of
// results: a program passes over those that it does not know.
//
// # Ownership
//
// A Server owns its socket and its connections, each with a goroutine, and calls
// the Backend from all of them. Requests that change something are logged with
// who asked and what became of it. Secrets are in new-account, and in the answers
// to secret and dump, and nowhere else: not in an error, and not in the log.
package admin
