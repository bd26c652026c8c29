// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"os"
	"testing"

	"ietring/pdu/flow"
)

// FuzzConnection feeds a connection in full feature phase with any bytes, on a
// simulated kernel: the seed decides parameters, pieces and faults. Nothing may
// panic, stay behind, or go on for ever. It begins from the golden flows.
func FuzzConnection(f *testing.F) {
	flows, err := flow.Load(os.DirFS("../cmd/ietd/internal/portal/testdata"))
	if err != nil {
		f.Fatal(err)
	}
	for i, golden := range flows {
		for seed := range uint64(4) {
			f.Add(uint64(i)<<8|seed, golden.FullFeature())
		}
	}
	f.Fuzz(func(t *testing.T, seed uint64, wire []byte) {
		runSim(t, seed, false, func(s *sim) {
			s.connect(true)
			p := s.peers[0]
			p.confused = true // it listens to nothing
			p.out = append(p.out, wire...)
			for i := 0; len(p.out) > 0 && !p.cutOff && i < maxFuzzTurns; i++ {
				p.write(s.oneOf(1, 47, 48, 100, 5000))
				s.turn(s.w.Rand.IntN(len(s.loops)))
				s.work()
				s.runSpawned()
				p.read(1 << 20)
			}
			s.finish()
		})
	})
}

// maxFuzzTurns is how long a run may write: enough for most streams, and the rest
// is cut.
const maxFuzzTurns = 5000
