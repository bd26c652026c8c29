// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ietring/.ci/serve"
)

// testTgt is test with Debian's tgtd in ietd's place: the same disk, as far as
// tgt can be told to have it.
func (d disk) testTgt(folder string) (results []result, err error) {
	path, done, err := newDisk(folder, d.kind, d.blockSize)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	t, err := startTgt(folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.kill()) }()
	if err := t.add(d, path); err != nil {
		return nil, err
	}
	return runTool(d.run(fmt.Sprintf("iscsi://127.0.0.1:%d/%s/1", t.port, serve.IQN), folder))
}

// A tgt is a tgtd that runs.
type tgt struct {
	command *exec.Cmd
	port    int
	control string // number of its control socket
}

const (
	tgtLimit   = 20 * time.Second // from exec until it answers tgtadm
	maxControl = 32767            // of tgt's control numbers
)

// startTgt starts a tgtd on a free port of both addresses. Its log goes to
// tgtd.log in folder.
func startTgt(folder string) (*tgt, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(folder, "tgtd.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // tgtd has its own descriptor; nothing of ours is written
	t := &tgt{port: port, control: strconv.Itoa(port % maxControl)}
	t.command = exec.Command("tgtd", "-f", "-C", t.control, "--iscsi",
		fmt.Sprintf("portal=127.0.0.1:%d,portal=%s:%d", port, secondAddress, port))
	t.command.Stdout, t.command.Stderr = log, log
	if err := t.command.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(tgtLimit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if t.adm("--mode", "target", "--op", "show") == nil {
			return t, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("tgtd does not answer after %v", tgtLimit), t.kill())
}

// freePort returns a TCP port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// add makes the target with LUN 1, for tgt's own is 0.
func (t *tgt) add(d disk, path string) error {
	unit := []string{"--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", "1",
		"--backing-store", path, "--blocksize", strconv.Itoa(d.blockSize)}
	if strings.Contains(d.params, "IOMode=wt") {
		unit = append(unit, "--bsoflags", "sync")
	}
	params := fmt.Sprintf("readonly=%d,removable=%d,thin_provisioning=%d,lbppbe=%d",
		btoi(d.readOnly), btoi(d.removable), btoi(d.thin), exponent(d.physical/d.blockSize))
	err := errors.Join(
		t.adm("--mode", "target", "--op", "new", "--tid", "1", "-T", serve.IQN),
		t.adm(unit...),
		t.adm("--mode", "logicalunit", "--op", "update", "--tid", "1", "--lun", "1", "--params", params),
		t.adm("--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL"))
	if d.chap {
		err = errors.Join(err,
			t.adm("--mode", "account", "--op", "new", "--user", chapUser, "--password", chapSecret),
			t.adm("--mode", "account", "--op", "bind", "--tid", "1", "--user", chapUser))
	}
	return err
}

// exponent is the power of two that n is.
func exponent(n int) (e int) {
	for ; n > 1; n /= 2 {
		e++
	}
	return e
}

// adm runs the administrator's program of tgt.
func (t *tgt) adm(args ...string) error {
	_, err := serve.Run("tgtadm", append([]string{"-C", t.control, "--lld", "iscsi"}, args...)...)
	return err
}

// kill ends tgtd, which takes no other way while it has targets.
func (t *tgt) kill() error {
	if err := t.command.Process.Kill(); err != nil {
		return err
	}
	_ = t.command.Wait() // says "signal: killed", which is what was wanted
	return nil
}
