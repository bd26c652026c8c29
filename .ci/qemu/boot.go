// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"ietring/.ci/serve"
)

// bootLimit is for a processor in software on a busy machine.
const bootLimit = 8 * time.Minute

// bootFrom boots a machine from a disk of ietd.
func bootFrom() (err error) {
	folder, err := serve.Folder("qemu")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	k, err := fetchKernel(folder)
	if err != nil {
		return err
	}
	image, disk := filepath.Join(folder, "image"), filepath.Join(folder, "disk.img")
	if err := makeImage(folder, image, k); err != nil {
		return err
	}
	err = withTarget(folder, disk, "Type=fileio,IOMode=wt,BlockSize=512", func(t *serve.Target) error {
		if _, err := serve.Run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, t.URL(0)); err != nil {
			return err
		}
		return boot(t.URL(0))
	})
	if err != nil {
		return err
	}
	return checkRoot(folder, disk)
}

// boot runs the machine until its power is off, and looks for what its programs
// must have said.
func boot(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), bootLimit)
	defer cancel()
	command := exec.CommandContext(ctx, "qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nodefaults", "-display", "none",
		"-serial", "stdio", "-no-reboot", "-drive", "file="+url+",format=raw,if=virtio,cache=none")
	console, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("qemu-system-x86_64: %w (%v)\n%s", err, ctx.Err(), console)
	}
	for _, want := range []string{"stage2: the files are whole", "stage2: written"} {
		if !strings.Contains(string(console), want) {
			return fmt.Errorf("the guest does not say %q but:\n%s", want, console)
		}
	}
	return nil
}

// checkRoot looks at the file system that the guest has left on the disk, and
// at the file that it wrote.
func checkRoot(folder, disk string) error {
	root := filepath.Join(folder, "left.img")
	if _, err := serve.Run("dd", "if="+disk, "of="+root, "bs=1M", fmt.Sprint("skip=", rootOff>>20), fmt.Sprint("count=", rootLen>>20)); err != nil {
		return err
	}
	if _, err := serve.Run("e2fsck", "-f", "-n", root); err != nil {
		return err
	}
	for _, name := range []string{"written", "written.sum"} {
		if _, err := serve.Run("debugfs", "-R", "dump /"+name+" "+filepath.Join(folder, name), root); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(filepath.Join(folder, "written"))
	if err != nil {
		return err
	}
	want, err := os.ReadFile(filepath.Join(folder, "written.sum"))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); len(data) != 16<<20 || !strings.HasPrefix(string(want), got) {
		return fmt.Errorf("the disk has a file of %d bytes with SHA-256 %s; the guest wrote 16 MiB with %s", len(data), got, want)
	}
	return nil
}
