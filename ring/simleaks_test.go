// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "golang.org/x/sys/unix"

// checkLeaks holds that everything is back where it came from.
func (s *sim) checkLeaks() {
	if s.gone != s.made {
		s.fatalf("control was told of the end of %d sessions of %d", s.gone, s.made)
	}
	for i, l := range s.loops {
		k := s.kernels[i]
		slots, blocks := 0, 0
		for o := l.slots.free; o != nil; o = o.next {
			slots++
		}
		for b := l.blocks.free; b != nil; b = b.next {
			blocks++
		}
		switch {
		case len(l.freeConns) != len(l.conns):
			s.fatalf("%d of %d connections are free", len(l.freeConns), len(l.conns))
		case len(l.freeTasks) != len(l.tasks):
			s.fatalf("%d of %d tasks are free", len(l.freeTasks), len(l.tasks))
		case l.underway != 0:
			s.fatalf("%d operations are counted as under way, and all have ended", l.underway)
		case l.arena.used != 0:
			s.fatalf("%d bytes of buffer memory are not given back", l.arena.used)
		case slots != len(l.slots.slabs)*slotsPerSlab:
			s.fatalf("%d PDU slots of %d are free", slots, len(l.slots.slabs)*slotsPerSlab)
		case blocks != len(k.Messages):
			s.fatalf("%d send blocks of %d are free", blocks, len(k.Messages))
		case l.starved.first != nil:
			s.fatalf("a task that is gone waits for memory")
		case k.Pending() != 0:
			s.fatalf("the kernel still has %d operations", k.Pending())
		case l.pinging != 0 || l.lingering != 0 || l.awaiting != 0 || l.count.Load() != 0:
			s.fatalf("the loop counts %d pinging, %d lingering, %d awaiting, %d connections", l.pinging, l.lingering, l.awaiting, l.count.Load())
		}
		l.bufs.Publish()
		if k.FreeBuffers() != recvBufCount {
			s.fatalf("%d of %d receive buffers are free", k.FreeBuffers(), recvBufCount)
		}
	}
}

// free gives back what the machine was made of, whatever became of it.
func (s *sim) free() {
	for _, p := range s.peers {
		_ = unix.Close(p.fd)
	}
	for _, l := range s.loops {
		_ = unix.Close(l.mail.event)
		l.bufs.Free()
		_ = l.event.Free()
		for _, e := range l.arena.extents {
			if e != nil {
				_ = e.mem.Free()
			}
		}
		for _, slab := range l.slots.slabs {
			_ = slab.Free()
		}
		for b := l.blocks.free; b != nil; b = b.next {
			_ = b.mem.Free()
		}
	}
	for _, d := range s.disks {
		if d != nil {
			d.close()
		}
	}
	if s.scratch != nil {
		_ = s.scratch.Free()
	}
	if s.eng != nil {
		_ = s.eng.zero.Free()
	}
}
