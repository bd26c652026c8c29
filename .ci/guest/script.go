// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"ietring/.ci/serve"
)

// runScript runs the script at path in a guest that has logged in to the
// chosen target, prints what it printed, and gives its status.
func runScript(path string, c *choice) (status int, err error) {
	status, _, err = inGuest(path, c, nil, func(g *guest) error {
		output, err := os.ReadFile(g.file("output"))
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(output)
		return err
	})
	return status, err
}

// inGuest runs the script at path in a guest with the chosen target; after is
// called when the guest has ended and its folder is still there.
func inGuest(path string, c *choice, more map[string]string, after func(*guest) error) (status int, g *guest, err error) {
	folder, err := serve.Folder("guest")
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	settings, stop, err := c.open(folder)
	if err != nil {
		return 0, nil, fmt.Errorf("target: %w", err)
	}
	for name, value := range more {
		settings[name] = value
	}
	g, err = newGuest(folder, path, settings)
	if err == nil {
		status, err = g.run()
	}
	if err == nil {
		err = after(g)
	}
	return status, g, errors.Join(err, stop())
}
