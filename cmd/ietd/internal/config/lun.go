// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"ietring/scsi"
)

// Bounds of IET's identity parameters, in bytes.
const (
	maxScsiID = 16
	maxScsiSN = 32
)

// minEraseRate is the slowest erasure, in bytes a second: one piece a second.
const minEraseRate = 1 << 20

// A lunParam is one parameter of a Lun line. Names are compared without case,
// values with it, as IET does.
type lunParam struct {
	name string
	want string // what a value looks like
	set  func(l *Lun, value string) bool
}

var lunParams = []lunParam{
	{"Path", "a file or block device", func(l *Lun, v string) bool { return setText(&l.Backing.Path, v) }},
	{"Type", "fileio, blockio or nullio", func(l *Lun, v string) bool { return setText(&l.Backing.Type, v) }},
	{"ScsiId", "1 to 16 bytes", setScsiID},
	{"ScsiSN", "1 to 32 printable ASCII characters", setScsiSN},
	{"IOMode", "wt, wb or ro", func(l *Lun, v string) bool { return setText(&l.Backing.IOMode, v) }},
	{"BlockSize", "512, 1024, 2048 or 4096 (bytes)", func(l *Lun, v string) bool { return setSize(&l.Backing.BlockSize, v) }},
	{"PhysicalBlockSize", "a power of two, not below BlockSize (bytes)", func(l *Lun, v string) bool { return setSize(&l.Backing.PhysicalBlockSize, v) }},
	{"Blocks", "a number of blocks, at least 1", setBlocks},
	{"Sectors", "a number of blocks, at least 1", setBlocks},
	{"Direct", "yes or no", func(l *Lun, v string) bool { return setText(&l.Backing.Direct, v) }},
	{"AtomicWrite", "a power of two from 512 to 1048576 (bytes)", func(l *Lun, v string) bool { return setSize(&l.Backing.AtomicWrite, v) }},
	{"Thin", "yes or no", func(l *Lun, v string) bool { return setText(&l.Backing.Thin, v) }},
	{"ThinThreshold", "a number from 0 to 99 (percent)", setThreshold},
	{"WSNZ", "yes or no", setWSNZ},
	{"EraseRate", "a size, at least 1MiB (bytes a second)", setEraseRate},
	{"NAA", "yes or no", func(l *Lun, v string) bool { return setYes(&l.NAA, v) }},
	{"Removable", "yes or no", func(l *Lun, v string) bool { return setYes(&l.Removable, v) }},
}

// errParamTwice is the one mistake on a Lun line that is ours: IET took the last.
var errParamTwice = errors.New("is there twice")

// ParseLun reads what follows "Lun" in ietd.conf: a number, white space, and
// key=value pairs with commas between them. ScsiId and ScsiSN that are not given
// are IET's, made of the target's name and the number, so that a disk keeps its
// identity.
func ParseLun(target, line string) (Lun, error) {
	var l Lun
	words := fields(line)
	if len(words) == 0 {
		return l, fmt.Errorf("a LUN is a number and its parameters, as in '0 Path=/srv/disk.img,Type=fileio'")
	}
	n, err := strconv.ParseUint(words[0], 10, 64)
	if err != nil || n > MaxLun {
		return l, fmt.Errorf("%q is not a LUN; it begins with a number from 0 to %d, as in '0 Path=/srv/disk.img'", words[0], MaxLun)
	}
	l.Number = uint16(n)
	if len(words) < 2 {
		return l, fmt.Errorf("LUN %d has no parameters; give at least Path=FILE or Type=nullio", n)
	}
	if len(words) > 2 {
		return l, fmt.Errorf("%q stands after a blank; parameters are separated by commas without blanks", words[2])
	}
	if err := l.setParams(words[1]); err != nil {
		return l, err
	}
	if err := l.Backing.Check(); err != nil {
		return l, err
	}
	if l.ScsiID == ([maxScsiID]byte{}) {
		l.ScsiID = scsi.DefaultScsiID(target, uint32(n))
	}
	if l.ScsiSN == "" {
		l.ScsiSN = scsi.DefaultScsiSN(l.ScsiID)
	}
	return l, nil
}

// setParams reads key=value,key=value.
func (l *Lun) setParams(list string) error {
	seen := make(map[*lunParam]bool)
	for pair := range strings.SplitSeq(list, ",") {
		name, value, found := strings.Cut(pair, "=")
		p := findLunParam(name)
		switch {
		case p == nil:
			return fmt.Errorf("unknown parameter %q; known are %s", name, lunParamNames())
		case !found:
			return fmt.Errorf("%s has no value; write %s=%s", p.name, p.name, p.want)
		case seen[p]:
			return fmt.Errorf("%s %w", p.name, errParamTwice)
		case !p.set(l, value):
			return fmt.Errorf("%s=%s: it must be %s", p.name, value, p.want)
		}
		seen[p] = true
	}
	return nil
}

func findLunParam(name string) *lunParam {
	for i := range lunParams {
		if strings.EqualFold(lunParams[i].name, name) {
			return &lunParams[i]
		}
	}
	return nil
}

func lunParamNames() string {
	names := make([]string, len(lunParams))
	for i := range lunParams {
		names[i] = lunParams[i].name
	}
	return strings.Join(names, ", ")
}

// setText takes any value but the empty one; [backing.Params.Check] knows which
// words are right.
func setText(dst *string, v string) bool {
	*dst = v
	return v != ""
}

func setYes(dst *bool, v string) bool {
	*dst = v == "yes"
	return v == "yes" || v == "no"
}

func setSize(dst *uint32, v string) bool {
	n, err := strconv.ParseUint(v, 0, 32)
	*dst = uint32(n)
	return err == nil && n > 0
}

func setBlocks(l *Lun, v string) bool {
	n, err := strconv.ParseUint(v, 0, 64)
	l.Backing.Blocks = n
	return err == nil && n > 0 && n <= math.MaxInt64
}

func setThreshold(l *Lun, v string) bool {
	n, err := strconv.ParseUint(v, 10, 8)
	l.ThinThreshold = int(n)
	return err == nil && n < 100
}

func setEraseRate(l *Lun, v string) bool {
	n, err := parseSize(v)
	l.EraseRate = n
	return err == nil && n >= minEraseRate
}

func setWSNZ(l *Lun, v string) bool {
	l.WSNZ = v == "yes"
	return l.WSNZ || v == "no"
}

func setScsiID(l *Lun, v string) bool {
	copy(l.ScsiID[:], v)
	return len(v) > 0 && len(v) <= maxScsiID
}

func setScsiSN(l *Lun, v string) bool {
	l.ScsiSN = v
	for _, c := range []byte(v) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return len(v) > 0 && len(v) <= maxScsiSN
}
