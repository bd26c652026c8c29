// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package access is IET's access files: initiators.allow, initiators.deny and
// targets.allow decide who sees a target and may log in to it, and at which
// local address.
//
//	file --stat, read on change--> Snapshot --Initiator, Local--> yes or no
//
// A file has one line for each target, or for all of them:
//
//	<target name | ALL> item, item, …
//
//	ALL              anybody
//	a.b.c.d[/p]      an IPv4 address or network
//	[addr][/p]       an IPv6 address or network
//	anything else    a POSIX basic regular expression that the whole initiator
//	                 name matches; not in targets.allow
//
// The first line that names the target, or ALL, decides; later ones are not
// looked at. Files are read again when they change, so an edit holds from the
// next login or discovery on.
//
// What cannot be understood shuts out: a wrong item matches nobody in a file
// that allows and everybody in a file that denies, and its line still decides;
// a file that exists and cannot be read denies everybody. Each is logged once
// for each change, with the line and what to write.
//
// A Rules is safe for many goroutines; a Snapshot is immutable. The package
// must not know what a session or a target is beyond its name.
package access
