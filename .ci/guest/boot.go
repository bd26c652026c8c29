// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	kernel        = "linux.uml"
	modulesFolder = "/usr/lib/uml/modules"
	memory        = "mem=768M"
)

// A guest is one boot of the kernel.
type guest struct {
	folder   string            // work folder; the guest's /out, absolute
	work     string            // the script that it runs when it has logged in
	settings map[string]string // shell variables for the scripts
	limit    time.Duration     // for all of it; two busy cores slow it tenfold
}

// run boots the guest and waits for its power to go off. The error holds what
// the guest printed.
func (g *guest) run() error {
	modules, err := modulesOf()
	if err != nil {
		return err
	}
	if err := g.provide(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), g.limit)
	defer cancel()
	socket, stopNetwork, err := g.network()
	if err != nil {
		return err
	}
	defer stopNetwork()
	command := exec.CommandContext(ctx, kernel, memory,
		"rootfstype=hostfs", "rootflags=/", "ro", "quiet", "panic=1",
		"con=null", "ssl=null", "con0=null,fd:1", "uml_dir="+g.folder, "umid=u",
		"vec0:transport=bess,dst="+socket+",depth=128,gro=1,mtu=65520",
		"init="+g.file("init.sh"), "OUT="+g.folder, "MODULES="+modules)
	// The guest's memory is a file in TMPDIR: on a disk it would be slow.
	command.Env = append(os.Environ(), "TMPDIR=/dev/shm")
	console, err := command.CombinedOutput()
	status, serr := os.ReadFile(g.file("status"))
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the guest does not end after %v\n%s", g.limit, g.printed(console))
	case serr != nil:
		return fmt.Errorf("the guest gave no status (kernel: %v)\n%s", err, g.printed(console))
	case strings.TrimSpace(string(status)) != "0":
		return fmt.Errorf("the guest ended with status %s%s", status, g.printed(console))
	}
	return nil
}

func (g *guest) file(name string) string { return filepath.Join(g.folder, name) }

// provide puts scripts and settings into the work folder.
func (g *guest) provide() error {
	for from, to := range map[string]string{"init.sh": "init.sh", "session.sh": "session.sh", g.work: "work.sh"} {
		b, err := os.ReadFile(filepath.Join(".ci", "guest", from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(g.file(to), b, 0o755); err != nil {
			return err
		}
	}
	var lines []string
	for name, value := range g.settings {
		lines = append(lines, fmt.Sprintf("%s='%s'\n", name, value))
	}
	slices.Sort(lines)
	return os.WriteFile(g.file("settings"), []byte(strings.Join(lines, "")), 0o644)
}

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

// printed is what the guest printed, where it counts: the work, then the ends
// of log and console.
func (g *guest) printed(console []byte) string {
	const most = 3000
	var b strings.Builder
	for _, name := range []string{"output", "log"} {
		text, err := os.ReadFile(g.file(name))
		if err != nil {
			continue // the guest did not come that far
		}
		fmt.Fprintf(&b, "--- %s\n%s", name, text[max(0, len(text)-most):])
	}
	fmt.Fprintf(&b, "--- console\n%s", console[max(0, len(console)-most):])
	return b.String()
}

// modulesOf finds the folder with the modules of Debian's kernel for the guest.
func modulesOf() (string, error) {
	found, err := filepath.Glob(filepath.Join(modulesFolder, "*", "kernel"))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("no modules below %s; install user-mode-linux", modulesFolder)
	}
	return filepath.Dir(found[0]), nil
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
