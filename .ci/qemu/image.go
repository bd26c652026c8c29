// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ietring/.ci/serve"
)

// Where the partitions of the disk are; bytes.
const (
	sector  = 512
	bootOff = 1 << 20
	bootLen = 63 << 20
	rootOff = bootOff + bootLen
	rootLen = 128 << 20
)

const (
	scriptFolder = ".ci/qemu"
	// bootRecord is SYSLINUX's code of the master boot record, 440 bytes.
	bootRecord = "/usr/lib/syslinux/mbr/mbr.bin"
	// loaderConfig makes SYSLINUX boot at once.
	loaderConfig = "DEFAULT disk\nPROMPT 0\nSERIAL 0\nLABEL disk\n  LINUX vmlinuz\n  INITRD initrd\n" +
		"  APPEND console=ttyS0 quiet panic=-1\n"
)

// makeImage makes the image of a disk that boots, at path.
func makeImage(folder, path string, k *kernelFiles) error {
	initial := filepath.Join(folder, "initrd")
	if err := k.makeInitial(folder, initial); err != nil {
		return err
	}
	boot := filepath.Join(folder, "boot.img")
	if err := makeBoot(folder, boot, k.image, initial); err != nil {
		return err
	}
	root := filepath.Join(folder, "root.img")
	if err := makeRoot(folder, root); err != nil {
		return err
	}
	if err := serve.NewFile(path, size); err != nil {
		return err
	}
	disk, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(writeMBR(disk), copyTo(disk, bootOff, boot), copyTo(disk, rootOff, root), disk.Close())
}

// makeBoot makes the FAT partition that SYSLINUX boots from.
func makeBoot(folder, path, kernel, initial string) error {
	config := filepath.Join(folder, "syslinux.cfg")
	if err := os.WriteFile(config, []byte(loaderConfig), 0o644); err != nil {
		return err
	}
	if err := serve.NewFile(path, bootLen); err != nil {
		return err
	}
	for _, command := range [][]string{
		{"mformat", "-i", path, "-T", fmt.Sprint(bootLen / sector), "-h", "255", "-s", "63", "-H", fmt.Sprint(bootOff / sector), "::"},
		{"mcopy", "-i", path, config, "::syslinux.cfg"},
		{"mcopy", "-i", path, kernel, "::vmlinuz"},
		{"mcopy", "-i", path, initial, "::initrd"},
		{"syslinux", "--install", path},
	} {
		if _, err := serve.Run(command[0], command[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// makeRoot makes the ext4 partition: busybox, stage2.sh, and files with their
// sums to be read.
func makeRoot(folder, path string) error {
	root := filepath.Join(folder, "root")
	err := copyFiles(root, map[string]string{
		"bin/busybox": "/bin/busybox", "sbin/init": filepath.Join(scriptFolder, "stage2.sh"),
		"files/0": "/bin/bash", "files/1": "/usr/bin/qemu-img", "files/2": "/sbin/mkfs.ext4",
	}, "proc", "dev")
	if err != nil {
		return err
	}
	if _, err := serve.Run("sh", "-c", `cd "$1" && sha256sum files/* > sums`, "sh", root); err != nil {
		return err
	}
	if err := serve.NewFile(path, rootLen); err != nil {
		return err
	}
	_, err = serve.Run("mkfs.ext4", "-q", "-F", "-d", root, path)
	return err
}

// writeMBR writes SYSLINUX's boot code and the two partitions. The places in
// cylinders and heads are those that mean "see the block numbers".
func writeMBR(disk io.WriterAt) error {
	code, err := os.ReadFile(bootRecord)
	if err != nil {
		return err
	}
	mbr := make([]byte, sector)
	if n := copy(mbr[:440], code); n < len(code) {
		return fmt.Errorf("%s has %d bytes, and 440 are free", bootRecord, len(code))
	}
	for i, p := range []struct {
		status, kind byte
		off, len     uint32
	}{
		{0x80, 0x0e, bootOff / sector, bootLen / sector}, // active, FAT16
		{0x00, 0x83, rootOff / sector, rootLen / sector}, // Linux
	} {
		entry := mbr[446+16*i:]
		entry[0], entry[4] = p.status, p.kind
		copy(entry[1:4], "\xfe\xff\xff")
		copy(entry[5:8], "\xfe\xff\xff")
		binary.LittleEndian.PutUint32(entry[8:], p.off)
		binary.LittleEndian.PutUint32(entry[12:], p.len)
	}
	mbr[510], mbr[511] = 0x55, 0xaa
	_, err = disk.WriteAt(mbr, 0)
	return err
}

// copyTo copies a file to its place on the disk.
func copyTo(disk *os.File, off int64, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // only read: nothing to lose
	if _, err := disk.Seek(off, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(disk, f)
	return err
}
