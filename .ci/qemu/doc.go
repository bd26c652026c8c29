// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command qemu uses ietd's disks from QEMU's own initiator, which is libiscsi
// in QEMU's block layer.
//
//	go run ./.ci/qemu          patterns by qemu-io, then a boot
//	go run ./.ci/qemu -short   patterns only
//
// The boot is of a whole machine from nothing but the iSCSI disk: boot sector,
// boot loader, kernel, initial file system and root are all on it.
//
//	kernel.go     Debian's kernel for virtual machines, from a package that is
//	              fetched by apt-get and only unpacked
//	image.go      the disk's image: MBR, FAT with SYSLINUX and the kernel, ext4;
//	              made without root and without loop devices
//	stage1.sh     /init of the initial file system: modules, then the root
//	stage2.sh     /sbin/init on the root: reads, writes, and says so
//	boot.go       qemu-img puts the image on the LUN; qemu-system boots from it;
//	              then what the guest wrote must be in ietd's file
//	patterns.go   what qemu-io writes, and reads back
//
// QEMU emulates the processor in software here, for it may not find KVM.
package main
