// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/ring/internal/ringtest"
	"ietring/scsi"
)

// The simulated machine: what the simulation makes, moves and takes apart.

// simBlocks is the size of a simulated disk in blocks.
const simBlocks = 8192

// start makes the machine. The engine has no loops while the units are made:
// adding one waits for the loops, and nobody runs them yet.
func (s *sim) start() {
	threads := s.oneOf(1, 1, 2)
	memory := s.oneOf(1, 2, 4) * extentLen
	var err error
	s.eng, err = newEngine(Config{Threads: threads, RingEntries: s.oneOf(8, 64), BufferMemory: int64(threads * memory),
		Control: s, Log: zerolog.New(s).Level(zerolog.InfoLevel)})
	s.must(err)
	s.eng.now, s.eng.spawn = s.w.Now, func(f func()) { s.spawned = append(s.spawned, f) }
	s.depth = s.oneOf(1, 4, 32)
	s.reserving = s.oneOf(0, 0, 1, 5)
	s.target, s.rough = scsi.NewTarget("iqn.sim"), scsi.NewTarget("iqn.rough")
	s.add(s.target, 0, "wt")
	s.add(s.target, 1, "")
	s.add(s.target, 2, "wb")
	s.add(s.rough, 0, "wb")
	s.add(s.rough, 1, "")
	for i := range threads {
		s.addLoop(i)
	}
	s.eng.loops = s.loops
}

// add makes LUN lun of target: a disk with a model, or nullio.
func (s *sim) add(target *scsi.Target, lun int, mode string) {
	var d *simDisk
	disk, err := backing.Open(backing.Params{Type: "nullio", Blocks: simBlocks})
	s.must(err)
	if mode != "" {
		d, err = newSimDisk(simBlocks, mode)
		s.must(err)
		disk = d.disk
	}
	s.disks = append(s.disks, d)
	u, err := s.eng.AddUnit(disk, scsi.UnitConfig{ScsiSN: "sim"})
	s.must(err)
	s.must(target.Add(uint16(lun), u))
}

// addLoop makes a loop and the kernel of its ring.
func (s *sim) addLoop(i int) {
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	s.must(err)
	s.eng.loopDone = append(s.eng.loopDone, make(chan struct{}))
	look := spinner{limit: time.Duration(s.oneOf(0, 20)) * time.Microsecond}
	l := &loop{eng: s.eng, id: i, mail: mailbox{event: event}, forPeers: look, forDisks: look}
	k, r := ringtest.New(s.w, s.eng.cfg.RingEntries, 4096)
	k.Event = event
	s.must(l.equip(r))
	for handle, d := range s.disks {
		if d != nil {
			s.must(r.SetFile(handle, d.disk.FD()))
			k.MustSync[d.disk.FD()] = d.wt
		}
	}
	s.loops, s.kernels = append(s.loops, l), append(s.kernels, k)
	s.roughen(k)
}

// roughen decides how unkind a kernel is: often not at all in a given way, so
// that seeds differ in kind.
func (s *sim) roughen(k *ringtest.Kernel) {
	some := func(chance, most int) int {
		if s.w.Chance(chance) {
			return s.w.Rand.IntN(most + 1)
		}
		return 0
	}
	k.Faults = ringtest.Faults{
		Late: some(900, 900), Fragment: some(700, 1000), Terminate: some(300, 200), NoBuffers: some(300, 100),
		RecvError: some(100, 3), SendPart: some(700, 1000), SendShort: some(300, 500), SendError: some(100, 3),
		DiskShort: some(300, 200), DiskAgain: some(300, 200), DiskError: some(300, 100), Refuse: some(300, 200),
		Already: some(500, 1000),
	}
}

// play is the part in which everything may happen.
func (s *sim) play() {
	for range s.upTo(4) {
		s.connect(s.w.Chance(150))
	}
	for range s.oneOf(300, 1000, 2500) {
		s.step()
	}
}

// step lets one thing happen.
func (s *sim) step() {
	switch s.pick(400, 500, 40, 20, 5, 3) {
	case 0:
		s.turn(s.w.Rand.IntN(len(s.loops)))
	case 1:
		if len(s.peers) > 0 {
			s.peers[s.w.Rand.IntN(len(s.peers))].step()
		}
	case 2:
		s.work()
	case 3:
		s.runSpawned()
	case 4:
		s.w.Sleepy = true
	case 5:
		if len(s.peers) < 5 && !s.stopping {
			s.connect(s.w.Chance(150))
		}
	}
	s.collectGone()
}

// turn is a turn of loop i, as loop.run has it, and what holds after any.
func (s *sim) turn(i int) {
	l := s.loops[i]
	if l.stopped && l.liveConns == 0 {
		if !l.mail.closed {
			for _, f := range l.mail.close() { // as loop.teardown does
				f()
			}
		}
		return
	}
	l.turn()
	if l.arena.used > l.arena.mapped || l.arena.mapped > l.arena.limit {
		s.fatalf("the arena has %d bytes out, %d mapped and a limit of %d", l.arena.used, l.arena.mapped, l.arena.limit)
	}
	for _, c := range l.conns {
		if c.heldBytes < 0 || c.numTasks < 0 || c.immediates < 0 || c.immediates > maxImmediate {
			s.fatalf("a connection holds %d bytes, %d tasks, %d immediate ones", c.heldBytes, c.numTasks, c.immediates)
		}
	}
}

