// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	short := flag.Bool("short", false, "run the short passes only")
	only := flag.String("only", "", "run the passes whose name has this in it")
	script := flag.String("script", "", "run this bash script in the guest, with the disks as $DISK0, $DISK1, …; print what it prints and end with its status")
	fio := flag.Bool("fio", false, "measure with fio in the guest and print one JSON object")
	var c choice
	var m measurement
	c.define(flag.CommandLine)
	m.define(flag.CommandLine)
	flag.Parse()
	c.flags = flag.Args()
	status, err := run(selection{*short, *only}, *script, *fio, &m, &c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// run does what the flags say and gives the status to end with.
func run(which selection, script string, fio bool, m *measurement, c *choice) (status int, err error) {
	switch {
	case script != "" && fio:
		return 2, errors.New("-script or -fio, not both")
	case script != "":
		return runScript(script, c)
	case fio && c.noTarget():
		return 2, errors.New("-fio needs a target: -portal, -lio or -lun")
	case fio:
		result, err := m.run(c)
		if err != nil {
			return 1, err
		}
		return 0, json.NewEncoder(os.Stdout).Encode(result)
	case c.lio != "" || len(c.luns) > 0 || len(c.flags) > 0:
		return 2, errors.New("-lio, -lun and flags of ietd are for -script and -fio")
	case !runPasses(which, c.portal, c.iqn):
		return 1, nil
	}
	return 0, nil
}
