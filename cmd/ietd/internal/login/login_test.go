// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"testing"

	"ietring/pdu"
	"ietring/ring"
)

func TestLogins(t *testing.T) {
	tests := []struct {
		name   string
		set    []string
		script []ask
		want   ring.Params
	}{
		{
			name: "open-iscsi: security, then all keys in one request",
			script: []ask{
				{csg: 0, nsg: 1, t: true, wantT: true,
					text: "InitiatorName=" + testInitiator + "\nInitiatorAlias=host\nTargetName=" + testTarget + "\nSessionType=Normal\nAuthMethod=None",
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nAuthMethod=None"},
				{csg: 1, nsg: 3, t: true, wantT: true,
					text: "HeaderDigest=None\nDataDigest=None\nDefaultTime2Wait=2\nDefaultTime2Retain=0\nIFMarker=No\nOFMarker=No\nErrorRecoveryLevel=0\nInitialR2T=No\nImmediateData=Yes\nMaxBurstLength=16776192\nFirstBurstLength=262144\nMaxOutstandingR2T=1\nMaxConnections=1\nDataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nMaxRecvDataSegmentLength=262144",
					want: "HeaderDigest=None\nDataDigest=None\nDefaultTime2Wait=2\nDefaultTime2Retain=0\nIFMarker=No\nOFMarker=No\nErrorRecoveryLevel=0\nInitialR2T=No\nImmediateData=Yes\nMaxBurstLength=1048576\nMaxOutstandingR2T=1\nMaxConnections=1\nDataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nFirstBurstLength=262144\nMaxRecvDataSegmentLength=262144"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 262144, MaxBurstLength: 1048576, FirstBurstLength: 262144, MaxOutstandingR2T: 1, ImmediateData: true},
		},
		{
			name: "libiscsi: the names are said again in the operational stage",
			script: []ask{
				{csg: 0, nsg: 1, t: true, wantT: true, text: names + "\nSessionType=Normal\nAuthMethod=CHAP,None",
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nAuthMethod=None"},
				{csg: 1, nsg: 3, t: true, wantT: true, text: names + "\nSessionType=Normal\nHeaderDigest=CRC32C,None\nInitialR2T=Yes\nImmediateData=No",
					want: "HeaderDigest=CRC32C\nInitialR2T=Yes\nImmediateData=No\nMaxRecvDataSegmentLength=262144"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 262144, FirstBurstLength: 65536, MaxOutstandingR2T: 1, InitialR2T: true, HeaderDigest: true},
		},
		{
			name:   "no security stage, no keys: RFC 7143's defaults",
			script: []ask{straight(nil)},
			want:   ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 262144, FirstBurstLength: 65536, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
		{
			name: "from security straight to full feature phase",
			script: []ask{{csg: 0, nsg: 3, t: true, wantT: true, text: names + "\nAuthMethod=None",
				want: "TargetPortalGroupTag=1\nTargetAlias=disks\nAuthMethod=None"}},
			want: ring.Params{MaxRecvDataSegmentLength: 8192, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 262144, FirstBurstLength: 65536, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
		{
			name: "the target names keys whose default the operator does not want",
			set:  []string{"MaxBurstLength=4096", "FirstBurstLength=512", "ImmediateData=No", "InitialR2T=Yes", "DataDigest=CRC32C"},
			script: []ask{
				{csg: 1, nsg: 3, t: true, wantT: false, text: names,
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144\nDataDigest=CRC32C\nImmediateData=No\nMaxBurstLength=4096\nFirstBurstLength=512"},
				{csg: 1, nsg: 3, t: true, wantT: true, text: "DataDigest=CRC32C\nImmediateData=No\nMaxBurstLength=2048\nFirstBurstLength=512"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 2048, FirstBurstLength: 512, MaxOutstandingR2T: 1, InitialR2T: true, DataDigest: true},
		},
		{
			name: "a text over two PDUs",
			script: []ask{
				{csg: 1, c: true, text: names},
				{csg: 1, nsg: 3, t: true, wantT: true, text: "MaxBurstLength=512\nFirstBurstLength=512",
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxBurstLength=512\nFirstBurstLength=512\nMaxRecvDataSegmentLength=262144"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 512, FirstBurstLength: 512, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
		{
			name: "FirstBurstLength before MaxBurstLength in one text is answered within it",
			script: []ask{{csg: 1, nsg: 3, t: true, wantT: true, text: names + "\nFirstBurstLength=65536\nMaxBurstLength=4096",
				want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxBurstLength=4096\nFirstBurstLength=4096\nMaxRecvDataSegmentLength=262144"}},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 4096, FirstBurstLength: 4096, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, e := newServer(t, tt.set...)
			c := dial(t, s)
			c.talk(tt.script)
			if err := c.result(); err != nil {
				t.Fatal(err)
			}
			if len(e.handoffs) != 1 {
				t.Fatalf("%d hand-offs", len(e.handoffs))
			}
			h, cfg := e.handoffs[0], e.sessions[0].cfg
			if h.Params != tt.want {
				t.Errorf("params\n%+v, want\n%+v", h.Params, tt.want)
			}
			if h.CID != 9 || h.StatSN != pdu.Serial(77+len(tt.script)) || h.Remote == "" {
				t.Errorf("hand-off %+v", h)
			}
			if cfg.CmdSN != 100 || cfg.QueueDepth != 32 || cfg.TSIH == 0 || cfg.Initiator != testInitiator || cfg.TargetName != testTarget || cfg.Nexus == nil {
				t.Errorf("session %+v", cfg)
			}
		})
	}
}

func TestLastAnswer(t *testing.T) {
	s, e := newServer(t)
	c := dial(t, s)
	c.send(straight(nil))
	p := c.receive()
	l := p.LoginResponse()
	if err := c.result(); err != nil {
		t.Fatal(err)
	}
	if l.TSIH() == 0 || l.TSIH() != e.sessions[0].cfg.TSIH {
		t.Errorf("TSIH %d, the session has %d", l.TSIH(), e.sessions[0].cfg.TSIH)
	}
	if p.ExpCmdSN() != 100 || p.MaxCmdSN() != 131 || p.ITT() != 0xabcd {
		t.Errorf("ExpCmdSN %d MaxCmdSN %d ITT %#x", p.ExpCmdSN(), p.MaxCmdSN(), p.ITT())
	}
}

func TestDiscoveryLogin(t *testing.T) {
	s, _ := newServer(t)
	c := dial(t, s)
	c.talk([]ask{{csg: 1, nsg: 3, t: true, wantT: true,
		text: "InitiatorName=" + testInitiator + "\nSessionType=Discovery\nMaxConnections=4\nDataDigest=CRC32C\nMaxRecvDataSegmentLength=512\nX-y=1\nIFMarkInt=5",
		want: "MaxConnections=Irrelevant\nDataDigest=CRC32C\nX-y=NotUnderstood\nIFMarkInt=Reject\nMaxRecvDataSegmentLength=8192"}})
	if err := c.result(); err != nil {
		t.Fatal(err)
	}
	d := c.d
	if d == nil || d.MaxXmit != 512 || d.CmdSN != 100 || d.StatSN != 78 || d.CID != 9 || !d.Framing.DataDigest || d.Framing.HeaderDigest || d.Entry.TSIH() == 0 {
		t.Errorf("%+v", d)
	}
}
