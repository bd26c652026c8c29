// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ietring/.ci/serve"
)

// options are the command's flags.
type options struct {
	against   string // "ietd", "tgt", or an iscsi:// URL
	disk      string // a pattern: run those only
	listSkips bool
	write     bool
	read      string
	as        string
}

func main() {
	var o options
	flag.StringVar(&o.against, "against", "ietd", "ietd, tgt, or the iscsi:// URL of a LUN somewhere, whose data are lost")
	flag.StringVar(&o.disk, "disk", "", "run only the disks of this name or pattern, as 'fileio *'; skip.txt's other lines are then not looked at")
	flag.BoolVar(&o.listSkips, "list-skips", false, "print the tests that skip, with what the tool says, as lines for skip.txt")
	flag.BoolVar(&o.write, "write", false, "write the results and RESULTS.md anew")
	flag.StringVar(&o.read, "read", "", "run nothing, take the results from this output of iscsi-test-cu")
	flag.StringVar(&o.as, "as", "", "with -read or a URL: the target's name and version, as 'LIO, Linux 6.1'")
	flag.Parse()
	code, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	os.Exit(code)
}

// run makes the folder for logs and disks, and gives the exit code.
func run(o options) (int, error) {
	folder, err := serve.Folder("conformance")
	if err != nil {
		return 2, err
	}
	fmt.Printf("%-24s %7s %7s %8s %8s\n", "disk", "passed", "failed", "skipped", "seconds")
	var r report
	if err = r.all(o, folder); err == nil && o.against == "ietd" && o.read == "" {
		err = r.judge(o)
	}
	if o.listSkips {
		r.listSkips()
	}
	if err == nil && o.write {
		err = r.save(o)
	}
	for _, l := range r.wrong {
		fmt.Println(l)
	}
	fmt.Printf("iscsi-test-cu: %v of %d tests on %d disks together\n", count(r.union), len(r.union), len(r.disks))
	if err != nil || len(r.wrong) > 0 {
		fmt.Println("conformance: the logs of the last disk are in", folder)
		return 1, err
	}
	return 0, os.RemoveAll(folder)
}

// all runs every disk that was asked for and that this machine can make.
func (r *report) all(o options, folder string) error {
	switch {
	case o.read != "":
		return r.one(o.as, "", func() ([]result, error) { return readLog(o.read) })
	case strings.HasPrefix(o.against, "iscsi://"):
		d := disk{profile: profile{tests: allTests}}
		return r.one(o.against, "", func() ([]result, error) { return runTool(d.run(o.against, folder)) })
	}
	test := disk.test
	if o.against == "tgt" {
		test = disk.testTgt
	} else if o.against != "ietd" {
		return fmt.Errorf("-against %q is not ietd, tgt or an iscsi:// URL", o.against)
	}
	noLoop := serve.CanLoop()
	for _, d := range o.disks() {
		if (d.kind == blockio || d.xfs) && noLoop != nil {
			fmt.Printf("%-24s left out: %v\n", d, noLoop)
			continue
		}
		if err := r.one(d.String(), d.about, func() ([]result, error) { return test(d, folder) }); err != nil {
			return err
		}
	}
	return nil
}

// disks are those that o asks for.
func (o *options) disks() []disk {
	var list []disk
	for _, kind := range []string{fileio, blockio} {
		for _, p := range profiles {
			d := disk{p, kind}
			switch {
			case o.disk != "" && !has(o.disk, d.String()):
			case p.xfs && (kind == blockio || o.against != "ietd"):
			case kind == blockio && o.against == "tgt": // tgt has one way to both
			default:
				list = append(list, d)
			}
		}
	}
	return list
}

// judge holds the skips against skip.txt. What a part of the disks skips is
// not what all do: then a line of any section will do.
func (r *report) judge(o options) error {
	list, err := readSkips(filepath.Join(".ci", "conformance", "skip.txt"))
	if err != nil {
		return err
	}
	if o.disk != "" {
		r.wrong = append(r.wrong, list.unlisted(r.skips(false), func(section, disk string) bool {
			return section == everywhere || fits(section, disk)
		})...)
		return nil
	}
	r.wrong = append(r.wrong, list.unlisted(r.skips(true), fits)...)
	r.wrong = append(r.wrong, list.stale(r.skips(true), r.names())...)
	return nil
}
