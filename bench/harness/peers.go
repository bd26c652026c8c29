// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ietring/bench/daemon"
)

const targetName = "iqn.2026-11.com.example:bench"

// A contender is what is measured on one backing: a server, or fio on the
// device itself.
type contender struct {
	name    string
	proc    *daemon.Process // nil: fio
	lun     int             // its first
	floor   bool            // it speaks no iSCSI
	polls   bool            // it takes a CPU even when idle: it is stopped while others are measured
	path    string          // fio's device
	admin   string          // control socket of an ietd that is administered meanwhile
	dead    bool            // it is not asked again
	metrics string          // address of an ietd's metrics
	crowded bool            // only rows of several sessions
	end     func() error
}

// ietd where it is as large as it gets, as results have it: with scaleLUNs units,
// and with as many and two event loops on the one CPU.
const (
	manyUnits = "ietd-256luns"
	twoLoops  = "ietd-2loops"
)

// starters make contenders by name.
var starters = map[string]func(h *harness, st *stage) (*contender, error){
	"floor": (*harness).startFloor,
	"ietd":  (*harness).startIetd,
	"tgt":   (*harness).startTgt,
	"istgt": (*harness).startIstgt,
	"spdk":  (*harness).startSPDK,
	"fio":   (*harness).startFio,

	manyUnits: func(h *harness, st *stage) (*contender, error) { return h.startIetdAs(manyUnits, st) },
	twoLoops: func(h *harness, st *stage) (*contender, error) {
		c, err := h.startIetdAs(twoLoops, st, "--threads", "2")
		if err == nil {
			c.crowded = true
		}
		return c, err
	},
}

func (h *harness) startFloor(*stage) (*contender, error) {
	p, err := daemon.StartFloor(h.client, h.targetCPU)
	if err != nil {
		return nil, err
	}
	return &contender{proc: p, floor: true, end: killer(p)}, nil
}

// killer ends a process that has no orderly end.
func killer(p *daemon.Process) func() error {
	return func() error { _, err := p.Kill(); return err }
}

// ietdLun is the line of one LUN.
func ietdLun(n int, b backing, path string) string {
	mode := "wt"
	if b.writeBack {
		mode = "wb"
	}
	switch b.kind {
	case kindNull:
		return fmt.Sprintf("%d Type=nullio,BlockSize=512,Blocks=%d", n, unitLen/512)
	case kindLoop, kindZRAM:
		return fmt.Sprintf("%d Type=blockio,Path=%s,IOMode=%s", n, path, mode)
	}
	line := fmt.Sprintf("%d Type=fileio,Path=%s,IOMode=%s", n, path, mode)
	if !b.direct {
		line += ",Direct=no"
	}
	if b.kind == kindNarrow {
		line += ",BlockSize=512"
	}
	return line
}

// ietdArgs are the words of ietd for n LUNs on one device.
func ietdArgs(b backing, path, socket string, n int) []string {
	args := []string{"--threads", "1", "--state-dir", "", "--control-socket", socket, "--target", targetName}
	for i := range n {
		args = append(args, "--lun", ietdLun(i, b, path))
	}
	return args
}

func (h *harness) startIetd(st *stage) (*contender, error) { return h.startIetdAs("ietd", st) }

// startIetdAs starts ietd; words come last and so win.
func (h *harness) startIetdAs(name string, st *stage, words ...string) (*contender, error) {
	d, err := newDevice(st.on, h.dir)
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(h.dir, st.on.String()+"-"+name+".sock")
	words = append(words, "--metrics", "127.0.0.1:0")
	args := append(ietdArgs(st.on, d.path, socket, st.luns), words...)
	p, err := daemon.StartIetd(h.ietd, h.targetCPU, args...)
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	h.remember(st, name, append(ietdArgs(st.on, d.path, "SOCKET", 1), words...))
	return &contender{proc: p, admin: socket, metrics: p.Metrics(), end: func() error {
		return errors.Join(exitOf(p.Stop()), d.free())
	}}, nil
}

func exitOf(code int, err error) error {
	if err == nil && code != 0 {
		err = fmt.Errorf("ietd ended with exit code %d", code)
	}
	return err
}

// tgtUnit is tgt's unit for a backing.
func tgtUnit(b backing, path string) daemon.TgtUnit {
	if b.kind == kindNull {
		return daemon.TgtUnit{BsType: "null", Path: strconv.Itoa(unitLen/mib) + "m"}
	}
	return daemon.TgtUnit{BsType: "rdwr", Path: path, Direct: b.direct, WriteThrough: !b.writeBack}
}

func (h *harness) startTgt(st *stage) (*contender, error) {
	d, err := newDevice(st.on, h.dir)
	if err != nil {
		return nil, err
	}
	units := make([]daemon.TgtUnit, st.luns)
	for i := range units {
		units[i] = tgtUnit(st.on, d.path)
	}
	p, err := daemon.StartTgt(h.targetCPU, targetName, units...)
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	u := units[0]
	h.remember(st, "tgt", []string{"bstype", u.BsType, u.Path, fmt.Sprintf("direct=%v write-cache=%v", u.Direct, !u.WriteThrough)})
	return &contender{proc: p, lun: 1, end: func() error { return errors.Join(killer(p)(), d.free()) }}, nil
}

var errNotSame = errors.New("it cannot serve this backing with this durability")

func (h *harness) startIstgt(st *stage) (*contender, error) {
	if st.on != onRAM && st.on != onCachedFile {
		return nil, errNotSame
	}
	d, err := newDevice(st.on, h.dir)
	if err != nil {
		return nil, err
	}
	files, err := os.MkdirTemp(h.dir, "istgt-")
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	p, err := daemon.StartIstgt(h.targetCPU, targetName, files, d.path, unitLen)
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	h.remember(st, "istgt", []string{"LUN0 Storage", d.path})
	return &contender{proc: p, end: func() error { return errors.Join(killer(p)(), d.free()) }}, nil
}

var errNoSPDK = errors.New("SPDK_DIR names no build of SPDK")

func (h *harness) startSPDK(st *stage) (*contender, error) {
	dir := os.Getenv("SPDK_DIR")
	if dir == "" {
		return nil, errNoSPDK
	}
	if st.on.kind != kindNull && !(st.on.direct && st.on.writeBack) {
		return nil, errNotSame
	}
	d, err := newDevice(st.on, h.dir)
	if err != nil {
		return nil, err
	}
	files, err := os.MkdirTemp(h.dir, "spdk-")
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	units := make([]daemon.SPDKUnit, st.luns)
	for i := range units {
		units[i] = daemon.SPDKUnit{Path: d.path, Size: unitLen}
	}
	if st.on.kind != kindNull {
		units = units[:1]
	}
	p, err := daemon.StartSPDK(dir, h.targetCPU, files, targetName, units...)
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	h.remember(st, "spdk", []string{"iscsi_tgt, one reactor, bdev on", string(st.on.kind)})
	c := &contender{proc: p, polls: true, end: func() error { return errors.Join(killer(p)(), d.free()) }}
	return c, c.pause()
}

// remember keeps how a server was started, for the page.
func (h *harness) remember(st *stage, server string, words []string) {
	h.r.Settings.Commands[st.on.String()+" "+server] = strings.Join(words, " ")
}
