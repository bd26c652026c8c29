// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"go/build"
	"path/filepath"
	"strings"
	"time"

	"ietring/.ci/serve"
)

const (
	diskSize  = 512 << 20 // of each LUN; bytes
	bootLimit = 10 * time.Minute
)

// A pass is one guest's work.
type pass struct {
	name     string
	short    bool // belongs to the short run, too
	work     string
	luns     []string
	digest   string            // both digests: CRC32C or None
	settings map[string]string // of the work
	flags    []string          // of ietd
	conf     string            // text of an ietd.conf before its LUNs, instead of flags
	proxies  int               // the guest's portals are this many proxies; 0 is ietd itself

	beside func(context.Context, *stage) error // what this side does meanwhile
	after  func(folder string) error           // what must hold on this side when ietd has ended
}

// passes are what make kernel runs, and the short ones what CI runs. Path is
// put in front of each LUN. Where LUNs 0 and 1 are for work.sh, LUN 0 carries
// the file system and LUN 1 is fio's.
var passes = []pass{
	{
		name: "ext4, both digests", short: true, work: "work.sh", digest: "CRC32C",
		luns:     []string{"Type=fileio,IOMode=wb,BlockSize=4096", "Type=fileio,IOMode=wt,BlockSize=512"},
		settings: fileSystem("ext4", "8m", "48m"),
		flags:    []string{"--session", "HeaderDigest=CRC32C", "--session", "DataDigest=CRC32C"},
		// What the guest unmounted must be on the disk without the guest.
		after: func(folder string) error {
			_, err := serve.Run("e2fsck", "-f", "-n", diskFile(folder, 0))
			return err
		},
	},
	{
		name: "CHAP", short: true, work: "chap.sh", digest: "None",
		luns:     []string{"Type=fileio", "Type=fileio"},
		settings: map[string]string{"CHAP": "yes"},
		conf: "IncomingUser finder finder-secret\nOutgoingUser keeper keeper-secret\nTarget " + serve.IQN + "\n" +
			"IncomingUser other other-secret\nIncomingUser guest guest-secret\nOutgoingUser disk disk-secret-12\n",
	},
	{
		name: "xfs", work: "work.sh", digest: "None",
		luns:     []string{"Type=fileio,IOMode=wt,BlockSize=512,Direct=no", "Type=fileio,IOMode=wb,BlockSize=512"},
		settings: fileSystem("xfs", "32m", "192m"),
		flags:    []string{"--session", "HeaderDigest=None", "--session", "DataDigest=None"},
	},
	{
		name: "a file system is trimmed", short: true, work: "trim.sh", digest: "None",
		luns:   []string{"Type=fileio,IOMode=wt,BlockSize=4096"},
		beside: watchTrim,
	},
	{
		name: "managed by sg3-utils", short: true, work: "manage.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wb,BlockSize=512", "Type=fileio,IOMode=wt,Removable=yes"},
		conf: "Target " + serve.IQN + "\nPortGroup 2 optimized explicit\n",
	},
	{
		name: "thin provisioning and erasing by sg3-utils", short: true, work: "provision.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wt,BlockSize=512"},
	},
	{
		name: "copies by sg3-utils", short: true, work: "copy.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wb,BlockSize=512,NAA=yes", "Type=fileio,IOMode=wb,BlockSize=512,NAA=yes"},
	},
	{
		name: "two nodes fence each other", short: true, work: "fence.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wt,BlockSize=512"}, settings: map[string]string{"SESSIONS": "2"},
	},
	{
		name: "two paths, each fails once", short: true, work: "paths.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wt,BlockSize=512"}, proxies: 2, beside: failPaths,
	},
	{
		name: "killed under I/O 3 times", short: true, work: "endless.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wt,BlockSize=512"}, proxies: 1, beside: killTimes(3), flags: atOnce,
	},
	{
		name: "cut in mid-transfer 30 times", short: true, work: "endless.sh", digest: "None",
		luns: []string{"Type=fileio,IOMode=wt,BlockSize=4096"}, proxies: 1, beside: cutTimes(30), flags: atOnce,
	},
	{
		name: "cut in mid-transfer 100 times, both digests", work: "endless.sh", digest: "CRC32C",
		luns: []string{"Type=fileio,IOMode=wb,BlockSize=512"}, proxies: 1, beside: cutTimes(100), flags: atOnce,
	},
}

// atOnce lets the initiator come back without a pause.
var atOnce = []string{"--session", "DefaultTime2Wait=0"}

// fileSystem are the settings of work.sh: what is made on LUN 0, and what fio
// writes to LUN 1 in 4 KiB blocks and in larger ones, in fio's spelling.
func fileSystem(name, small, large string) map[string]string {
	return map[string]string{
		"FS": name, "FIO_SIZE": "64m", "FIO_SMALL": small, "FIO_LARGE": large,
		"COPY": filepath.Join(build.Default.GOROOT, "src", "crypto"),
	}
}

// A selection is which of the passes are run.
type selection struct {
	short bool   // the short ones
	name  string // those with this in their name
}

// runPasses runs the passes of a selection, and says how each went. With a
// portal only those are run that need nothing of this side.
func runPasses(which selection, portal, iqn string) (passed bool) {
	ran, failed := 0, 0
	for _, p := range passes {
		switch {
		case which.short && !p.short, !strings.Contains(p.name, which.name):
			continue
		case portal != "" && (p.beside != nil || p.conf != ""):
			continue
		}
		start := time.Now()
		err := p.run(portal, iqn)
		fmt.Printf("kernel initiator, %s: %.1f s\n", p.name, time.Since(start).Seconds())
		ran++
		if err != nil {
			failed++
			fmt.Printf("\tfailed: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
		}
	}
	fmt.Printf("kernel initiator: %d passed, %d failed\n", ran-failed, failed)
	return failed == 0 && ran > 0
}
