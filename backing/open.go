// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// A kind is one type of backing.
type kind struct {
	name  string
	check func(Params) error // what can be said without the file system
	open  func(*Disk) error  // fills in the Disk; Open closes what it leaves open on error
}

// kinds are the types of backing there are. A new one is a row.
var kinds = []kind{
	{"fileio", checkFileio, openFileio},
	{"blockio", checkBlockio, openBlockio},
	{"nullio", checkNullio, openNullio},
}

// findKind returns the row called name, nil when there is none.
func findKind(name string) *kind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
}

// Open opens the backing p describes. The error is one line with the path, the
// errno text where there is one, and what would be right; it unwraps to that
// errno. What is worth telling but no error is in [Disk.Notes].
func Open(p Params) (*Disk, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	d := &Disk{
		params:    p,
		kind:      p.kindName(),
		fd:        -1,
		tail:      -1,
		offAlign:  1,
		memAlign:  1,
		readOnly:  p.IOMode == "ro",
		writeBack: p.IOMode == "wb",
	}
	if err := findKind(d.kind).open(d); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := d.setAtomic(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openPath opens the path with the access the mode asks for and the further
// flags given, and keeps the descriptor.
func (d *Disk) openPath(flags int) error {
	flags |= unix.O_CLOEXEC
	if d.readOnly {
		flags |= unix.O_RDONLY
	} else {
		flags |= unix.O_RDWR
	}
	for {
		fd, err := unix.Open(d.params.Path, flags, 0)
		if err == nil {
			d.fd = fd
			return nil
		}
		if err != unix.EINTR {
			return d.openError(err)
		}
	}
}

// openError says why the path could not be opened, and what to do about it.
func (d *Disk) openError(err error) error {
	advice := ""
	switch err {
	case unix.ENOENT:
		advice = "; create it first, or correct the Path"
	case unix.EBUSY:
		advice = "; it is mounted, part of a RAID or LVM, or open in another program: stop that first"
	case unix.EROFS, unix.EACCES, unix.EPERM:
		if !d.readOnly {
			advice = "; if it is meant to be read-only, use IOMode=ro"
		}
	case unix.ENXIO, unix.ENOMEDIUM:
		advice = "; there is no device behind that name"
	}
	return fmt.Errorf("cannot open %s: %w%s", d.params.Path, err, advice)
}

// fileType returns the S_IFMT bits of what stands at the path. It looks before
// opening, because opening a pipe can block and opening a tape can move it.
func (d *Disk) fileType() (uint32, error) {
	var st unix.Stat_t
	if err := unix.Stat(d.params.Path, &st); err != nil {
		return 0, d.openError(err)
	}
	return st.Mode & unix.S_IFMT, nil
}

// typeName returns the words for S_IFMT bits in an error.
func typeName(mode uint32) string {
	switch mode {
	case unix.S_IFREG:
		return "a regular file"
	case unix.S_IFBLK:
		return "a block device"
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFCHR:
		return "a character device"
	case unix.S_IFIFO:
		return "a pipe"
	case unix.S_IFSOCK:
		return "a socket"
	}
	return "not a file"
}

// setGeometry settles size and block sizes. The backing has bytes bytes and says
// of itself that physical bytes are its natural unit; d.blockSize is set.
func (d *Disk) setGeometry(bytes int64, physical uint32) error {
	block := int64(d.blockSize)
	if bytes == 0 {
		return fmt.Errorf("%s is empty: give it a size first", d.params.Path)
	}
	if bytes < block {
		return fmt.Errorf("%s has %d bytes, less than one block of %d", d.params.Path, bytes, block)
	}
	d.size.Store(bytes - bytes%block)
	if rest := bytes % block; rest != 0 {
		// IET rounds down as well, but does not say so.
		d.note("%s: its last %d bytes are not a whole block of %d and stay unused", d.params.Path, rest, block)
	}
	if asked := d.params.PhysicalBlockSize; asked != 0 {
		if err := checkPhysical(asked, d.blockSize, d.blockSize); err != nil {
			return fmt.Errorf("%s: %w", d.params.Path, err)
		}
		physical = asked
	}
	if !powerOfTwo(physical) || physical < d.blockSize {
		physical = d.blockSize
	}
	d.physicalBlockSize = min(physical, d.blockSize<<maxPhysicalShift)
	return nil
}

// note records what the operator should be told.
func (d *Disk) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}
