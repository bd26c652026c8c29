// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"

	"ietring/pdu"
)

// TestClosingCause: the log says why a connection was closed, though there was
// something to send first: the Asynchronous Message that tells the initiator.
func TestClosingCause(t *testing.T) {
	for _, row := range []struct {
		why string
		end func(s *sim, p *simPeer)
	}{
		{"the session was closed", func(_ *sim, p *simPeer) { p.closed = true; p.sess.Close() }},
		{"the target shuts down", func(s *sim, _ *simPeer) {
			s.stopping = true
			for _, l := range s.loops {
				l.mail.post(func() { l.stop() })
			}
		}},
		{"target cold reset", func(s *sim, _ *simPeer) {
			p := s.peers[1] // one initiator asks, the other has to go, too
			u, o := p.request(pdu.OpTaskMgmt, simTMF, true, 0)
			u.TaskMgmt().SetFunction(pdu.TargetColdReset)
			o.bhs = u.BHS
			s.expectAttentions(p, pdu.TargetColdReset, 0)
			p.send(u)
		}},
	} {
		runSim(t, 1, false, func(s *sim) {
			s.connect(false)
			s.connect(false)
			s.calm()
			p := s.peers[0]
			s.settle()
			row.end(s, p)
			s.finish()
			if why := s.closings[p.name]; why != row.why {
				t.Errorf("%q is logged, want %q", why, row.why)
			}
		})
	}
}
