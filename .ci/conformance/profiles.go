// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ietring/.ci/serve"
)

// lunSize is small, so that a test that walks the LUN is quick, and leaves
// room for the longest transfer at both ends.
const lunSize = 128 << 20

// A profile is a LUN to test: a disk that an administrator would make. No disk
// can have every test, for a read-only one cannot be written, nor a disk with
// a full allocation be thin; together they can.
type profile struct {
	name  string
	about string // for the reader of the results

	params    string // of ietd's Lun line, what follows Path and Type
	ofFile    string // the same, for fileio only; with a comma before
	blockSize int    // logical, bytes
	physical  int    // bytes
	readOnly  bool
	removable bool
	thin      bool

	masked   bool     // a LunMask line lets every initiator read only
	chap     bool     // by CHAP, and with two portals: all that is tested has two paths
	sanitize bool     // the tests may SANITIZE
	xfs      bool     // a file on xfs, which can be written atomically; there is no blockio of it
	tests    []string // families or suites, in the tool's spelling

	// misjudged are tests that demand on this disk what the standard does not,
	// or forbids: their failure counts as a skip, and skip.txt says why.
	misjudged []string
}

// emulation512 are the tests that look at physical blocks. Not all are run on
// such a disk: GetLBAStatus.UnmapSingle of iscsi-test-cu 1.19 then writes behind
// the end of its buffer, and over the size of the disk that later tests use.
var emulation512 = []string{"SCSI.Inquiry", "SCSI.ReadCapacity16", "SCSI.Unmap", "SCSI.WriteSame16", "SCSI.WriteSame10.UnmapUnaligned",
	"SCSI.WriteSame10.InvalidDataOutSize", "SCSI.CompareAndWrite", "SCSI.Read10", "SCSI.Write10", "SCSI.WriteAtomic16"}

// profiles are what the tests are run on. For ietd each is there twice, once
// over a file and once over a loop device.
var profiles = []profile{
	{name: "512", about: "blocks of 512 bytes, thin, every write durable",
		params: "IOMode=wt,NAA=yes,BlockSize=512,PhysicalBlockSize=512", blockSize: 512, physical: 512, thin: true, tests: allTests,
		misjudged: []string{"WriteSame10.UnmapUntilEnd"}},
	{name: "512e", about: "logical blocks of 512 bytes on physical ones of 4096, thin",
		params: "BlockSize=512,PhysicalBlockSize=4096", blockSize: 512, physical: 4096, thin: true, tests: emulation512},
	{name: "4096 cached", about: "blocks of 4096 bytes, a volatile cache, IOMode=wb; a file is buffered",
		params: "IOMode=wb,NAA=yes,BlockSize=4096,WSNZ=yes", ofFile: ",Direct=no", blockSize: 4096, physical: 4096, thin: true, tests: allTests,
		misjudged: []string{"ProutReserve.AccessEA", "ProutReserve.AccessWE", "ProutReserve.AccessEARO", "ProutReserve.AccessWERO",
			"ProutReserve.AccessEAAR", "ProutReserve.AccessWEAR"}},
	{name: "read-only", about: "IOMode=ro",
		params: "IOMode=ro,BlockSize=512", blockSize: 512, physical: 512, readOnly: true, tests: []string{"SCSI.ReadOnly", "SCSI.Inquiry", "SCSI.ModeSense6", "SCSI.Read10"}},
	{name: "removable", about: "Removable=yes: the medium can be ejected and loaded",
		params: "BlockSize=512,PhysicalBlockSize=512,Removable=yes", blockSize: 512, physical: 512, removable: true,
		tests: []string{"SCSI.NoMedia", "SCSI.PreventAllow", "SCSI.StartStopUnit", "SCSI.TestUnitReady", "SCSI.Read10", "SCSI.Write10"}},
	{name: "CHAP", about: "both sides authenticated, two portals, and two paths for every test",
		params: "BlockSize=512,PhysicalBlockSize=512,Thin=no", blockSize: 512, physical: 512, chap: true, tests: allTests},
	{name: "sanitize", about: "the tests may sanitize the disk (iscsi-test-cu -S), which takes a while over a file: EraseRate=32MiB",
		params: "BlockSize=512", ofFile: ",EraseRate=32MiB", blockSize: 512, physical: 512, sanitize: true, tests: []string{"SCSI.Sanitize"},
		misjudged: []string{"Sanitize.Reset", "Sanitize.CryptoErase"}},
	{name: "masked", about: "a disk that can do everything, of which initiators may read only (LunMask ALL ALL ro)",
		params: "BlockSize=4096,Direct=yes,AtomicWrite=1048576", blockSize: 4096, physical: 4096, thin: true, xfs: true, masked: true, tests: []string{"SCSI.ReadOnly"}},
	{name: "atomic", about: "a file on xfs that can be written atomically, in pieces of 1 MiB: the tool sends all lengths up to 256 blocks",
		params: "BlockSize=4096,Direct=yes,AtomicWrite=1048576", blockSize: 4096, physical: 4096, thin: true, xfs: true, tests: []string{"SCSI.WriteAtomic16"}},
}

