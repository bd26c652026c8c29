// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package packaging is what is installed beside the binary, and the tests that
// hold it to the program. make install puts these files in place:
//
//	ietd.service, ietd.socket           systemd's units
//	ietd.conf                           a configuration that teaches
//	initiators.allow, targets.allow     IET's access files, which let all in
//	seccomp.json                        a profile for containers (OCI, Docker,
//	                                    Podman, Kubernetes) that allows io_uring
//
// Manual pages and completions are not here: package manual writes them. The
// paths in the units are those of PREFIX=/usr/local; make install puts others
// in their place.
package packaging
