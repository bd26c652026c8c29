// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

// network starts slirp4netns and gives the socket that the kernel's vec0 is to
// talk to, and what ends it.
func (g *guest) network() (socket string, stop func(), err error) {
	socket = g.file("bess")
	command := exec.Command("slirp4netns", "--mtu=65520", "--disable-dns", "--target-type=bess", socket)
	log, err := os.Create(g.file("slirp.log"))
	if err != nil {
		return "", nil, err
	}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return "", nil, errors.Join(err, log.Close())
	}
	stop = func() {
		// It has nothing to save, and ends by itself with the guest; what Kill
		// and Wait say then is of no interest.
		command.Process.Kill()
		command.Wait()
		log.Close()
	}
	for range 200 {
		if info, err := os.Stat(socket); err == nil && info.Mode()&os.ModeSocket != 0 {
			return socket, stop, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("slirp4netns made no socket; see %s", log.Name())
}

// portOf is the port of a portal on this machine's loopback, the only address
// of it that the guest has a way to.
func portOf(portal string) (string, error) {
	host, port, err := net.SplitHostPort(portal)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("portal %s is not on the loopback address", portal)
	}
	return port, nil
}
