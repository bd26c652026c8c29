// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ietring/.ci/serve"
)

const (
	diskSize  = 512 << 20 // of each LUN; bytes
	bootLimit = 8 * time.Minute
)

// A pass is one guest's work.
type pass struct {
	fileSystem string
	digest     string // both digests: CRC32C or None
	chap       bool   // log in by CHAP in every way, instead of working on the disks
	luns       []string
	fioSmall   string // written in 4 KiB blocks, in fio's spelling
	fioLarge   string // written in larger ones
}

// passes use every digest, both file systems and CHAP; the first two are the
// short run. LUN 0 carries the file system, LUN 1 is fio's. Path is put in front.
var passes = []pass{
	{"ext4", "CRC32C", false, []string{"Type=fileio,IOMode=wb,BlockSize=4096", "Type=fileio,IOMode=wt,BlockSize=512"}, "8m", "48m"},
	{"", "None", true, []string{"Type=fileio", "Type=fileio"}, "", ""},
	{"xfs", "None", false, []string{"Type=fileio,IOMode=wt,BlockSize=512,Direct=no", "Type=fileio,IOMode=wb,BlockSize=512"}, "32m", "192m"},
}

// runPasses runs the passes, or the short run of them, and says how each went.
func runPasses(short bool, portal, iqn string) (passed bool) {
	todo := passes
	if short {
		todo = passes[:2]
	}
	failed := 0
	for _, p := range todo {
		start := time.Now()
		err := p.run(portal, iqn)
		fmt.Printf("kernel initiator, %s: %.1f s\n", p, time.Since(start).Seconds())
		if err != nil {
			failed++
			fmt.Printf("\tfailed: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
		}
	}
	fmt.Printf("kernel initiator: %d passed, %d failed\n", len(todo)-failed, failed)
	return failed == 0
}

// String says what the pass is about.
func (p pass) String() string {
	if p.chap {
		return "CHAP"
	}
	return p.fileSystem + ", digests " + p.digest
}

// serve starts an ietd for the pass.
func (p pass) serve(folder string, luns []string) (*serve.Target, error) {
	if !p.chap {
		return serve.Start(folder, luns, "--session", "HeaderDigest="+p.digest, "--session", "DataDigest="+p.digest)
	}
	conf := fmt.Sprintf("IncomingUser finder finder-secret\nOutgoingUser keeper keeper-secret\nTarget %s\n"+
		"IncomingUser other other-secret\nIncomingUser guest guest-secret\nOutgoingUser disk disk-secret-12\n", serve.IQN)
	for i, l := range luns {
		conf += fmt.Sprintf("Lun %d %s\n", i, l)
	}
	return serve.StartConf(folder, conf)
}

// run does one pass: on a fresh ietd, or on what is at portal.
func (p pass) run(portal, iqn string) (err error) {
	folder, err := serve.Folder("guest")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if portal != "" {
		return p.boot(folder, portal, iqn)
	}
	luns, err := newFiles(folder, p.luns, diskSize)
	if err != nil {
		return err
	}
	t, err := p.serve(folder, luns)
	if err != nil {
		return err
	}
	if err := errors.Join(p.boot(folder, t.Portal, serve.IQN), t.Stop()); err != nil {
		return err
	}
	if p.fileSystem == "ext4" {
		// What the guest unmounted must be on the disk without the guest.
		_, err = serve.Run("e2fsck", "-f", "-n", diskFile(folder, 0))
	}
	return err
}

// boot runs the guest on the target.
func (p pass) boot(folder, portal, iqn string) error {
	port, err := portOf(portal)
	if err != nil {
		return err
	}
	goroot, err := serve.Run("go", "env", "GOROOT")
	if err != nil {
		return err
	}
	work, chap := "work.sh", ""
	if p.chap {
		work, chap = "chap.sh", "yes"
	}
	g, err := newGuest(folder, filepath.Join(scriptFolder, work), map[string]string{
		"CHAP": chap, "PORTS": port, "IQN": iqn, "LUNS": "2", "DIGEST": p.digest, "FS": p.fileSystem,
		"COPY":     filepath.Join(strings.TrimSpace(goroot), "src", "crypto"),
		"FIO_SIZE": "64m", "FIO_SMALL": p.fioSmall, "FIO_LARGE": p.fioLarge,
	})
	if err != nil {
		return err
	}
	return g.pass()
}