// The accounts of the profile with CHAP, as ietd.conf has them.
const (
	chapUser   = "conformance"
	chapSecret = "conformance-1"
)

// The kinds of backing.
const (
	fileio  = "fileio"
	blockio = "blockio"
)

// A disk is a profile over a kind of backing.
type disk struct {
	profile
	kind string
}

// String is the name by which skip.txt and the results know the disk.
func (d disk) String() string { return d.kind + " " + d.name }

// test starts an ietd for the disk, runs the tool on it and ends it. The error
// is about the run, not about tests that failed.
func (d disk) test(folder string) (results []result, err error) {
	create := newDisk
	if d.xfs {
		create = newXFS
	}
	path, done, err := create(folder, d.kind, d.blockSize)
	if err != nil {
		return nil, err
	}
	defer func() { err = firstOf(err, done()) }()
	conf := "Target " + serve.IQN + "\n"
	if d.chap {
		conf += fmt.Sprintf("IncomingUser %s %s\n", chapUser, chapSecret)
	}
	if d.masked {
		conf += "LunMask ALL ALL ro\n"
	}
	conf += fmt.Sprintf("Lun 0 Path=%s,Type=%s,%s", path, d.kind, d.params)
	if d.kind == fileio {
		conf += d.ofFile
	}
	t, err := serve.StartConf(folder, conf+"\n", "--address", secondAddress)
	if err != nil {
		return nil, err
	}
	results, err = runTool(d.run(t.URL(0), folder))
	for i := range results {
		if r := &results[i]; r.ending == failed && slices.Contains(d.misjudged, r.name) {
			r.ending = skipped
		}
	}
	return results, firstOf(err, t.Stop())
}

// secondAddress is of the second portal, on the port of the first.
const secondAddress = "127.0.0.2"

// run is how the tool is run on a target with the first portal at 127.0.0.1.
func (d disk) run(url, folder string) toolRun {
	r := toolRun{url: url, second: url, tests: d.tests, sanitize: d.sanitize, log: filepath.Join(folder, "iscsi-test-cu.log")}
	if d.chap {
		account := fmt.Sprintf("iscsi://%s%%%s@", chapUser, chapSecret)
		r.url = strings.Replace(url, "iscsi://", account, 1)
		r.second = strings.Replace(r.url, "127.0.0.1", secondAddress, 1)
		r.always = true
	}
	return r
}

// newDisk makes a file in folder, and a loop device over it for blockio. It
// gives its path, and how to take all away again.
func newDisk(folder, kind string, blockSize int) (path string, done func() error, err error) {
	file := filepath.Join(folder, "disk.img")
	if err := serve.NewFile(file, lunSize); err != nil {
		return "", nil, err
	}
	if kind != blockio {
		return file, func() error { return nil }, nil // the folder goes as a whole
	}
	loop, err := serve.NewLoop(file, blockSize)
	if err != nil {
		return "", nil, err
	}
	return loop.Path, loop.Close, nil
}

// xfsSize is the least that mkfs.xfs takes, and a little more.
const xfsSize = 400 << 20

// newXFS is newDisk for a file on an xfs of its own.
func newXFS(folder, _ string, _ int) (path string, done func() error, err error) {
	image, dir := filepath.Join(folder, "xfs.img"), filepath.Join(folder, "xfs")
	if err := serve.NewFile(image, xfsSize); err != nil {
		return "", nil, err
	}
	loop, err := serve.NewLoop(image, 4096)
	if err != nil {
		return "", nil, err
	}
	unmount := func() error { return nil }
	done = func() error { return firstOf(unmount(), loop.Close(), os.Remove(image)) }
	if _, err = serve.Run("mkfs.xfs", "-q", loop.Path); err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		_, err = serve.Run("mount", "-t", "xfs", loop.Path, dir)
	}
	if err != nil {
		return "", nil, errors.Join(err, done())
	}
	// The kernel closes the files of an io_uring some time after its process ended.
	unmount = func() error {
		_, err := serve.Run("umount", "--lazy", dir)
		return err
	}
	path = filepath.Join(dir, "disk.img")
	if err := serve.NewFile(path, lunSize); err != nil {
		return "", nil, errors.Join(err, done())
	}
	return path, done, nil
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
