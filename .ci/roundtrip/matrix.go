// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// A disk is what stands behind the LUN.
type disk struct {
	kind   string // fileio or blockio
	direct string // Direct of fileio: yes or no; "" for blockio
	mode   string // wt or wb
}

func (d disk) String() string {
	switch d.direct {
	case "yes":
		return d.kind + " direct " + d.mode
	case "no":
		return d.kind + " buffered " + d.mode
	}
	return d.kind + " " + d.mode
}

// A row is one round trip.
type row struct {
	disk          disk
	blockSize     int    // bytes
	headerDigest  string // CRC32C or None: what the target demands
	immediateData string // Yes or No
	initialR2T    string // Yes or No
	lengths       int    // FirstBurst, MaxBurst, MaxRecv- and MaxXmitDataSegmentLength; bytes
}

func (r row) String() string {
	return fmt.Sprintf("%-18v %5d  %-6s  %-9s  %-10s %9d",
		r.disk, r.blockSize, r.headerDigest, r.immediateData, r.initialR2T, r.lengths)
}

// heading is above the rows that String makes.
const heading = "disk               block  header  immediate  initialR2T   lengths"

// params is what follows Path in the LUN's line of ietd.conf.
func (r row) params() string {
	p := fmt.Sprintf("Type=%s,IOMode=%s,BlockSize=%d", r.disk.kind, r.disk.mode, r.blockSize)
	if r.disk.direct != "" {
		p += ",Direct=" + r.disk.direct
	}
	return p
}

// flags are the session keys that ietd is started with.
func (r row) flags() []string {
	keys := []string{
		"HeaderDigest=" + r.headerDigest,
		"DataDigest=None",
		"ImmediateData=" + r.immediateData,
		"InitialR2T=" + r.initialR2T,
		fmt.Sprintf("FirstBurstLength=%d", r.lengths),
		fmt.Sprintf("MaxBurstLength=%d", r.lengths),
		fmt.Sprintf("MaxRecvDataSegmentLength=%d", r.lengths),
		fmt.Sprintf("MaxXmitDataSegmentLength=%d", r.lengths),
	}
	var flags []string
	for _, k := range keys {
		flags = append(flags, "--session", k)
	}
	return flags
}

// query is what makes libiscsi's tools ask for the row's header digest. QEMU
// offers None and CRC32C by itself, and 7.2 crashes on an address with a query.
func (r row) query() string { return "?header_digest=" + strings.ToLower(r.headerDigest) }

// The columns of the matrix.
var (
	disks = []disk{
		{"fileio", "yes", "wt"}, {"fileio", "yes", "wb"},
		{"fileio", "no", "wt"}, {"fileio", "no", "wb"},
		{"blockio", "", "wt"}, {"blockio", "", "wb"},
	}
	blockSizes = []int{512, 4096}
	digests    = []string{"None", "CRC32C"}
	answers    = []string{"Yes", "No"}
	// lengths are one block, one page, 1 MiB, and the most a header can say.
	lengths = []int{512, 4096, 1 << 20, 1<<24 - 1}
)

// full is every combination of the columns.
func full() []row {
	var rows []row
	for _, d := range disks {
		for _, b := range blockSizes {
			for _, h := range digests {
				for _, i := range answers {
					for _, r := range answers {
						for _, l := range lengths {
							rows = append(rows, row{d, b, h, i, r, l})
						}
					}
				}
			}
		}
	}
	return rows
}

// short has each value of each column, each disk with each block size, and
// each pair of ImmediateData and InitialR2T at a small and at a large length.
var short = []row{
	{disks[0], 512, "None", "Yes", "No", 1 << 20},
	{disks[0], 4096, "CRC32C", "No", "Yes", 1<<24 - 1},
	{disks[1], 512, "CRC32C", "Yes", "Yes", 1 << 20},
	{disks[1], 4096, "None", "No", "No", 4096},
	{disks[2], 512, "None", "No", "No", 1<<24 - 1},
	{disks[2], 4096, "CRC32C", "Yes", "No", 4096},
	{disks[3], 512, "CRC32C", "No", "Yes", 4096},
	{disks[3], 4096, "None", "Yes", "Yes", 512},
	{disks[4], 512, "CRC32C", "Yes", "No", 1<<24 - 1},
	{disks[4], 4096, "None", "No", "Yes", 1 << 20},
	{disks[5], 512, "None", "Yes", "Yes", 1 << 20},
	{disks[5], 4096, "CRC32C", "No", "No", 1 << 20},
}
