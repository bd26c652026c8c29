// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
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
	luns       [2]string
	fioSmall   string // written in 4 KiB blocks, in fio's spelling
	fioLarge   string // written in larger ones
}

// passes use every digest and both file systems; the first one is the short
// run. LUN 0 carries the file system, LUN 1 is fio's. Path is put in front.
var passes = []pass{
	{"ext4", "CRC32C", [2]string{"Type=fileio,IOMode=wb,BlockSize=4096", "Type=fileio,IOMode=wt,BlockSize=512"}, "8m", "48m"},
	{"xfs", "None", [2]string{"Type=fileio,IOMode=wt,BlockSize=512,Direct=no", "Type=fileio,IOMode=wb,BlockSize=512"}, "32m", "192m"},
}

func main() {
	short := flag.Bool("short", false, "run the first pass only")
	portal := flag.String("portal", "", "use the target at this 127.0.0.1:PORT instead of ietd: its LUNs 0 and 1 lose their data")
	iqn := flag.String("iqn", serve.IQN, "with -portal: the target's name")
	flag.Parse()
	todo := passes
	if *short {
		todo = passes[:1]
	}
	passed, failed := 0, 0
	for _, p := range todo {
		start := time.Now()
		err := p.run(*portal, *iqn)
		fmt.Printf("kernel initiator, %s, digests %s: %.1f s\n", p.fileSystem, p.digest, time.Since(start).Seconds())
		if err != nil {
			failed++
			fmt.Printf("\tfailed: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
			continue
		}
		passed++
	}
	fmt.Printf("kernel initiator: %d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
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
	var luns []string
	for i, params := range p.luns {
		file := filepath.Join(folder, fmt.Sprintf("disk%d.img", i))
		if err := serve.NewFile(file, diskSize); err != nil {
			return err
		}
		luns = append(luns, "Path="+file+","+params)
	}
	t, err := serve.Start(folder, luns, "--session", "HeaderDigest="+p.digest, "--session", "DataDigest="+p.digest)
	if err != nil {
		return err
	}
	if err := errors.Join(p.boot(folder, t.Portal, serve.IQN), t.Stop()); err != nil {
		return err
	}
	if p.fileSystem == "ext4" {
		// What the guest unmounted must be on the disk without the guest.
		_, err = serve.Run("e2fsck", "-f", "-n", filepath.Join(folder, "disk0.img"))
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
	out := filepath.Join(folder, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	g := guest{folder: out, limit: bootLimit, settings: map[string]string{
		"PORT": port, "IQN": iqn, "LUNS": "2", "DIGEST": p.digest, "FS": p.fileSystem,
		"COPY":     filepath.Join(strings.TrimSpace(goroot), "src", "crypto"),
		"FIO_SIZE": "64m", "FIO_SMALL": p.fioSmall, "FIO_LARGE": p.fioLarge,
	}}
	return g.run()
}
