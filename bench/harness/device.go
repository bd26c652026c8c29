// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// unitLen is the size of every unit, in bytes.
const unitLen = 512 * mib

// A device is a file or block device for one server alone.
type device struct {
	path    string
	release []func() error // in the order of making
}

// free gives everything back, the last first.
func (d *device) free() error {
	var err error
	for i := len(d.release) - 1; i >= 0; i-- {
		err = errors.Join(err, d.release[i]())
	}
	return err
}

// newDevice makes and fills the device of a backing; files go to dir. A backing
// without bytes has no path.
func newDevice(b backing, dir string) (*device, error) {
	d := &device{}
	var err error
	switch b.kind {
	case kindRAM:
		err = d.file("/dev/shm")
	case kindFile:
		err = d.file(dir)
	case kindLoop:
		if err = d.file(dir); err == nil {
			err = d.loop()
		}
	case kindNarrow:
		if err = d.file(dir); err == nil {
			err = d.loop("--sector-size=4096")
		}
	case kindZRAM:
		err = d.zram()
	}
	if err != nil {
		return nil, errors.Join(err, d.free())
	}
	return d, nil
}

// file makes a file with content that cannot be compressed.
func (d *device) file(dir string) error {
	f, err := os.CreateTemp(dir, "harness-unit-")
	if err != nil {
		return err
	}
	d.path = f.Name()
	d.release = append(d.release, func() error { return os.Remove(f.Name()) })
	return errors.Join(fill(f), f.Close())
}

// fill writes unitLen random bytes and has them on the disk.
func fill(f *os.File) error {
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, mib)
	for i := 0; i < len(b); i += 8 {
		for k, v := 0, rng.Uint64(); k < 8; k, v = k+1, v>>8 {
			b[i+k] = byte(v)
		}
	}
	for range unitLen / mib {
		if _, err := f.Write(b); err != nil {
			return err
		}
	}
	return f.Sync()
}

// loop puts a loop device on the file; options are losetup's.
func (d *device) loop(options ...string) error {
	out, err := command("losetup", append(options, "--direct-io=on", "--find", "--show", d.path)...)
	if err != nil {
		return err
	}
	d.path = out
	d.release = append(d.release, func() error { _, err := command("losetup", "--detach", out); return err })
	return nil
}

const zramControl = "/sys/class/zram-control"

// zram adds a device, which the machine takes away again.
func (d *device) zram() error {
	b, err := os.ReadFile(filepath.Join(zramControl, "hot_add"))
	if err != nil {
		return err
	}
	n := strings.TrimSpace(string(b))
	d.path = "/dev/zram" + n
	d.release = append(d.release, func() error {
		return errors.Join(patiently(func() error { return setting("/sys/block/zram"+n+"/reset", "1") }),
			patiently(func() error { return setting(filepath.Join(zramControl, "hot_remove"), n) }))
	})
	if err := setting("/sys/block/zram"+n+"/disksize", strconv.Itoa(unitLen)); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}

// patiently tries again while a device is busy: the kernel lets go of what a
// killed process had open some time after its end.
func patiently(try func() error) error {
	const tries, pause = 50, 100 * time.Millisecond
	var err error
	for range tries {
		if err = try(); !errors.Is(err, unix.EBUSY) {
			return err
		}
		time.Sleep(pause)
	}
	return err
}

// setting writes a word to a file of /sys.
func setting(path, word string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(word)
	return errors.Join(err, f.Close())
}

// command runs a tool and returns what it prints.
func command(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
