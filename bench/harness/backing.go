// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// A backing is what is behind a unit, and what an acknowledged write means.
type backing struct {
	kind      backingKind
	direct    bool // past the page cache
	writeBack bool // durable after a flush; else each write is
}

// backingKind says where the bytes are.
type backingKind string

const (
	kindNull backingKind = "null" // nowhere: reads give zeros, writes are forgotten
	kindRAM  backingKind = "ram"  // a file on tmpfs
	kindFile backingKind = "file" // a file on the machine's disk
	kindLoop backingKind = "loop" // a loop device on such a file, past the page cache
	kindZRAM backingKind = "zram" // a block device in memory

	// kindNarrow is such a loop device with blocks of 4096 bytes, as a unit with
	// blocks of 512: ietd writes less than the device can.
	kindNarrow backingKind = "narrow"
)

var (
	onNull       = backing{kind: kindNull, writeBack: true}
	onRAM        = backing{kind: kindRAM, writeBack: true}
	onRAMwt      = backing{kind: kindRAM}
	onFile       = backing{kind: kindFile, direct: true, writeBack: true}
	onFileWT     = backing{kind: kindFile, direct: true}
	onCachedFile = backing{kind: kindFile, writeBack: true}
	onCachedWT   = backing{kind: kindFile}
	onLoop       = backing{kind: kindLoop, direct: true, writeBack: true}
	onLoopWT     = backing{kind: kindLoop, direct: true}
	onZRAM       = backing{kind: kindZRAM, direct: true, writeBack: true}
	onZRAMwt     = backing{kind: kindZRAM, direct: true}
	onNarrow     = backing{kind: kindNarrow, direct: true, writeBack: true}
)

// backings are all of them, and withBytes those with bytes on which servers are
// held against each other.
var (
	backings  = append([]backing{onNull, onNarrow}, withBytes...)
	withBytes = []backing{onRAM, onRAMwt, onFile, onFileWT, onCachedFile, onCachedWT, onLoop, onLoopWT, onZRAM, onZRAMwt}
)

// backingNamed returns the backing that results have by a name.
func backingNamed(name string) (backing, error) {
	names := make([]string, len(backings))
	for i, b := range backings {
		if names[i] = b.String(); names[i] == name {
			return b, nil
		}
	}
	return backing{}, fmt.Errorf("there is no backing %q, only %s", name, strings.Join(names, ", "))
}

// String names the backing as the results do: null, file_direct_wt, zram_wb.
func (b backing) String() string {
	name := string(b.kind)
	if b.kind == kindNull {
		return name
	}
	if b.kind == kindFile {
		if b.direct {
			name += "_direct"
		} else {
			name += "_buffered"
		}
	}
	if b.writeBack {
		return name + "_wb"
	}
	return name + "_wt"
}

// words are what the page says of it.
func (b backing) words() string {
	where := map[backingKind]string{
		kindNull: "no storage at all (nullio, bstype null, bdev_null)",
		kindRAM:  "a file on tmpfs",
		kindFile: "a file on the machine's disk",
		kindLoop: "a loop device on a file of the machine's disk",
		kindZRAM: "a zram device",

		kindNarrow: "a loop device with blocks of 4096 bytes, served with blocks of 512",
	}[b.kind]
	if b.kind == kindNull {
		return where
	}
	if b.kind == kindFile && !b.direct {
		where += ", through the page cache"
	} else if b.direct {
		where += ", past the page cache"
	}
	if b.writeBack {
		return where + "; write-back: a write is durable after a flush"
	}
	return where + "; write-through: each write is durable before its status"
}
