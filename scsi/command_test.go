// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
)

// rows calls f for each row that is a command.
func rows(f func(opcode byte, row *command)) {
	for opcode, row := range commands {
		switch {
		case row == nil:
		case row.actions == nil:
			f(byte(opcode), row)
		default:
			for action := range byte(serviceActionBits + 1) {
				if a := row.actions[action]; a != nil {
					f(byte(opcode), a)
				}
			}
		}
	}
}

// groupLen is the CDB length by group code. See SPC-4, operation code.
var groupLen = [8]int{0: 6, 1: 10, 2: 10, 4: 16, 5: 12}

func TestEveryRowIsComplete(t *testing.T) {
	names := map[string]bool{}
	rows(func(opcode byte, row *command) {
		if row.name == "" || names[row.name] {
			t.Errorf("%02xh: name %q is empty or used twice", opcode, row.name)
		}
		names[row.name] = true
		if row.dir == 0 || row.access == 0 || row.plan == nil {
			t.Errorf("%s: direction, access or plan is missing", row.name)
		}
		if got, want := len(row.usage), groupLen[opcode>>5]; got != want {
			t.Errorf("%s: CDB of %d bytes, the group code says %d", row.name, got, want)
		}
		if row.usage[0] != opcode {
			t.Errorf("%s: usage begins with %02xh, not %02xh", row.name, row.usage[0], opcode)
		}
		if row.usage[len(row.usage)-1] != 0 {
			t.Errorf("%s: CONTROL is looked at, but NACA is not supported", row.name)
		}
		if row.writes && (row.dir == ToInitiator || row.access != accessConflict) {
			t.Errorf("%s: writes, yet its direction or reservation class says not", row.name)
		}
	})
	for opcode, row := range commands {
		if row != nil && row.actions != nil && (row.plan != nil || row.usage != nil) {
			t.Errorf("%02xh: a row with service actions is a command too", opcode)
		}
	}
	if len(names) != 74 {
		t.Errorf("%d commands, want 74: is the new one in the tests?", len(names))
	}
}

