// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package config is what the operator asks for: the model, and how ietd.conf and
// the command line become it. The words are IET's.
//
//	ietd.conf --ParseFile--> Targets, accounts, iSNS + Report
//	                              |  flags win
//	arguments --ParseArgs---------+--> Config --Check--> nothing wrong, or one sentence
//	                                     |
//	                              Reload |  Write --> ietd.conf
//
// Everything is validated before anything is bound or opened. A value that is
// out of range is refused with what would be right; nothing is clamped. Errors
// are one line: where, what is wrong, what would be right.
//
// # ietd.conf
//
// The grammar is that of IET 1.4.20: a directive a line, words separated by white
// space, keywords in any case, numbers in C's bases (LUN numbers in base 10),
// lines of at most 4095 bytes, no continuation. A line whose first character is #
// is a comment; so is what follows a word that begins with #, where a directive
// takes a fixed number of words. A directive stands in the block of the Target
// line before it; iSNSServer and iSNSAccessControl belong to no block, and
// IncomingUser and OutgoingUser before the first Target are for discovery. The
// number of a target (tid) is its place in the file, from 1.
//
//	iSNSServer NAME|ADDRESS          iSNSAccessControl Yes|No
//	Target NAME                      begins a block
//	  Alias TEXT                     sent as TargetAlias; IET never sent it
//	  Lun NUMBER KEY=VALUE,…         Path Type ScsiId ScsiSN IOMode BlockSize Blocks Sectors
//	  IncomingUser NAME SECRET       many; the block then demands CHAP
//	  OutgoingUser NAME SECRET       one, the last wins
//	  MaxSessions, QueuedCommands, Wthreads, Type, NOPInterval, NOPTimeout NUMBER
//	  InitialR2T Yes|No …            the session keys of RFC 7143, Section 13
//
// Of our own are the parameters Direct, PhysicalBlockSize, AtomicWrite, Thin,
// ThinThreshold, WSNZ, EraseRate, NAA and Removable of a Lun line, and directives
// that IET's parser passed over:
//
//	LunMask INITIATOR LUNS [ro]
//	Redirect ADDRESS[:PORT] [permanent]
//	PortGroup NUMBER [STATE] [explicit]
//
// INITIATOR is a pattern of the initiator's name in which * stands for any
// characters and ? for one, compared without case, or an address or prefix as in
// 192.0.2.0/24, or ALL. LUNS is a list as in 0,2-5, or ALL, or none. The first
// LunMask of the block that matches an initiator says which LUNs it sees; with ro
// it cannot write to them. In a block with a LunMask, an initiator that none
// matches sees no LUN. Redirect is what ietadm --redirect says.
//
// IET said nothing to most mistakes. Here each is a [Finding], and its severity
// follows one rule. An error is what would make the target be another one than
// the line says, and the file is refused: a number out of its range (IET ran with
// the smallest), a LUN that cannot be, a value that is none. A warning is what
// does no harm, or what IET ran differently: a word that nobody knows, a
// directive where it means nothing. A note is what is worth knowing. Names of
// targets are not validated, as in IET, because the WWIDs of disks depend on
// their spelling; a doubtful one is a warning.
//
// Session keys that a file does not give have our defaults, which are made for
// speed, instead of IET's; FirstBurstLength follows a smaller MaxBurstLength.
//
// A Config is a plain value that its reader owns. The package reads ietd.conf and
// must not open anything else: no sockets, no disks.
package config
