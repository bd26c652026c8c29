// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	kernel        = "linux.uml"
	modulesFolder = "/usr/lib/uml/modules"
	memory        = "mem=768M"
)

// scripts are what every guest needs, in the folder of this command.
var scripts = []string{"init.sh", "session.sh", "login.sh", "lio.sh"}

// scriptFolder is that folder, seen from the top of the repository.
const scriptFolder = ".ci/guest"

// A guest is one boot of the kernel.
type guest struct {
	folder   string            // work folder; the guest's /out, absolute
	work     string            // path of the script that it runs when it has logged in
	settings map[string]string // shell variables for the scripts
	limit    time.Duration     // for all of it; two busy cores slow it tenfold
}

// newGuest is a guest with its work folder inside folder, and every setting
// that the scripts look at; more are added to those.
func newGuest(folder, work string, more map[string]string) (*guest, error) {
	g := &guest{folder: filepath.Join(folder, "out"), work: work, limit: bootLimit, settings: map[string]string{
		"PORTS": "", "IQN": "", "LUNS": "", "SESSIONS": "1", "DIGEST": "None", "CHAP": "", "LIO": "", "LIO_SIZE": "",
	}}
	for name, value := range more {
		g.settings[name] = value
	}
	return g, os.Mkdir(g.folder, 0o755)
}

// pass boots the guest; a status other than 0 is an error, with what the guest
// printed.
func (g *guest) pass() error {
	status, err := g.run()
	if err != nil {
		return err
	}
	if status != 0 {
		return fmt.Errorf("the guest ended with status %d\n%s", status, g.printed(nil))
	}
	return nil
}

// run boots the guest, waits for its power to go off, and gives the status of
// its work. An error, a guest that did not come that far, holds what it printed.
func (g *guest) run() (status int, err error) {
	modules, err := modulesOf()
	if err != nil {
		return 0, err
	}
	if err := g.provide(); err != nil {
		return 0, err
	}
	interrupted, stopSignals := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stopSignals()
	ctx, cancel := context.WithTimeout(interrupted, g.limit)
	defer cancel()
	socket, stopNetwork, err := g.network()
	if err != nil {
		return 0, err
	}
	defer stopNetwork()
	arguments := []string{memory,
		"rootfstype=hostfs", "rootflags=/", "ro", "quiet", "panic=1",
		"con=null", "ssl=null", "con0=null,fd:1", "uml_dir=" + g.folder, "umid=u",
		"vec0:transport=bess,dst=" + socket + ",depth=128,gro=1,mtu=65520",
		"init=" + g.file("init.sh"), "OUT=" + g.folder, "MODULES=" + modules}
	many, err := tooManyRegisters()
	if err != nil {
		return 0, err
	}
	if many {
		arguments = append(arguments, fewRegisters)
	}
	command := exec.CommandContext(ctx, kernel, arguments...)
	// The guest's memory is a file in TMPDIR: on a disk it would be slow.
	command.Env = append(os.Environ(), "TMPDIR=/dev/shm")
	// Each process of the guest is one of this machine, and outlives a kernel
	// that is killed: they have a process group, and die with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	console, err := outputOf(command, many)
	text, serr := os.ReadFile(g.file("status"))
	switch {
	case interrupted.Err() != nil:
		return 0, errors.New("interrupted")
	case ctx.Err() != nil:
		return 0, fmt.Errorf("the guest does not end after %v\n%s", g.limit, g.printed(console))
	case serr != nil:
		return 0, fmt.Errorf("the guest gave no status (kernel: %v)\n%s", err, g.printed(console))
	}
	status, err = strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil && status == guestFailed {
		err = fmt.Errorf("the guest did not come to its work\n%s", g.printed(console))
	}
	return status, err
}

// outputOf runs the kernel to its end, and returns what it prints; hide says that it
// must not see all registers of this machine.
func outputOf(command *exec.Cmd, hide bool) ([]byte, error) {
	var console bytes.Buffer
	command.Stdout, command.Stderr = &console, &console
	start := command.Start
	if hide {
		start = func() error { return startWithout(command) }
	}
	if err := start(); err != nil {
		return nil, err
	}
	err := command.Wait()
	return console.Bytes(), err
}

// guestFailed is the status of session.sh when it fails itself.
const guestFailed = 125

func (g *guest) file(name string) string { return filepath.Join(g.folder, name) }

// provide puts scripts and settings into the work folder.
func (g *guest) provide() error {
	from := map[string]string{"work.sh": g.work}
	for _, name := range scripts {
		from[name] = filepath.Join(scriptFolder, name)
	}
	for to, path := range from {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(g.file(to), b, 0o755); err != nil {
			return err
		}
	}
	var lines []string
	for name, value := range g.settings {
		lines = append(lines, fmt.Sprintf("%s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`)))
	}
	slices.Sort(lines)
	return os.WriteFile(g.file("settings"), []byte(strings.Join(lines, "")), 0o644)
}

// printed is what the guest printed, where it counts: the work, then the ends
// of log and console.
func (g *guest) printed(console []byte) string {
	const most = 3000
	var b strings.Builder
	for _, name := range []string{"output", "log", "iscsid.log"} {
		text, err := os.ReadFile(g.file(name))
		if err != nil {
			continue // the guest did not come that far
		}
		fmt.Fprintf(&b, "--- %s\n%s", name, text[max(0, len(text)-most):])
	}
	if len(console) > 0 {
		fmt.Fprintf(&b, "--- console\n%s", console[max(0, len(console)-most):])
	}
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