// work has a worker do one of the jobs that wait, whichever.
func (s *sim) work() {
	q := &s.eng.work.queue
	if len(*q) == 0 {
		return
	}
	i := s.w.Rand.IntN(len(*q))
	t := (*q)[i]
	*q = append((*q)[:i], (*q)[i+1:]...)
	if collects := t.plan.Action == scsi.ActionCollect; !t.unit.null && !collects && s.w.Chance(s.kernels[0].Faults.DiskError) {
		t.jobErr = syscall.EIO
		off, n := t.plan.Off, int64(t.plan.Len)
		if t.plan.Action == scsi.ActionUnmap {
			off, n = hull(t.plan.Ranges)
		}
		s.failed = append(s.failed, ringtest.Failure{FD: t.unit.disk.FD(), Off: off, Len: max(int(n), 1)})
	} else {
		t.work(&s.scratch)
		s.syncs++
	}
	t.conn.loop.mail.jobDone(t)
}

// runSpawned runs what was given to a goroutine of its own.
func (s *sim) runSpawned() {
	if len(s.spawned) > 0 {
		i := s.w.Rand.IntN(len(s.spawned))
		f := s.spawned[i]
		s.spawned = append(s.spawned[:i], s.spawned[i+1:]...)
		f()
	}
}

// jumbled reports whether a disk operation that overlaps the n bytes at off of
// fd was made to fail; n < 0 asks for a flush.
func (s *sim) jumbled(fd, off, n int) bool {
	hit := func(f ringtest.Failure) bool {
		return f.FD == fd && (n < 0 || f.Len < 0 || int(f.Off) < off+n && off < int(f.Off)+f.Len)
	}
	for _, f := range s.failed {
		if hit(f) {
			return true
		}
	}
	for _, k := range s.kernels {
		for _, f := range k.Failures {
			if hit(f) {
				return true
			}
		}
	}
	return false
}

// syncsOf counts the flushes of fd that there were.
func (s *sim) syncsOf(fd int) int {
	n := s.syncs
	for _, k := range s.kernels {
		n += k.Syncs[fd]
	}
	return n
}

// collectGone forgets the peers whose session has ended: what they wrote can
// change nothing any more.
func (s *sim) collectGone() {
	for i := 0; i < len(s.peers); {
		p := s.peers[i]
		select {
		case <-p.sess.Done():
			p.buried()
			s.peers = append(s.peers[:i], s.peers[i+1:]...)
		default:
			i++
		}
	}
}

// calm lets everything be carried out at once and in full.
func (s *sim) calm() {
	for _, k := range s.kernels {
		k.Faults = ringtest.Faults{}
	}
}

// round lets everybody go on as far as it goes.
func (s *sim) round() {
	for i := range s.loops {
		s.turn(i)
	}
	for len(s.eng.work.queue) > 0 {
		s.work()
	}
	for len(s.spawned) > 0 {
		s.runSpawned()
	}
	for _, p := range s.peers {
		p.settle()
	}
	s.collectGone()
}

// finish brings the seed to its end: mostly it waits until all is answered, and
// then the sessions end in one way or another.
func (s *sim) finish() {
	if s.w.Chance(700) {
		s.calm()
		s.settle()
	}
	ending := s.pick(5, 5, 5, 5)
	s.note("the sessions end in way %d", ending)
	for _, p := range s.peers {
		switch ending {
		case 0:
			p.logout()
		case 1:
			p.cut()
		case 2:
			p.closed = true
			p.sess.Close()
		}
	}
	if ending == 3 {
		s.stopping = true
		for _, l := range s.loops {
			l.mail.post(func() { l.stop() })
		}
	}
	for range s.w.Rand.IntN(100) {
		s.step()
	}
	s.calm()
	for i := 0; len(s.peers) > 0 || s.live() > 0 || len(s.spawned) > 0; i++ {
		s.w.Sleepy = i%4 == 3
		s.round()
		if i == 200 {
			for _, p := range s.peers {
				p.cut() // a peer that was broken in mid-PDU waits for ever
			}
		}
		if i == 400 {
			s.fatalf("%d connections do not end: %s", s.live(), s.open())
		}
	}
}

func (s *sim) live() int {
	n := 0
	for _, l := range s.loops {
		n += l.liveConns
	}
	return n
}

// settle waits until every command is answered, and compares the disks and the
// windows with the model.
func (s *sim) settle() {
	for i, still, quiet := 0, 0, 0; quiet < 3; i++ {
		s.w.Sleepy = still%50 == 49
		before := s.seq
		s.round()
		// What may have vanished is not waited for, but while something comes.
		if quiet++; !s.quiet() || s.seq != before {
			quiet = 0
		}
		if still++; s.seq != before {
			still = 0
		}
		if still == 500 || i == 50000 {
			s.fatalf("not everything is answered: %s", s.open())
		}
	}
	for lun, d := range s.disks {
		if d != nil && lun < 3 {
			if err := d.checkAll(s.seq); err != nil {
				s.fatalf("the disk of LUN %d: %v", lun, err)
			}
		}
	}
	for _, p := range s.peers {
		p.checkSettled()
	}
}

// quiet reports whether nobody has anything to do or to wait for.
func (s *sim) quiet() bool {
	for _, p := range s.peers {
		if !p.rough && !p.quiet() {
			return false
		}
	}
	return len(s.eng.work.queue) == 0 && len(s.spawned) == 0 && !s.working()
}

// working reports whether a loop is at work for a command: one that waits for
// others is passed from loop to loop, without a disk or a worker having it.
func (s *sim) working() bool {
	for _, l := range s.loops {
		if slices.ContainsFunc(l.conns, (*conn).working) {
			return true
		}
	}
	return false
}

// open tells what is not answered.
func (s *sim) open() string {
	text := fmt.Sprintf("%d jobs, %d spawned", len(s.eng.work.queue), len(s.spawned))
	for i, k := range s.kernels {
		text += fmt.Sprintf("; kernel %d has %d operations", i, k.Pending())
	}
	for _, p := range s.peers {
		text += "; " + p.String()
	}
	return text
}
