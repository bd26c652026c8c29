// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"errors"
	"fmt"
	"io/fs"
)

// Load reads the *.flow files of a folder, in the order of their names. No file at
// all is an error, since who asks for flows wants some; the others name the file.
func Load(folder fs.FS) ([]*Flow, error) {
	paths, err := fs.Glob(folder, "*.flow")
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("there is no *.flow")
	}
	flows := make([]*Flow, len(paths))
	for i, path := range paths {
		text, err := fs.ReadFile(folder, path)
		if err != nil {
			return nil, err
		}
		if flows[i], err = Parse(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return flows, nil
}
