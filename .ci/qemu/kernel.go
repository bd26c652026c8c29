// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"ietring/.ci/serve"
)

// kernelPackage is the newest of Debian's kernels for virtual machines. It is
// small, and has ext4 and the serial console built in.
const kernelPackage = "linux-image-cloud-amd64"

// modules are those that the boot needs beside, in the order of loading; below
// kernel/drivers in the package.
var modules = []string{
	"virtio/virtio_ring.ko", "virtio/virtio.ko", "virtio/virtio_pci_legacy_dev.ko",
	"virtio/virtio_pci_modern_dev.ko", "virtio/virtio_pci.ko", "block/virtio_blk.ko",
}

// A kernelFiles is an unpacked package.
type kernelFiles struct {
	image   string // path of vmlinuz
	drivers string // path of the folder kernel/drivers
}

// fetchKernel gets the package into folder and unpacks it there. It installs
// nothing.
func fetchKernel(folder string) (*kernelFiles, error) {
	depends, err := serve.Run("apt-cache", "depends", kernelPackage)
	if err != nil {
		return nil, fmt.Errorf("%w (has apt-get update been run?)", err)
	}
	_, name, found := strings.Cut(depends, "Depends: ")
	if !found {
		return nil, fmt.Errorf("%s depends on no kernel:\n%s", kernelPackage, depends)
	}
	name, _, _ = strings.Cut(name, "\n")
	download := exec.Command("apt-get", "download", "--quiet", name)
	download.Dir = folder
	if said, err := download.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("apt-get download %s: %w\n%s", name, err, said)
	}
	file, err := only(filepath.Join(folder, "linux-image-*.deb"))
	if err != nil {
		return nil, err
	}
	unpacked := filepath.Join(folder, "kernel")
	if _, err := serve.Run("dpkg-deb", "--extract", file, unpacked); err != nil {
		return nil, err
	}
	k := &kernelFiles{}
	if k.image, err = only(filepath.Join(unpacked, "boot", "vmlinuz-*")); err != nil {
		return nil, err
	}
	k.drivers, err = only(filepath.Join(unpacked, "lib", "modules", "*", "kernel", "drivers"))
	return k, err
}

// only is the path that matches the pattern, of which there must be one.
func only(pattern string) (string, error) {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d files match %s", len(found), pattern)
	}
	return found[0], nil
}

// makeInitial makes the initial file system at path: busybox, the modules and
// stage1.sh.
func (k *kernelFiles) makeInitial(folder, path string) error {
	root := filepath.Join(folder, "initial")
	files := map[string]string{"bin/busybox": "/bin/busybox", "init": filepath.Join(scriptFolder, "stage1.sh")}
	for i, m := range modules {
		files[fmt.Sprintf("modules/%d.ko", i)] = filepath.Join(k.drivers, m)
	}
	if err := copyFiles(root, files, "dev", "root"); err != nil {
		return err
	}
	_, err := serve.Run("sh", "-c", `cd "$1" && find . | /bin/busybox cpio -o -H newc 2> /dev/null | gzip -1 > "$2"`, "sh", root, path)
	return err
}

// copyFiles makes root with files in it, from what stands beside them, and
// empty folders.
func copyFiles(root string, files map[string]string, folders ...string) error {
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(root, f), 0o755); err != nil {
			return err
		}
	}
	for to, from := range files {
		to = filepath.Join(root, to)
		b, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, b, 0o755); err != nil {
			return err
		}
	}
	return nil
}
