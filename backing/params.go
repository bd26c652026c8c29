// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"
	"math"
	"strings"
)

// The limits of what a logical unit can say about its blocks.
const (
	defaultBlockSize = 512
	defaultNullBytes = 64 << 30 // as IET

	// maxPhysicalShift is the largest LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT
	// (SBC-3, READ CAPACITY (16)): the field has four bits.
	maxPhysicalShift = 15
)

// Params is what the operator asks for, in the words of IET's Lun line. Values
// are compared exactly, as IET does.
type Params struct {
	Type              string // "fileio", "blockio", "nullio"; "" is "fileio", as in IET
	Path              string // the file or block device; none for nullio
	IOMode            string // "wt" write-through, "wb" write-back, "ro" read-only; "" is "wt"; none for nullio
	BlockSize         uint32 // bytes: 512, 1024, 2048, 4096; 0 is 512, for blockio the device's logical block size
	PhysicalBlockSize uint32 // bytes: a power of two, at least BlockSize; 0 is what the backing says of itself
	Blocks            uint64 // nullio only: size in blocks; 0 is 64 GiB worth
	Direct            string // fileio only: "yes" O_DIRECT, "no" the page cache; "" is "yes" where the file system can
	AtomicWrite       uint32 // bytes of an atomic write, a power of two from 512 to 1 MiB; 0 is none
	Thin              string // "yes" blocks can be given back by Discard, "no"; "" is "yes" where the backing can
}

// kindName returns the type with its default filled in.
func (p Params) kindName() string {
	if p.Type == "" {
		return "fileio"
	}
	return p.Type
}

// Check reports what is wrong with p as far as can be said without touching the
// file system. The error is one line and says what would be right.
func (p Params) Check() error {
	k := findKind(p.kindName())
	if k == nil {
		if right := strings.ToLower(p.Type); findKind(right) != nil {
			return fmt.Errorf("Type=%s: case matters, use Type=%s", p.Type, right)
		}
		return fmt.Errorf("Type=%s: the types are fileio, blockio and nullio", p.Type)
	}
	if err := k.check(p); err != nil {
		return err
	}
	switch p.IOMode {
	case "", "wt", "wb", "ro":
	default:
		return fmt.Errorf("IOMode=%s: the modes are wt, wb and ro", p.IOMode)
	}
	switch p.Thin {
	case "", "yes", "no":
	default:
		return fmt.Errorf("Thin=%s: it can be yes or no", p.Thin)
	}
	if p.Thin == "yes" && p.IOMode == "ro" {
		return fmt.Errorf("Thin=yes: nothing can be given back with IOMode=ro")
	}
	if err := p.checkAtomic(); err != nil {
		return err
	}
	return p.checkSizes()
}

// checkSizes is the part of Check about blocks.
func (p Params) checkSizes() error {
	switch p.BlockSize {
	case 0, 512, 1024, 2048, 4096:
	default:
		return fmt.Errorf("BlockSize=%d: it can be 512, 1024, 2048 or 4096", p.BlockSize)
	}
	if p.PhysicalBlockSize == 0 {
		return nil
	}
	least, most := p.BlockSize, p.BlockSize
	switch {
	case p.BlockSize != 0:
	case p.kindName() == "blockio":
		least, most = 512, 4096 // it will be the device's
	default:
		least, most = defaultBlockSize, defaultBlockSize
	}
	return checkPhysical(p.PhysicalBlockSize, least, most)
}

// checkPhysical reports whether a physical block size can be told to an initiator
// whose logical blocks have from least to most bytes.
func checkPhysical(physical, least, most uint32) error {
	if !powerOfTwo(physical) || physical < least || physical > most<<maxPhysicalShift {
		return fmt.Errorf("PhysicalBlockSize=%d: it can be a power of two from the block size, %d, to %d",
			physical, least, most<<maxPhysicalShift)
	}
	return nil
}

// checkStored is the check of the types that keep their blocks behind a path.
func (p Params) checkStored() error {
	if p.Path == "" {
		return fmt.Errorf("Type=%s needs a Path", p.kindName())
	}
	if strings.IndexByte(p.Path, 0) >= 0 {
		return fmt.Errorf("Path=%q: a path cannot hold a zero byte", p.Path)
	}
	if p.Blocks != 0 {
		return fmt.Errorf("Blocks=%d: only nullio has Blocks, the size of %s is its own", p.Blocks, p.Path)
	}
	return nil
}

func checkFileio(p Params) error {
	switch p.Direct {
	case "", "yes", "no":
	default:
		return fmt.Errorf("Direct=%s: it can be yes or no", p.Direct)
	}
	return p.checkStored()
}

func checkBlockio(p Params) error {
	if p.Direct != "" {
		return fmt.Errorf("Direct=%s: only fileio has a choice, blockio is always direct", p.Direct)
	}
	return p.checkStored()
}

func checkNullio(p Params) error {
	blockSize := uint64(p.BlockSize)
	if blockSize == 0 {
		blockSize = defaultBlockSize
	}
	switch {
	case p.Path != "":
		return fmt.Errorf("Path=%s: nullio keeps nothing and has no Path", p.Path)
	case p.IOMode != "":
		return fmt.Errorf("IOMode=%s: nullio keeps nothing and has no IOMode", p.IOMode)
	case p.Direct != "":
		return fmt.Errorf("Direct=%s: only fileio has a choice, nullio keeps nothing", p.Direct)
	case p.Blocks > math.MaxInt64/blockSize:
		return fmt.Errorf("Blocks=%d: with blocks of %d bytes it can be up to %d", p.Blocks, blockSize, math.MaxInt64/blockSize)
	}
	return nil
}

func powerOfTwo(n uint32) bool { return n != 0 && n&(n-1) == 0 }
