// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"ietring/pdu"
)

// TestParseRefuses holds what a flow file can get wrong.
func TestParseRefuses(t *testing.T) {
	pdu48 := strings.Repeat("00 ", 48)
	for text, want := range map[string]string{
		">>> initiator\n":                          "line 1 does not say who and when",
		"# who\n00\n":                              `line 2: "00" is not hex under a heading`,
		"# who\n>>> initiator\n0g\n":               `line 3: "0g" is not hex under a heading`,
		"# who\n>>> initiator\n00\n":               "PDU 1 has 1 bytes",
		"# who\n>>> initiator\n* 3\n":              "line 3: there is no line that could come again",
		"# who\n* 3\n":                             "line 2: there is no line that could come again",
		"# who\n>>> initiator\n" + pdu48 + "\n* 0": `line 4: a line cannot come again "0" times`,
		"# who\n>>> initiator\n" + pdu48 + "\n* x": `line 4: a line cannot come again "x" times`,
		"# who\n<<< target\n" + pdu48 + " # x\n":   "",
	} {
		_, err := Parse(text)
		if got := fmt.Sprint(err); got != want && !(err == nil && want == "") {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestFormat writes a flow and reads it again.
func TestFormat(t *testing.T) {
	login, command := &pdu.PDU{Data: []byte("A=b\x00")}, &pdu.PDU{}
	login.SetOpcode(pdu.OpLogin)
	command.SetOpcode(pdu.OpSCSICommand)
	zeroes := &pdu.PDU{Data: make([]byte, 70)} // lines that come again, and a part of one
	zeroes.SetOpcode(pdu.OpNopOut)
	var framing pdu.Framing
	f := &Flow{About: "who. Recorded 2026-01-10.", Steps: []Step{
		{Wire: framing.Append(nil, login)}, {Target: true, Wire: make([]byte, 48)}, {Wire: framing.Append(nil, command)},
		{Target: true, Wire: framing.Append(nil, zeroes)}}}
	text := f.Format()
	again, err := Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range again.Steps {
		if !bytes.Equal(s.Wire, f.Steps[i].Wire) {
			t.Errorf("PDU %d is read as % x", i+1, s.Wire)
		}
	}
	if !bytes.Contains(text, []byte("\n* 2\n")) {
		t.Error("lines that come again are not counted")
	}
	if !bytes.Equal(again.Format(), text) || !bytes.Contains(text, []byte("  # Login Request, 4 bytes of data\n")) {
		t.Errorf("%s", text)
	}
	if !bytes.Equal(again.Login(), f.Steps[0].Wire) || !bytes.Equal(again.FullFeature(), f.Steps[2].Wire) {
		t.Error("login and full feature phase are not told apart")
	}
}

// TestLoad: all files by name, or an error that names what is wrong.
func TestLoad(t *testing.T) {
	good := "# somebody, some day\n" + fromInitiator + "\n" + strings.Repeat("00 ", pdu.HeaderLen) + "\n"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	flows, err := Load(fstest.MapFS{"b.flow": file(good), "a.flow": file("# first\n"), "c.txt": file("no flow")})
	if err != nil || len(flows) != 2 || flows[0].About != "first" || len(flows[1].Steps) != 1 {
		t.Errorf("two files: %d flows, %v", len(flows), err)
	}
	if _, err := Load(fstest.MapFS{"c.txt": file("no flow")}); err == nil {
		t.Error("a folder without flows is taken")
	}
	if _, err := Load(fstest.MapFS{"bad.flow": file("no heading")}); err == nil || !strings.Contains(err.Error(), "bad.flow") {
		t.Errorf("a bad file: %v", err)
	}
}