// goodCDB holds for each command by name a CDB that is good.
var goodCDB = map[string]string{
	"TEST UNIT READY":              "00",
	"REQUEST SENSE":                "03 00 00 00 ff",
	"READ(6)":                      "08 00 00 01 01",
	"WRITE(6)":                     "0a 00 00 01 01",
	"INQUIRY":                      "12 00 00 00 ff",
	"MODE SELECT(6)":               "15 10 00 00 18",
	"MODE SENSE(6)":                "1a 00 3f 00 ff",
	"START STOP UNIT":              "1b 00 00 00 01",
	"READ CAPACITY(10)":            "25",
	"READ(10)":                     "28 00 00000001 00 0001",
	"WRITE(10)":                    "2a 00 00000001 00 0001",
	"WRITE AND VERIFY(10)":         "2e 00 00000001 00 0001",
	"VERIFY(10)":                   "2f 00 00000001 00 0001",
	"PRE-FETCH(10)":                "34 00 00000001 00 0001",
	"SYNCHRONIZE CACHE(10)":        "35 00 00000001 00 0001",
	"MODE SELECT(10)":              "55 10 0000000000 001c",
	"MODE SENSE(10)":               "5a 00 3f 00 000000 ffff",
	"READ(16)":                     "88 00 0000000000000001 00000001",
	"WRITE(16)":                    "8a 00 0000000000000001 00000001",
	"COMPARE AND WRITE":            "89 00 0000000000000001 000000 01",
	"ORWRITE(16)":                  "8b 00 0000000000000001 00000001",
	"PRE-FETCH(16)":                "90 00 0000000000000001 00000001",
	"WRITE AND VERIFY(16)":         "8e 00 0000000000000001 00000001",
	"VERIFY(16)":                   "8f 00 0000000000000001 00000001",
	"SYNCHRONIZE CACHE(16)":        "91 00 0000000000000001 00000001",
	"READ CAPACITY(16)":            "9e 10 0000000000000000 000000ff",
	"REPORT LUNS":                  "a0 00 00 000000 000000ff",
	"WRITE SAME(10)":               "41 08 00000001 00 0001",
	"UNMAP":                        "42 00 00000000 00 0018",
	"WRITE SAME(16)":               "93 09 0000000000000001 00000001",
	"LOG SENSE":                    "4d 00 40 00 00 0000 00ff",
	"FORMAT UNIT":                  "04 10 000000",
	"READ DEFECT DATA(10)":         "37 00 18 00000000 00ff",
	"READ DEFECT DATA(12)":         "b7 18 00000000 000000ff",
	"GET LBA STATUS":               "9e 12 0000000000000001 00000018",
	"READ(12)":                     "a8 00 00000001 00000001",
	"WRITE(12)":                    "aa 00 00000001 00000001",
	"WRITE AND VERIFY(12)":         "ae 00 00000001 00000001",
	"VERIFY(12)":                   "af 00 00000001 00000001",
	"SEND DIAGNOSTIC":              "1d 04 00 0000",
	"PREVENT ALLOW MEDIUM REMOVAL": "1e 00 00 00 00",

	"WRITE ATOMIC(16)":                   "9c 00 0000000000000008 0000 0008",
	"EXTENDED COPY(LID1)":                "83 00 0000000000000000 00000010",
	"RECEIVE COPY STATUS(LID1)":          "84 00 01 00000000000000 000000ff",
	"RECEIVE COPY DATA(LID1)":            "84 01 01 00000000000000 000000ff",
	"RECEIVE COPY OPERATING PARAMETERS":  "84 03 00 00000000000000 000000ff",
	"RECEIVE COPY FAILURE DETAILS(LID1)": "84 04 01 00000000000000 000000ff",

	"POPULATE TOKEN":                "83 10 00000000 00000002 00000020 00 00",
	"WRITE USING TOKEN":             "83 11 00000000 00000002 00000228 00 00",
	"RECEIVE ROD TOKEN INFORMATION": "84 07 00000002 00000000 000000ff",

	"RESERVE(6)":  "16",
	"RELEASE(6)":  "17",
	"RESERVE(10)": "56",
	"RELEASE(10)": "57",

	"PERSISTENT RESERVE IN, READ KEYS":           "5e 00 0000000000 00ff",
	"PERSISTENT RESERVE IN, READ RESERVATION":    "5e 01 0000000000 00ff",
	"PERSISTENT RESERVE IN, REPORT CAPABILITIES": "5e 02 0000000000 00ff",
	"PERSISTENT RESERVE IN, READ FULL STATUS":    "5e 03 0000000000 00ff",

	"PERSISTENT RESERVE OUT, REGISTER":                         "5f 00 00 0000 00000018",
	"PERSISTENT RESERVE OUT, RESERVE":                          "5f 01 01 0000 00000018",
	"PERSISTENT RESERVE OUT, RELEASE":                          "5f 02 01 0000 00000018",
	"PERSISTENT RESERVE OUT, CLEAR":                            "5f 03 00 0000 00000018",
	"PERSISTENT RESERVE OUT, PREEMPT":                          "5f 04 01 0000 00000018",
	"PERSISTENT RESERVE OUT, PREEMPT AND ABORT":                "5f 05 01 0000 00000018",
	"PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY": "5f 06 00 0000 00000018",
	"PERSISTENT RESERVE OUT, REGISTER AND MOVE":                "5f 07 00 0000 00000030",

	"SANITIZE OVERWRITE":         "48 01 0000000000 0008",
	"SANITIZE BLOCK ERASE":       "48 02 0000000000 0000",
	"SANITIZE CRYPTO ERASE":      "48 03 0000000000 0000",
	"SANITIZE EXIT FAILURE MODE": "48 1f 0000000000 0000",

	"REPORT TARGET PORT GROUPS":                  "a3 0a 00000000 000000ff",
	"SET TARGET PORT GROUPS":                     "a4 0a 00000000 00000008",
	"REPORT SUPPORTED OPERATION CODES":           "a3 0c 00 00 0000 0000ffff",
	"REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS": "a3 0d 00 000000 000000ff",
}

func TestEveryRowRefusesReservedBits(t *testing.T) {
	n, _ := newNexus(t, everything)
	settable(n)
	var p Plan
	rows(func(opcode byte, row *command) {
		good := goodCDB[row.name]
		if good == "" {
			t.Errorf("%s: there is no good CDB for it in this test", row.name)
			return
		}
		if s := n.Plan(&p, lunField(0), cdbOf(t, good)); s != Good {
			t.Errorf("%s: %s is refused with %v", row.name, good, s)
		}
		usage := oneCommand(t, n, opcode, row)
		for i := 1; i < len(usage); i++ {
			for bit := range 8 {
				known := usage[i]&(1<<bit) != 0 || i == 1 && commands[opcode].actions != nil && bit < 5
				if known {
					continue
				}
				cdb := cdbOf(t, good)
				cdb[i] |= 1 << bit
				if s, want := n.Plan(&p, lunField(0), cdb), InvalidFieldInCDB.AtCDB(i, bit); s != want {
					t.Errorf("%s: reserved bit %d of byte %d gives %v % x, want % x", row.name, bit, i, s, s.Specific, want.Specific)
				}
			}
		}
		// What follows the CDB in its 16 bytes is padding.
		if cdb := cdbOf(t, good); len(usage) < 16 {
			cdb[len(usage)] = 0xff
			if s := n.Plan(&p, lunField(0), cdb); s != Good {
				t.Errorf("%s: the padding is looked at: %v", row.name, s)
			}
		}
	})
}

