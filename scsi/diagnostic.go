// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// Fields of SEND DIAGNOSTIC, in byte 1. See SPC-4. The other self-tests, and
// diagnostic pages, are refused: there is no hardware of ours to test.
const diagnosticSelfTest = 0x04 // SELFTEST: the default self-test

// planSendDiagnostic is SEND DIAGNOSTIC of SPC-4. The default self-test reads
// the first block from the medium, which says whether the disk behind the unit
// answers; without it there is nothing to do.
func planSendDiagnostic(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	if cdb[1]&diagnosticSelfTest != 0 {
		p.Action, p.Len = ActionVerify, int(p.state.BlockSize)
	}
	return Good
}
