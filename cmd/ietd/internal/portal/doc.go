// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package portal is where initiators come in: the listening sockets, and one
// goroutine for each connection until it is a loop's or gone.
//
//	Listen --> accept --> login.Server.Run --> a loop has the socket
//	                                      \-> discovery.Directory.Serve
//
// How many connections may be in login is bounded, over all and for each
// address, and so is their time: strangers who connect and say nothing cannot
// keep others out. The package must not know what login and discovery say.
package portal
