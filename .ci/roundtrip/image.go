// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ietring/.ci/serve"
)

const (
	minContent = 300 << 20 // bytes of files in the image, at least
	imageSize  = 512 << 20 // of the image and of the LUN; bytes
)

// pattern is what a backing is full of before a round trip.
const pattern = 0xa5

// An image is a file system with real files in it.
type image struct {
	path string
	sum  string // SHA-256, hexadecimal
	size int64  // bytes
}

// makeImage makes an ext4 image in folder from Go's own tree and, where that
// is too little, this machine's programs.
func makeImage(folder string) (image, error) {
	goroot, err := serve.Run("go", "env", "GOROOT")
	if err != nil {
		return image{}, err
	}
	content := filepath.Join(folder, "content")
	if err := os.RemoveAll(content); err != nil {
		return image{}, err
	}
	if err := os.Mkdir(content, 0o755); err != nil {
		return image{}, err
	}
	var total int64
	for i, source := range []string{strings.TrimSpace(goroot), "/usr/bin", "/usr/sbin", "/usr/lib/git-core", "/usr/share"} {
		if total >= minContent {
			break
		}
		n, err := copyTree(filepath.Join(content, fmt.Sprint(i)), source, minContent+20<<20-total)
		if err != nil {
			return image{}, err
		}
		total += n
	}
	if total < minContent {
		return image{}, fmt.Errorf("found only %d bytes of files for an image of %d", total, int64(minContent))
	}
	img := image{path: filepath.Join(folder, "image.ext4"), size: imageSize}
	if err := serve.NewFile(img.path, img.size); err != nil {
		return image{}, err
	}
	if _, err := serve.Run("mkfs.ext4", "-q", "-F", "-b", "4096", "-d", content, img.path); err != nil {
		return image{}, err
	}
	img.sum, err = sumOf(img.path, img.size)
	return img, errors.Join(err, os.RemoveAll(content))
}

// copyTree copies the regular files below from that can be read, about most
// bytes of them, and gives the number of bytes.
func copyTree(to, from string, most int64) (int64, error) {
	var total int64
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if total >= most {
			return fs.SkipAll
		}
		target := filepath.Join(to, strings.TrimPrefix(p, from))
		switch {
		case errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist):
			return nil // not ours to read, or not on this machine
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		n, err := copyFile(target, p)
		total += n
		if errors.Is(err, fs.ErrPermission) {
			return nil
		}
		return err
	})
	return total, err
}

func copyFile(to, from string) (int64, error) {
	src, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer src.Close() // only read: nothing to lose
	dst, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(dst, src)
	return n, errors.Join(err, dst.Close())
}

// sumOf is the SHA-256 of the first size bytes of a file, which must have them.
func sumOf(path string, size int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read: nothing to lose
	h := sha256.New()
	if _, err := io.CopyN(h, f, size); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fill writes size bytes of pattern to a file.
func fill(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = pattern
	}
	for size > 0 {
		n, err := f.Write(block[:min(size, int64(len(block)))])
		if err != nil {
			return errors.Join(err, f.Close())
		}
		size -= int64(n)
	}
	return f.Close()
}