// oneCommand asks n for the usage data of row.
func oneCommand(t *testing.T, n *Nexus, opcode byte, row *command) []byte {
	t.Helper()
	options, action := 1, byte(0)
	if commands[opcode].actions != nil {
		options, action = 2, row.usage[1]&serviceActionBits
	}
	d := reply(t, n, fmt.Sprintf("a3 0c %02x %02x 00%02x 000000ff", options, opcode, action))
	if d[1] != 0x03 || int(binary.BigEndian.Uint16(d[2:])) != len(d)-4 {
		t.Fatalf("%s: REPORT SUPPORTED OPERATION CODES answers % x", row.name, d)
	}
	return d[4:]
}

func TestReportOpcodesOptions(t *testing.T) {
	tests := []struct {
		name string
		cdb  string
		want Sense
		data string // hexadecimal, "" for no check
	}{
		{"one command without service actions", "a3 0c 01 00 0000 000000ff", Good, "0003 0006 000000000000"},
		{"with its timeouts descriptor", "a3 0c 81 00 0000 000000ff", Good, "0083 0006 000000000000 000a 00000000000000000000"},
		{"an operation code with service actions cannot be asked without", "a3 0c 01 9e 0010 000000ff", InvalidFieldInCDB.AtCDB(2, 2), ""},
		{"a service action", "a3 0c 02 9e 0010 000000ff", Good, "0003 0010 9e10 0000000000000000 ffffffff 0000"},
		{"a service action of a command that has none", "a3 0c 02 28 0000 000000ff", InvalidFieldInCDB.AtCDB(2, 2), ""},
		{"an unsupported operation code", "a3 0c 01 2b 0000 000000ff", Good, "0001 0000"},
		{"an unsupported operation code asked with a service action", "a3 0c 02 2b 0000 000000ff", Good, "0001 0000"},
		{"an unsupported service action", "a3 0c 02 9e 0013 000000ff", Good, "0001 0000"},
		{"a command that this unit does not have", "a3 0c 01 42 0000 000000ff", Good, "0001 0000"},
		{"the same, asked with a service action", "a3 0c 02 42 0000 000000ff", Good, "0001 0000"},
		{"a service action too large for its field", "a3 0c 02 9e 0110 000000ff", Good, "0001 0000"},
		{"either form, no service actions", "a3 0c 03 00 0000 000000ff", Good, "0003 0006 000000000000"},
		{"either form, a service action that the command does not have", "a3 0c 03 00 0001 000000ff", Good, "0001 0000"},
		{"either form, a service action", "a3 0c 03 a3 000d 000000ff", Good, "0003 000c a30d 80000000 ffffffff 0000"},
		{"reporting options that are reserved", "a3 0c 04 00 0000 000000ff", InvalidFieldInCDB.AtCDB(2, 2), ""},
	}
	n, _ := newNexus(t, nil)
	var p Plan
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.want {
				t.Fatalf("sense %v, want %v", s, tc.want)
			}
			if tc.data != "" && !bytes.Equal(p.Reply, bytesOf(t, tc.data)) {
				t.Errorf("data % x, want %s", p.Reply, tc.data)
			}
		})
	}
}

func TestReportAllOpcodes(t *testing.T) {
	n, _ := newNexus(t, everything)
	settable(n)
	for _, tc := range []struct {
		name, cdb string
		size      int
		flags     byte
	}{
		{"plain descriptors", "a3 0c 00 00 0000 0000ffff", 8, 0},
		{"descriptors with timeouts", "a3 0c 80 00 0000 0000ffff", 20, descriptorCTDP},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := reply(t, n, tc.cdb)
			if int(binary.BigEndian.Uint32(d)) != len(d)-4 {
				t.Fatalf("length %d in %d bytes", binary.BigEndian.Uint32(d), len(d))
			}
			d = d[4:]
			rows(func(opcode byte, row *command) {
				want := make([]byte, tc.size)
				want[0], want[5], want[7] = opcode, tc.flags, byte(len(row.usage))
				if commands[opcode].actions != nil {
					want[3] = row.usage[1] & serviceActionBits
					want[5] |= descriptorSERVACTV
				}
				if tc.size > 8 {
					want[9] = 10
				}
				if len(d) < tc.size || !bytes.Equal(d[:tc.size], want) {
					t.Fatalf("%s: descriptor % x, want % x", row.name, d[:min(len(d), tc.size)], want)
				}
				d = d[tc.size:]
			})
			if len(d) != 0 {
				t.Errorf("%d bytes too many", len(d))
			}
		})
	}
}

