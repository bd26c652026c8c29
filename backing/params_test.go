// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"testing"

	"ietring/backing"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		params backing.Params
		want   string // the whole error, "" for none
	}{
		{"a path is all a file needs", backing.Params{Path: "/x"}, ""},
		{"every parameter of fileio", backing.Params{Type: "fileio", Path: "/x", IOMode: "wb", BlockSize: 1024, PhysicalBlockSize: 4096, Direct: "yes"}, ""},
		{"every parameter of blockio", backing.Params{Type: "blockio", Path: "/x", IOMode: "ro", BlockSize: 4096, PhysicalBlockSize: 4096}, ""},
		{"every parameter of nullio", backing.Params{Type: "nullio", BlockSize: 2048, PhysicalBlockSize: 2048, Blocks: 1}, ""},
		{"blockio's own block size may carry a large physical block", backing.Params{Type: "blockio", Path: "/x", PhysicalBlockSize: 4096 << 15}, ""},

		{"no such type", backing.Params{Type: "tape", Path: "/x"}, "Type=tape: the types are fileio, blockio and nullio"},
		{"a type in the wrong case", backing.Params{Type: "FileIO", Path: "/x"}, "Type=FileIO: case matters, use Type=fileio"},
		{"fileio without a path", backing.Params{Type: "fileio"}, "Type=fileio needs a Path"},
		{"nothing at all", backing.Params{}, "Type=fileio needs a Path"},
		{"blockio without a path", backing.Params{Type: "blockio"}, "Type=blockio needs a Path"},
		{"a zero byte in the path", backing.Params{Path: "/x\x00y"}, `Path="/x\x00y": a path cannot hold a zero byte`},
		{"nullio with a path", backing.Params{Type: "nullio", Path: "/x"}, "Path=/x: nullio keeps nothing and has no Path"},
		{"no such mode", backing.Params{Path: "/x", IOMode: "rw"}, "IOMode=rw: the modes are wt, wb and ro"},
		{"a mode in the wrong case", backing.Params{Path: "/x", IOMode: "WB"}, "IOMode=WB: the modes are wt, wb and ro"},
		{"nullio with a mode", backing.Params{Type: "nullio", IOMode: "wt"}, "IOMode=wt: nullio keeps nothing and has no IOMode"},
		{"a block size below a sector", backing.Params{Path: "/x", BlockSize: 256}, "BlockSize=256: it can be 512, 1024, 2048 or 4096"},
		{"a block size between", backing.Params{Path: "/x", BlockSize: 1536}, "BlockSize=1536: it can be 512, 1024, 2048 or 4096"},
		{"a block size above a page", backing.Params{Path: "/x", BlockSize: 8192}, "BlockSize=8192: it can be 512, 1024, 2048 or 4096"},
		{"a physical block smaller than a block", backing.Params{Path: "/x", BlockSize: 4096, PhysicalBlockSize: 512}, "PhysicalBlockSize=512: it can be a power of two from the block size, 4096, to 134217728"},
		{"a physical block that is no power of two", backing.Params{Path: "/x", PhysicalBlockSize: 3072}, "PhysicalBlockSize=3072: it can be a power of two from the block size, 512, to 16777216"},
		{"a physical block whose exponent needs five bits", backing.Params{Path: "/x", PhysicalBlockSize: 512 << 16}, "PhysicalBlockSize=33554432: it can be a power of two from the block size, 512, to 16777216"},
		{"blockio with a physical block for no block size", backing.Params{Type: "blockio", Path: "/x", PhysicalBlockSize: 4096 << 16}, "PhysicalBlockSize=268435456: it can be a power of two from the block size, 512, to 134217728"},
		{"fileio with a size", backing.Params{Path: "/x", Blocks: 8}, "Blocks=8: only nullio has Blocks, the size of /x is its own"},
		{"blockio with a size", backing.Params{Type: "blockio", Path: "/x", Blocks: 8}, "Blocks=8: only nullio has Blocks, the size of /x is its own"},
		{"a size no offset can reach", backing.Params{Type: "nullio", Blocks: 1 << 54}, "Blocks=18014398509481984: with blocks of 512 bytes it can be up to 18014398509481983"},
		{"a size that wraps around to a small one", backing.Params{Type: "nullio", BlockSize: 4096, Blocks: 1<<52 + 1}, "Blocks=4503599627370497: with blocks of 4096 bytes it can be up to 2251799813685247"},
		{"half direct", backing.Params{Path: "/x", Direct: "maybe"}, "Direct=maybe: it can be yes or no"},
		{"blockio without direct", backing.Params{Type: "blockio", Path: "/x", Direct: "no"}, "Direct=no: only fileio has a choice, blockio is always direct"},
		{"nullio with direct", backing.Params{Type: "nullio", Direct: "yes"}, "Direct=yes: only fileio has a choice, nullio keeps nothing"},
	}
	for _, test := range tests {
		if got := sentence(test.params.Check()); got != test.want {
			t.Errorf("%s: Check says\n\t%q, want\n\t%q", test.name, got, test.want)
		}
		if test.want == "" {
			continue
		}
		if d, err := backing.Open(test.params); d != nil || sentence(err) != test.want {
			t.Errorf("%s: Open says\n\t%q, want\n\t%q", test.name, sentence(err), test.want)
		}
	}
}

// sentence returns the text of err, "" for none.
func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
