// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"io"
	"strings"
	"testing"

	"ietring/pdu"
)

func TestRefusals(t *testing.T) {
	many := strings.Repeat("X-a=1\n", maxKeys+1)
	tests := []struct {
		name   string
		set    []string
		script []ask
	}{
		{"InitiatorName is missing", nil, []ask{{csg: 1, nsg: 3, t: true, text: "TargetName=" + testTarget, status: pdu.LoginMissingParameter}}},
		{"TargetName is missing", nil, []ask{{csg: 1, nsg: 3, t: true, text: "InitiatorName=" + testInitiator, status: pdu.LoginMissingParameter}}},
		{"ISID and TSIH are zero", nil, []ask{{csg: 1, nsg: 3, t: true, text: names, edit: func(h *pdu.BHS) { h.LoginRequest().SetISID(pdu.ISID{}) }, status: pdu.LoginMissingParameter}}},
		{"nobody has this target", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=a\nTargetName=iqn.2026-11.com.example:other", status: pdu.LoginNotFound}}},
		{"a session type that does not exist", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nSessionType=Odd", status: pdu.LoginSessionType}}},
		{"an initiator name with a control character", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=a\x07b\nTargetName=" + testTarget, status: pdu.LoginInitiatorError}}},
		{"an initiator name of 224 bytes", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=" + strings.Repeat("a", 224) + "\nTargetName=" + testTarget, status: pdu.LoginInitiatorError}}},
		{"the initiator is another one later", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, text: "InitiatorName=iqn.2026-11.com.example:other", status: pdu.LoginInitiatorError}}},
		{"the ISID changes", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, edit: func(h *pdu.BHS) { h.LoginRequest().SetISID(pdu.ISID{0x80}) }, status: pdu.LoginInitiatorError}}},
		{"the TSIH changes", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, edit: func(h *pdu.BHS) { h.LoginRequest().SetTSIH(3) }, status: pdu.LoginInitiatorError}}},
		{"T goes back from the operational stage", nil, []ask{
			{csg: 0, nsg: 1, t: true, wantT: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 1, t: true, status: pdu.LoginInitiatorError}}},
		{"a version above ours", nil, []ask{{csg: 0, nsg: 1, t: true, text: names, edit: func(h *pdu.BHS) { h[3] = 1 }, status: pdu.LoginUnsupportedVersion}}},
		{"a TSIH that nobody has", nil, []ask{{csg: 0, nsg: 1, t: true, text: names, edit: func(h *pdu.BHS) { h.LoginRequest().SetTSIH(5) }, status: pdu.LoginSessionNotFound}}},
		{"a TSIH in discovery", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=a\nSessionType=Discovery", edit: func(h *pdu.BHS) { h.LoginRequest().SetTSIH(5) }, status: pdu.LoginSessionNotFound}}},
		{"only CHAP is offered and there is none", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=CHAP", status: pdu.LoginAuthFailure}}},
		{"CHAP's keys without CHAP", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=None\nCHAP_A=5", status: pdu.LoginInitiatorError}}},
		{"CHAP's keys in the operational stage", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nCHAP_A=5", status: pdu.LoginInitiatorError}}},
		{"CSG 2 is reserved", nil, []ask{{csg: 2, nsg: 3, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"CSG 3 is no stage of login", nil, []ask{{csg: 3, nsg: 3, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"NSG 2 is reserved", nil, []ask{{csg: 1, nsg: 2, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"NSG is CSG", nil, []ask{{csg: 1, nsg: 1, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"NSG is before CSG", nil, []ask{{csg: 1, nsg: 0, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"T with C", nil, []ask{{csg: 1, nsg: 3, t: true, c: true, text: names, status: pdu.LoginInitiatorError}}},
		{"the stage changes without T", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 1, nsg: 3, t: true, status: pdu.LoginInitiatorError}}},
		{"the CID changes", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, edit: func(h *pdu.BHS) { h.LoginRequest().SetCID(1) }, status: pdu.LoginInitiatorError}}},
		{"NOP-Out during login", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, edit: func(h *pdu.BHS) { h.SetOpcode(pdu.OpNopOut) }, status: pdu.LoginInvalidRequest}}},
		{"a key twice", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nMaxBurstLength=512\nMaxBurstLength=512", status: pdu.LoginInitiatorError}}},
		{"the target is another one later", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, text: "TargetName=other", status: pdu.LoginInitiatorError}}},
		{"the session becomes discovery later", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, text: "SessionType=Discovery", status: pdu.LoginInitiatorError}}},
		{"an operational key in the security stage", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nMaxBurstLength=512", status: pdu.LoginInitiatorError}}},
		{"AuthMethod in the operational stage", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nAuthMethod=None", status: pdu.LoginInitiatorError}}},
		{"SendTargets in login", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nSendTargets=All", status: pdu.LoginInitiatorError}}},
		{"a declared length that cannot be", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nMaxRecvDataSegmentLength=511", status: pdu.LoginInitiatorError}}},
		{"a pair without =", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nNonsense", status: pdu.LoginInitiatorError}}},
		{"too many keys", nil, []ask{{csg: 1, nsg: 3, t: true, text: many, status: pdu.LoginInitiatorError}}},
		{"the digest that the operator enforces is not offered", []string{"HeaderDigest=CRC32C"}, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nHeaderDigest=None", status: pdu.LoginInitiatorError}}},
		{"the digest that the operator enforces is refused", []string{"HeaderDigest=CRC32C"}, []ask{
			{csg: 1, nsg: 3, t: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144\nHeaderDigest=CRC32C"},
			{csg: 1, nsg: 3, t: true, text: "HeaderDigest=Reject", status: pdu.LoginInitiatorError}}},
		{"an answer above our offer", []string{"MaxBurstLength=4096", "FirstBurstLength=512"}, []ask{
			{csg: 1, nsg: 3, t: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144\nMaxBurstLength=4096\nFirstBurstLength=512"},
			{csg: 1, nsg: 3, t: true, text: "MaxBurstLength=8192\nFirstBurstLength=512", status: pdu.LoginInitiatorError}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, e := newServer(t, tt.set...)
			c := dial(t, s)
			c.talk(tt.script)
			var r *refusal
			if err := c.result(); !errors.As(err, &r) || r.why == "" {
				t.Errorf("Run returned %v", err)
			}
			if len(e.handoffs) != 0 || s.Sessions.Len() != 0 {
				t.Errorf("%d hand-offs, %d sessions", len(e.handoffs), s.Sessions.Len())
			}
			if n, err := c.conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("after the refusal: %d bytes, %v", n, err)
			}
		})
	}
}
