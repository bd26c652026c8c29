// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxFile is the bytes of an access file. Four thousand targets with a
	// hundred addresses each are less than half of it.
	maxFile = 16 << 20
	// settled is the age of a change from which the next one is sure to leave
	// another time: kernels stamp by ticks, some file systems by two seconds.
	settled = 3 * time.Second
)

// cached is a file and how it looked when it was read.
type cached struct {
	file *file // nil before the first look
	id   fileID
	sum  [sha256.Size]byte // to know an edit from a mere touch
}

// fileID changes when a file does. The time of the inode's change covers the
// modification time, the owner and the mode.
type fileID struct {
	path         string
	dev, ino     uint64
	size         int64
	mtime, ctime unix.Timespec
}

// fresh reports whether the file changed so lately that another change may leave
// the same identity.
func (id *fileID) fresh() bool { return time.Since(time.Unix(id.ctime.Unix())) < settled }

// look brings c up to date. It reports whether there is something new to tell.
func (c *cached) look(kind fileKind, dirs []string) bool {
	old := c.file
	path, id, err := find(kind, dirs)
	if err == nil && old != nil && !old.broken && id == c.id && !id.fresh() {
		return false
	}
	var data []byte
	if err == nil {
		data, id, err = readFile(path)
	}
	if missing(err) {
		*c = cached{file: &file{kind: kind, path: path, missing: true}}
		return false
	}
	if err != nil {
		// Tried again at every look, and told again when the reason changes.
		*c = cached{file: brokenFile(kind, path, err)}
		return old == nil || !old.broken || old.findings[0] != c.file.findings[0]
	}
	sum := sha256.Sum256(data)
	if old != nil && !old.broken && !old.missing && old.path == path && sum == c.sum {
		c.id = id
		return false
	}
	*c = cached{file: parse(kind, path, data), id: id, sum: sum}
	return true
}

// missing reports whether err says that there is no such file.
func missing(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) }

// find returns the path of a file and its identity. When no directory has it,
// path is in the first and err says that it is missing.
func find(kind fileKind, dirs []string) (string, fileID, error) {
	var absent error
	for _, dir := range dirs {
		path := filepath.Join(dir, fileKinds[kind].name)
		var stat unix.Stat_t
		err := unix.Stat(path, &stat)
		if !missing(err) {
			return path, identify(path, &stat), err
		}
		absent = err
	}
	return filepath.Join(dirs[0], fileKinds[kind].name), fileID{}, absent
}

func identify(path string, s *unix.Stat_t) fileID {
	return fileID{path: path, dev: s.Dev, ino: s.Ino, size: s.Size, mtime: s.Mtim, ctime: s.Ctim}
}

// readFile reads path whole. It must be a regular file: others could block.
func readFile(path string) (data []byte, id fileID, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, id, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil {
		return nil, id, err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, id, errors.New("it is not a regular file")
	}
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is longer than %d MiB", maxFile>>20)
	}
	return data, identify(path, &stat), err
}

// brokenFile is the file that cannot be read.
func brokenFile(kind fileKind, path string, err error) *file {
	var errno unix.Errno
	if errors.As(err, &errno) {
		err = errno // the rest repeats the path
	}
	who := "everybody is denied"
	if fileKinds[kind].deny {
		who = "everybody is denied whom initiators.allow does not allow"
	}
	f := &file{kind: kind, path: path, broken: true}
	f.report(0, Error, "it cannot be read (%v), so %s; make it readable or remove it", err, who)
	return f
}