func TestReportTaskFunctions(t *testing.T) {
	n, _ := newNexus(t, nil)
	if d := reply(t, n, "a3 0d 00 000000 000000ff"); !bytes.Equal(d, bytesOf(t, "da000000")) {
		t.Errorf("basic form % x", d)
	}
	if d := reply(t, n, "a3 0d 80 000000 000000ff"); !bytes.Equal(d, bytesOf(t, "da00000c 000000000000000000000000")) {
		t.Errorf("extended form % x", d)
	}
}

// TestAllocationLength cuts the reply of every command that has an allocation
// length; the length fields inside must not change.
func TestAllocationLength(t *testing.T) {
	n, _ := newNexus(t, everything)
	tested := map[string]bool{"READ CAPACITY(10)": true, "GET LBA STATUS": true} // it has none; its reply comes from the data plane
	for _, tc := range []struct {
		name, format string
		most         int // largest allocation length
	}{
		{"REQUEST SENSE", "03 00 00 00 %02x", 0xff},
		{"INQUIRY", "12 00 00 %04x", 0xffff},
		{"INQUIRY, a VPD page", "12 01 83 %04x", 0xffff},
		{"MODE SENSE(6)", "1a 00 3f 00 %02x", 0xff},
		{"MODE SENSE(10)", "5a 00 3f 00 000000 %04x", 0xffff},
		{"LOG SENSE", "4d 00 4c 00 00 0000 %04x", 0xffff},
		{"READ DEFECT DATA(10)", "37 00 18 00000000 %04x", 0xffff},
		{"READ DEFECT DATA(12)", "b7 18 00000000 %08x", 0xffffffff},
		{"READ CAPACITY(16)", "9e 10 0000000000000000 %08x", 0xffffffff},
		{"REPORT LUNS", "a0 00 00 000000 %08x", 0xffffffff},
		{"REPORT TARGET PORT GROUPS", "a3 0a 00000000 %08x", 0xffffffff},
		{"PERSISTENT RESERVE IN, READ KEYS", "5e 00 0000000000 %04x", 0xffff},
		{"PERSISTENT RESERVE IN, READ RESERVATION", "5e 01 0000000000 %04x", 0xffff},
		{"PERSISTENT RESERVE IN, REPORT CAPABILITIES", "5e 02 0000000000 %04x", 0xffff},
		{"PERSISTENT RESERVE IN, READ FULL STATUS", "5e 03 0000000000 %04x", 0xffff},
		{"RECEIVE COPY STATUS(LID1)", "84 00 01 00000000000000 %08x", 0xffffffff},
		{"RECEIVE COPY DATA(LID1)", "84 01 01 00000000000000 %08x", 0xffffffff},
		{"RECEIVE COPY OPERATING PARAMETERS", "84 03 00 00000000000000 %08x", 0xffffffff},
		{"RECEIVE COPY FAILURE DETAILS(LID1)", "84 04 01 00000000000000 %08x", 0xffffffff},
		{"RECEIVE ROD TOKEN INFORMATION", "84 07 00000002 00000000 %08x", 0xffffffff},
		{"INQUIRY, Third-party Copy", "12 01 8f %04x", 0xffff},
		{"REPORT SUPPORTED OPERATION CODES", "a3 0c 00 00 0000 %08x", 0xffffffff},
		{"REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", "a3 0d 80 000000 %08x", 0xffffffff},
	} {
		tested[tc.name] = true
		t.Run(tc.name, func(t *testing.T) {
			full := bytes.Clone(reply(t, n, fmt.Sprintf(tc.format, tc.most)))
			for _, allocLen := range []int{0, 1, 4, 5, len(full) - 1, len(full), len(full) + 1, 255, 256, 65535} {
				if allocLen > tc.most {
					continue
				}
				d := reply(t, n, fmt.Sprintf(tc.format, allocLen))
				if want := full[:min(allocLen, len(full))]; !bytes.Equal(d, want) {
					t.Errorf("allocation length %d: % x, want % x", allocLen, d, want)
				}
			}
		})
	}
	rows(func(_ byte, row *command) {
		var p Plan
		if s := n.Plan(&p, lunField(0), cdbOf(t, goodCDB[row.name])); s == Good && row.dir == ToInitiator && p.Action != ActionRead && !tested[row.name] {
			t.Errorf("%s is not in the test", row.name)
		}
	})
}

func TestDescribe(t *testing.T) {
	if name, dir, ok := Describe(cdbOf(t, "9e 10")); name != "READ CAPACITY(16)" || dir != ToInitiator || !ok {
		t.Errorf("READ CAPACITY(16) is %q %d %v", name, dir, ok)
	}
	for _, cdb := range []string{"9e 13", "2b", "ff"} {
		if name, _, ok := Describe(cdbOf(t, cdb)); ok {
			t.Errorf("%s is described as %q", cdb, name)
		}
	}
}
