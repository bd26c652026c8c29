// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

// openNullio makes a disk that keeps nothing, to measure everything but a disk.
func openNullio(d *Disk) error {
	d.null = true
	d.nonRotating = true
	d.thin = thin{on: d.params.Thin != "no", known: true}
	d.blockSize = d.params.BlockSize
	if d.blockSize == 0 {
		d.blockSize = defaultBlockSize
	}
	bytes := int64(d.params.Blocks) * int64(d.blockSize) // Check has bounded the product
	if bytes == 0 {
		bytes = defaultNullBytes
	}
	return d.setGeometry(bytes, d.blockSize)
}
