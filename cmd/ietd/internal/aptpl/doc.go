// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package aptpl keeps the persistent reservations of logical units that are to
// outlive a loss of power (APTPL of PERSISTENT RESERVE OUT, SPC-4): one small text
// file a unit, in a folder of the state directory.
//
//	scsi.Medium --Save--> .NAME.new --fsync, rename, fsync--> NAME
//	            <-Load--                                      NAME
//
// A file is either as it was or as it becomes, whenever the process or the machine
// dies, and what Save and Remove have done is on stable storage when they return:
//
//	ietring reservations 1
//	unit "7a…" 3763…
//	register 000000000000abcd 00023d000001 1 "iqn.…:host" "iqn.…:disk"
//	reserve 5 00023d000001 1 "iqn.…:host" "iqn.…:disk"
//	checksum 5f0c1d2e
//
// A file that cannot be read is never taken for one without registrations: a node
// that was shut out of a disk would write to it. Who removes the file decides that.
package aptpl
