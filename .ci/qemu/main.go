// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"ietring/.ci/serve"
)

// size is that of the LUNs; bytes.
const size = 256 << 20

func main() {
	short := flag.Bool("short", false, "patterns by qemu-io only")
	flag.Parse()
	passed := runPatterns()
	if !*short {
		start := time.Now()
		err := bootFrom()
		fmt.Printf("qemu boots from the disk: %.1f s\n", time.Since(start).Seconds())
		if err != nil {
			fmt.Printf("\tfailed: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
			passed = false
		}
	}
	if !passed {
		os.Exit(1)
	}
}

// withTarget calls use with a fresh ietd that has one LUN on the file at path.
func withTarget(folder, path, params string, use func(t *serve.Target) error) error {
	if err := serve.NewFile(path, size); err != nil {
		return err
	}
	t, err := serve.Start(folder, []string{"Path=" + path + "," + params})
	if err != nil {
		return err
	}
	return errors.Join(use(t), t.Stop())
}
