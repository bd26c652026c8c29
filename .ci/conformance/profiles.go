// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"ietring/.ci/serve"
)

// lunSize is small, so that a test that walks the LUN is quick, and leaves
// room for the longest transfer at both ends.
const lunSize = 128 << 20

// A profile is a LUN to test: a disk that an administrator would make.
type profile struct {
	name      string
	kind      string // Type of the LUN: fileio or blockio
	params    string // what follows Path and Type
	blockSize int    // of the loop device; bytes
	tests     []string
}

// profiles cover the three ways to the disk, both promises, both block sizes,
// and the disk that must not be written.
var profiles = []profile{
	{"fileio direct wt 512", "fileio", "IOMode=wt,Direct=yes,BlockSize=512", 512, allTests},
	{"fileio buffered wb 4096", "fileio", "IOMode=wb,Direct=no,BlockSize=4096", 4096, allTests},
	{"fileio ro 512", "fileio", "IOMode=ro,BlockSize=512", 512, []string{"SCSI.ReadOnly"}},
	{"blockio wt 512", "blockio", "IOMode=wt,BlockSize=512", 512, allTests},
	{"blockio wb 4096", "blockio", "IOMode=wb,BlockSize=4096", 4096, allTests},
}

// test starts an ietd for p, runs the tool on it and ends it. The error is
// about the run, not about tests that failed.
func (p *profile) test(folder string) (results []result, err error) {
	file := filepath.Join(folder, "disk.img")
	if err := serve.NewFile(file, lunSize); err != nil {
		return nil, err
	}
	defer os.Remove(file) // the folder goes as well; this only gives space back early
	device := file
	if p.kind == "blockio" {
		loop, err := serve.NewLoop(file, p.blockSize)
		if err != nil {
			return nil, err
		}
		defer func() { err = firstOf(err, loop.Close()) }()
		device = loop.Path
	}
	t, err := serve.Start(folder, []string{fmt.Sprintf("Path=%s,Type=%s,%s", device, p.kind, p.params)})
	if err != nil {
		return nil, err
	}
	results, err = runTool(t.URL(0), p.tests, filepath.Join(folder, "iscsi-test-cu.log"))
	return results, firstOf(err, t.Stop())
}

// firstOf is the first error that is one.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
