// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// TgtUnit is one logical unit of tgt: bstype "null" with a size such as "1g" as
// its path, or "rdwr" with a file.
type TgtUnit struct {
	BsType, Path string
	Direct       bool // past the page cache
	WriteThrough bool // WCE=0: a write is synchronised before its status
}

// modePage8WriteThrough is the caching mode page (SBC) with WCE=0 in tgtadm's
// words, as tgt-admin writes it for "write-cache off".
const modePage8WriteThrough = "mode_page=8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0"

const maxControl = 32767

// StartTgt starts Debian's tgtd with one target whose units are numbered from 1
// (0 is tgt's controller).
func StartTgt(pin int, target string, units ...TgtUnit) (*Process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	// tgt's control port is no port but a number in the name of its socket, below
	// 32768. What is made of a free port is free too, as good as certain.
	control := strconv.Itoa(port % maxControl)
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	p, err := start(pin, "tgtd", "-f", "-C", control, "--iscsi", "portal="+addr)
	if err != nil {
		return nil, err
	}
	adm := tgtadm{control: control}
	up := func() (string, bool) {
		return addr, adm.run("--mode", "target", "--op", "show") == nil
	}
	if err := p.waitFor(up); err != nil {
		return nil, err
	}
	err = errors.Join(
		adm.run("--mode", "target", "--op", "new", "--tid", "1", "-T", target),
		adm.run("--mode", "target", "--op", "bind", "--tid", "1", "-I", "ALL"))
	for i, u := range units {
		err = errors.Join(err, adm.add(strconv.Itoa(i+1), u))
	}
	if err != nil {
		// tgtd ignores SIGTERM while it has targets; it is ours to kill.
		_, stopErr := p.Kill()
		return nil, errors.Join(err, stopErr)
	}
	return p, nil
}

// add makes a logical unit.
func (a tgtadm) add(lun string, u TgtUnit) error {
	args := []string{"--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", lun, "--bstype", u.BsType, "-b", u.Path}
	if u.Direct {
		args = append(args, "--bsoflags", "direct")
	}
	if err := a.run(args...); err != nil || !u.WriteThrough {
		return err
	}
	return a.run("--mode", "logicalunit", "--op", "update", "--tid", "1", "--lun", lun, "--params", modePage8WriteThrough)
}

// Kill ends a process that has no orderly end.
func (p *Process) Kill() (exitCode int, err error) {
	if err := p.cmd.Process.Kill(); err != nil {
		return -1, err
	}
	<-p.done
	return -1, nil
}

// tgtadm is the administrator's program for one tgtd.
type tgtadm struct{ control string }

func (a tgtadm) run(args ...string) error {
	args = append([]string{"-C", a.control, "--lld", "iscsi"}, args...)
	if out, err := exec.Command("tgtadm", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("tgtadm %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
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
