// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"ietring/.ci/serve"
)

// lioIQN is the name of LIO's target inside the guest.
const lioIQN = "iqn.2003-01.org.linux-iscsi.guest:lio"

// A choice is the target that the command line chooses for -script and -fio:
// an ietd of the guest's own, what is at a portal, or LIO inside the guest.
type choice struct {
	luns     []string // of an ietd: as after "Lun <n>", Path= may be missing
	size     int64    // of a file that is made for a LUN, and of LIO's disk; MiB
	portal   string
	iqn      string
	lio      string   // backstore; "" is not LIO
	sessions int      // to each portal
	flags    []string // for ietd, as they are
}

// define adds the flags of a choice.
func (c *choice) define(f *flag.FlagSet) {
	f.Func("lun", "with -script or -fio: a LUN of an ietd that is started, as in ietd.conf after the number (repeatable); without Path= it gets a file of -size (default Type=fileio)",
		func(l string) error { c.luns = append(c.luns, l); return nil })
	f.Int64Var(&c.size, "size", 512, "of such a file, or of LIO's disk; MiB")
	f.StringVar(&c.portal, "portal", "", "use the target at this 127.0.0.1:PORT instead of ietd; without -script and -fio its LUNs 0 and 1 lose their data")
	f.StringVar(&c.iqn, "iqn", serve.IQN, "with -portal: the target's name")
	f.StringVar(&c.lio, "lio", "", "use LIO inside the guest, over the guest's own loopback, with this backstore: rd_mcp, nullio or fileio")
	f.IntVar(&c.sessions, "sessions", 1, "with -script: log in this often; the disks of the second session are $DISK0_1, $DISK1_1, …")
}

// noTarget says that nothing is to be started, and nothing to be logged in to.
func (c *choice) noTarget() bool { return c.portal == "" && c.lio == "" && len(c.luns) == 0 }

// open makes the target ready, with what it needs in folder. It gives the
// guest's settings for it, and what ends it.
func (c *choice) open(folder string) (settings map[string]string, stop func() error, err error) {
	settings = map[string]string{"IQN": c.iqn, "SESSIONS": strconv.Itoa(c.sessions)}
	stop = func() error { return nil }
	switch {
	case c.noTarget():
		return settings, stop, nil
	case c.lio != "":
		settings["LIO"], settings["IQN"], settings["LUNS"] = c.lio, lioIQN, "1"
		settings["LIO_SIZE"] = strconv.FormatInt(c.size<<20, 10)
		return settings, stop, nil
	case c.portal != "":
		settings["PORTS"], err = portOf(c.portal)
		return settings, stop, err
	}
	luns, err := newFiles(folder, c.luns, c.size<<20)
	if err != nil {
		return nil, nil, err
	}
	t, err := serve.Start(folder, luns, c.flags...)
	if err != nil {
		return nil, nil, err
	}
	if settings["PORTS"], err = portOf(t.Portal); err != nil {
		return nil, nil, errors.Join(err, t.Stop())
	}
	settings["IQN"], settings["LUNS"] = serve.IQN, strconv.Itoa(len(luns))
	return settings, t.Stop, nil
}

// diskFile is the file in folder that newFiles makes for a LUN.
func diskFile(folder string, lun int) string {
	return filepath.Join(folder, fmt.Sprintf("disk%d.img", lun))
}

// newFiles gives each LUN that names no Path, and is not a nullio, a sparse
// file of size bytes in folder.
func newFiles(folder string, luns []string, size int64) ([]string, error) {
	var whole []string
	for i, l := range luns {
		if !strings.Contains(l, "Path=") && !strings.Contains(l, "Type=nullio") {
			if err := serve.NewFile(diskFile(folder, i), size); err != nil {
				return nil, err
			}
			l = "Path=" + diskFile(folder, i) + "," + l
		}
		whole = append(whole, l)
	}
	return whole, nil
}
