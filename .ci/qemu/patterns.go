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

// A pattern is some commands of qemu-io; each read has the byte in it that must
// come back. What was deallocated is read in small pieces: before a read of
// 32 KiB or more QEMU asks for its status, and up to 7.2 at least it does so for
// a range that is no multiple of 4096, and aborts on disks with such blocks.
type pattern struct {
	sentence string
	commands []string
}

var patterns = []pattern{
	{"a block, and its neighbours stay zero", []string{
		"write -P 0xa5 1M 4k", "read -P 0xa5 1M 4k", "read -P 0 1020k 4k", "read -P 0 1028k 4k"}},
	{"the last blocks of the disk", []string{
		"write -P 0x5a 255M 1M", "read -P 0x5a 255M 1M"}},
	{"one byte: QEMU reads, changes and writes a block", []string{
		"write -P 0x11 2M 64k", "write -P 0x22 2100000 1", "read -P 0x11 2099999 1", "read -P 0x22 2100000 1", "read -P 0x11 2100001 1"}},
	{"sixteen megabytes in one command", []string{
		"write -P 0x33 16M 16M", "read -P 0x33 16M 16M"}},
	{"a gathered write, a scattered read", []string{
		"writev -P 0x44 4M 4k 64k 512 1536 1M", "readv -P 0x44 4M 1M 512 64k 1536 4k"}},
	{"forced to stable storage", []string{
		"write -f -P 0x55 6M 128k", "flush", "read -P 0x55 6M 128k"}},
	{"many at once", []string{
		"aio_write -P 0x61 40M 1M", "aio_write -P 0x62 41M 1M", "aio_write -P 0x63 42M 1M", "aio_write -P 0x64 43M 1M", "aio_flush",
		"aio_read -P 0x61 40M 1M", "aio_read -P 0x62 41M 1M", "aio_read -P 0x63 42M 1M", "aio_read -P 0x64 43M 1M", "aio_flush"}},
	{"zeros over data", []string{
		"write -P 0x77 60M 2M", "write -z 61M 512k", "read -P 0x77 60M 1M", "read -P 0 61M 512k", "read -P 0x77 62976k 512k"}},
	{"zeros that may be deallocated", []string{
		"write -P 0x78 70M 2M", "write -z -u 71M 512k", "read -P 0x78 70M 1M", "read -P 0 71M 16k", "read -P 0 73200k 16k"}},
	{"a discarded range, and its neighbours stay", []string{
		"write -P 0x79 80M 4M", "discard 81M 1M", "read -P 0x79 80M 1M", "read -P 0x79 82M 2M"}},
}

// disks are the LUN parameters of which each gets all patterns.
var disks = []string{
	"Type=fileio,IOMode=wt,BlockSize=512",
	"Type=fileio,IOMode=wb,BlockSize=4096",
	"Type=fileio,IOMode=wb,BlockSize=4096,Direct=no",
}

// runPatterns runs every pattern on every disk, and says how it went.
func runPatterns() (passed bool) {
	failed := 0
	for _, params := range disks {
		start := time.Now()
		err := onDisk(params)
		fmt.Printf("qemu-io, %s: %d patterns, %.1f s\n", params, len(patterns), time.Since(start).Seconds())
		if err != nil {
			failed++
			fmt.Printf("\tfailed: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
		}
	}
	return failed == 0
}

// onDisk runs every pattern on one disk, past QEMU's cache.
func onDisk(params string) (err error) {
	folder, err := serve.Folder("qemu")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	return withTarget(folder, filepath.Join(folder, "disk.img"), params, func(t *serve.Target) error {
		for _, p := range patterns {
			args := []string{"-t", "none", "-d", "unmap", "-f", "raw"}
			for _, c := range p.commands {
				args = append(args, "-c", c)
			}
			said, err := serve.Run("qemu-io", append(args, t.URL(0))...)
			if err == nil && strings.Contains(said, "failed") { // not every version's exit code says it
				err = errors.New(said)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", p.sentence, err)
			}
		}
		return nil
	})
}
