// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ietring/.ci/serve"
)

// resultsFolder holds a file of results for each target.
const resultsFolder = ".ci/conformance/results"

// A target's results, as they are kept.
type kept struct {
	Target string            // name and version
	Disks  []keptDisk        // in the order of the run
	Tests  map[string]ending // of each test the most telling end on any disk
}

type keptDisk struct {
	Name, About             string
	Passed, Failed, Skipped int
}

// save keeps the results of the run, and writes RESULTS.md from those of all
// targets.
func (r *report) save(o options) error {
	name, err := targetName(o)
	if err != nil {
		return err
	}
	k := kept{Target: name, Tests: map[string]ending{}}
	for _, d := range r.disks {
		n := count(d.results)
		k.Disks = append(k.Disks, keptDisk{d.name, d.about, n[passed], n[failed], n[skipped]})
	}
	for _, res := range r.union {
		k.Tests[res.name] = res.ending
	}
	b, err := json.MarshalIndent(k, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(resultsFolder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(resultsFolder, slug(name)+".json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	all, err := readKept()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(".ci", "conformance", "RESULTS.md"), []byte(page(all)), 0o644)
}

// targetName is the target's name with its version where it has one.
func targetName(o options) (string, error) {
	switch {
	case o.as != "":
		return o.as, nil
	case o.against == "ietd" && o.read == "":
		return "ietd", nil // its version is the one that this file belongs to
	case o.against == "tgt":
		version, err := serve.Run("tgtd", "--version")
		return "tgt " + strings.TrimSpace(version), err
	}
	return "", fmt.Errorf("say whose results these are with -as")
}

// slug is the first word of a target's name as a name of a file.
func slug(name string) string {
	word, _, _ := strings.Cut(strings.ToLower(name), " ")
	return regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(word, "")
}

// readKept reads the results of all targets, ietd's first.
func readKept() ([]kept, error) {
	files, err := filepath.Glob(filepath.Join(resultsFolder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var k kept
		if err := json.Unmarshal(b, &k); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(-cmp.Compare(btoi(a.Target == "ietd"), btoi(b.Target == "ietd")), cmp.Compare(a.Target, b.Target))
	})
	return all, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
