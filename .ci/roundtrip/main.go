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

func main() {
	all := flag.Bool("full", false, "run every combination (hours on a small machine) instead of the short list")
	only := flag.String("only", "", "run only rows whose line in the table has this text")
	url := flag.String("url", "", "one round trip on this iscsi:// URL of another target instead of ietd; its data are lost")
	flag.Parse()
	rows := short
	if *all {
		rows = full()
	}
	code, err := run(rows, *only, *url)
	if err != nil {
		fmt.Fprintln(os.Stderr, "roundtrip:", err)
	}
	os.Exit(code)
}

// run makes the image and a folder for it, runs the rows, and gives the exit
// code. The folder is on the repository's own file system: /tmp may be memory,
// and too small.
func run(rows []row, only, url string) (code int, err error) {
	folder, err := serve.Folder("roundtrip")
	if err != nil {
		return 2, err
	}
	img, err := makeImage(folder)
	if err != nil {
		return 2, errors.Join(err, os.RemoveAll(folder))
	}
	if url != "" {
		if err := img.throughLUN(url, filepath.Join(folder, "back.img")); err != nil {
			return 1, errors.Join(err, os.RemoveAll(folder))
		}
		fmt.Println("roundtrip: 1 passed, 0 failed")
		return 0, os.RemoveAll(folder)
	}
	passed, failed, leftOut := 0, 0, 0
	noLoop := serve.CanLoop()
	fmt.Println(heading, "  seconds")
	for _, r := range rows {
		if !strings.Contains(r.String(), only) {
			continue
		}
		if r.disk.kind == "blockio" && noLoop != nil {
			leftOut++
			continue
		}
		start := time.Now()
		err := r.trip(folder, img)
		fmt.Printf("%v  %8.1f\n", r, time.Since(start).Seconds())
		if err != nil {
			failed++
			fmt.Printf("\tfailed: %s\n", strings.ReplaceAll(err.Error(), "\n", "\n\t"))
			continue
		}
		passed++
	}
	if leftOut > 0 {
		fmt.Printf("%d rows with blockio left out: %v\n", leftOut, noLoop)
	}
	fmt.Printf("roundtrip: %d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		code = 1
	}
	return code, os.RemoveAll(folder)
}

// trip runs one row: a fresh backing, a fresh ietd, there and back, and the
// backing itself after ietd has stopped.
func (r row) trip(folder string, img image) (err error) {
	file := filepath.Join(folder, "disk.img")
	if err := fill(file, img.size); err != nil {
		return err
	}
	device := file
	if r.disk.kind == "blockio" {
		loop, err := serve.NewLoop(file, r.blockSize)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, loop.Close()) }()
		device = loop.Path
	}
	t, err := serve.Start(folder, []string{"Path=" + device + "," + r.params()}, r.flags()...)
	if err != nil {
		return err
	}
	err = askTools(t, r)
	if err == nil {
		err = img.throughLUN(t.URL(0), filepath.Join(folder, "back.img"))
	}
	if err := errors.Join(err, t.Stop()); err != nil {
		return err
	}
	sum, err := sumOf(device, img.size)
	if err == nil && sum != img.sum {
		err = fmt.Errorf("the backing has SHA-256 %s, the image %s", sum, img.sum)
	}
	return err
}

// throughLUN writes the image onto the LUN at url, reads it back into the file
// back, and compares.
func (img image) throughLUN(url, back string) error {
	if _, err := serve.Run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", img.path, url); err != nil {
		return err
	}
	if _, err := serve.Run("qemu-img", "convert", "-f", "raw", "-O", "raw", url, back); err != nil {
		return err
	}
	sum, err := sumOf(back, img.size)
	if err == nil && sum != img.sum {
		err = fmt.Errorf("what came back has SHA-256 %s, the image %s", sum, img.sum)
	}
	return err
}
