// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"testing"

	"ietring/backing"
	"ietring/backing/backingtest"
)

func TestNullio(t *testing.T) {
	for _, block := range []uint32{0, 4096} {
		backingtest.Suite(t, func(*testing.T) backing.Params {
			return backing.Params{Type: "nullio", BlockSize: block, Blocks: 4096}
		})
	}
}

func TestNullioSize(t *testing.T) {
	tests := []struct {
		name   string
		params backing.Params
		blocks uint64
		block  uint32
	}{
		{"without Blocks there are 64 GiB", backing.Params{}, 64 << 30 / 512, 512},
		{"64 GiB are fewer blocks when these are larger", backing.Params{BlockSize: 4096}, 64 << 30 / 4096, 4096},
		{"Blocks counts blocks, not sectors", backing.Params{BlockSize: 2048, Blocks: 1000}, 1000, 2048},
		{"a disk of one block", backing.Params{Blocks: 1}, 1, 512},
		{"the largest disk", backing.Params{Blocks: 1<<54 - 1}, 1<<54 - 1, 512},
	}
	for _, test := range tests {
		test.params.Type = "nullio"
		d := open(t, test.params)
		if d.Blocks() != test.blocks || d.BlockSize() != test.block || d.Size() != int64(test.blocks)*int64(test.block) {
			t.Errorf("%s: %d blocks of %d, %d bytes; want %d of %d", test.name, d.Blocks(), d.BlockSize(), d.Size(), test.blocks, test.block)
		}
		if !d.NonRotating() || d.Direct() || len(d.Notes()) != 0 {
			t.Errorf("%s: NonRotating %v, Direct %v, Notes %q", test.name, d.NonRotating(), d.Direct(), d.Notes())
		}
	}
}
