// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/aptpl"
	"ietring/pdu"
)

// Service actions of PERSISTENT RESERVE OUT.
const (
	prReserve, prPreemptAbort, prIgnore = 0x01, 0x05, 0x06
	exclusiveAccess                     = 3
)

func persist(action, kind byte, key, newKey uint64, flags byte) *initiator.Command {
	out := make([]byte, 24)
	binary.BigEndian.PutUint64(out, key)
	binary.BigEndian.PutUint64(out[8:], newKey)
	out[20] = flags
	return &initiator.Command{CDB: initiator.CDB{0: 0x5f, 1: action, 2: kind, 8: 24}, Out: out}
}

// retried does a command again while unit attentions are in its way.
func retried(s *initiator.Session, make func() *initiator.Command) (*initiator.Command, error) {
	for {
		c := make()
		if err := s.Do(c); err != nil || !strings.HasPrefix(c.Sense().String(), "sense 6/") {
			return c, err
		}
	}
}

func (h *house) persist(s *initiator.Session, action, kind byte, key, newKey uint64, flags byte) uint8 {
	h.t.Helper()
	c, err := retried(s, func() *initiator.Command { return persist(action, kind, key, newKey, flags) })
	if err != nil {
		h.t.Fatal(err)
	}
	return c.Status
}

func keysOf(s *initiator.Session) (keys []uint64, err error) {
	in := make([]byte, 1024)
	c, err := retried(s, func() *initiator.Command { return &initiator.Command{CDB: initiator.CDB{0: 0x5e, 7: 4}, In: in} })
	if err = errors.Join(err, c.OK()); err != nil {
		return nil, err
	}
	for off := 0; off < int(binary.BigEndian.Uint32(in[4:])); off += 8 {
		keys = append(keys, binary.BigEndian.Uint64(in[8+off:]))
	}
	return keys, nil
}

func (h *house) keys(s *initiator.Session) string {
	h.t.Helper()
	keys, err := keysOf(s)
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Trim(fmt.Sprint(keys), "[]")
}

// TestReservationsAreTheBlocks: LUNs in front of the same blocks have the same
// reservations, through whatever target and path, and through reloads; others do
// not.
func TestReservationsAreTheBlocks(t *testing.T) {
	const lines = "Target iqn.a\n\tLun 0 Path=DIR/a.img,BlockSize=512\nTarget iqn.b\n\tLun 0 Path=DIR/a.img,BlockSize=512\n\tLun 1 Path=DIR/b.img\nTarget iqn.c\n\tLun 0 Path=DIR/link.img,BlockSize=512\n"
	h := newHouse(t)
	h.file("a.img", 1)
	h.file("b.img", 1)
	if err := os.Symlink("a.img", h.dir+"/link.img"); err != nil {
		t.Fatal(err)
	}
	if err := h.Open(h.parse(lines), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	a, b, c := h.dial("iqn.a", "host"), h.dial("iqn.b", "host"), h.dial("iqn.c", "host")
	if got := h.persist(a, prIgnore, 0, 0, 7, 0) | h.persist(a, prReserve, exclusiveAccess, 7, 0, 0); got != 0 {
		t.Fatalf("status %#x", got)
	}
	for name, s := range map[string]*initiator.Session{"another target": b, "another path": c} {
		if got := h.keys(s); got != "7" {
			t.Errorf("%s: keys %q", name, got)
		}
		if w, err := retried(s, func() *initiator.Command {
			return &initiator.Command{CDB: initiator.Write10(initiator.Range{LBA: 0, Blocks: 1}, false), Out: make([]byte, 512)}
		}); err != nil || w.Status != initiator.StatusReservationConflict {
			t.Errorf("%s: a write ends with %#x, %v", name, w.Status, err)
		}
	}
	l, err := h.Target(1)
	if err != nil || l.Luns[0].Reservations == nil || l.Luns[0].Reservations.Type != "Exclusive Access" || !l.Luns[0].Reservations.Registrations[0].Holder {
		t.Errorf("ietadm shows %+v, %v", l.Luns[0].Reservations, err)
	}
	in := make([]byte, 64)
	other, err := retried(b, func() *initiator.Command {
		return &initiator.Command{LUN: initiator.LUN(1), CDB: initiator.CDB{0: 0x5e, 8: 64}, In: in}
	})
	if err != nil || other.OK() != nil || binary.BigEndian.Uint32(in[4:]) != 0 {
		t.Errorf("another disk: % x, %v", in[:16], err)
	}
	if _, err := h.reload(lines + "Target iqn.d\n\tLun 0 Path=DIR/a.img,BlockSize=512\n"); err != nil {
		t.Fatal(err)
	}
	if got := h.keys(a); got != "7" {
		t.Errorf("after a reload: keys %q", got)
	}
	if text, err := h.reload(strings.ReplaceAll(lines, "Path=DIR/b.img", "Path=DIR/a.img,BlockSize=512")); err != nil || !strings.Contains(text, "a new disk to initiators") {
		t.Errorf("a LUN that joins others stays what it was: %s, %v", text, err)
	}
}

// TestReservationsAreKept: what outlives a loss of power is there for every LUN in
// front of the blocks, and a damaged file of one keeps all from being used until it
// is removed.
func TestReservationsAreKept(t *testing.T) {
	const lines = "Target iqn.a\n\tLun 0 Path=DIR/a.img\nTarget iqn.b\n\tLun 0 Path=DIR/a.img\n"
	first := newHouse(t)
	first.file("a.img", 1)
	open := func() *house {
		h := first
		if first.engine != nil {
			h = newHouse(t)
			h.dir = first.dir
		}
		cfg := h.parse(lines)
		cfg.StateDir = h.dir
		if err := h.Open(cfg, never); err != nil {
			t.Fatal(err)
		}
		h.start()
		return h
	}
	open()
	const aptplFlag = 1
	if got := first.persist(first.dial("iqn.a", "host"), prIgnore, 0, 0, 7, aptplFlag); got != 0 {
		t.Fatalf("status %#x", got)
	}
	second := open()
	if got := second.keys(second.dial("iqn.b", "host")); got != "7" {
		t.Errorf("keys through the other target %q", got)
	}
	folder := first.dir + "/reservations/"
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	damaged := folder + files[0].Name()
	if err := os.WriteFile(damaged, []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	third := open()
	a, b := third.dial("iqn.a", "host"), third.dial("iqn.b", "host")
	if got := third.news(a, 0) + third.news(b, 0); !strings.Contains(got, "2/04/00") || strings.Contains(got, "good") {
		t.Errorf("with a damaged file: %s", got)
	}
	if err := os.Remove(damaged); err != nil {
		t.Fatal(err)
	}
	third.kick()
	eventually(t, "the LUNs are not ready", func() bool { return strings.HasSuffix(third.tur(a, 0)+third.tur(b, 0), "good") })
	if got := third.keys(b); got != "7" {
		t.Errorf("keys from the other file %q", got)
	}
	if kept, err := aptpl.NewStore(first.dir).Load(keptUnit(third, "iqn.a")); err != nil || kept == nil {
		t.Errorf("the file that was removed is not there again: %v, %v", kept, err)
	}
}

func keptUnit(h *house, name string) aptpl.Unit {
	h.mu.RLock()
	defer h.mu.RUnlock()
	l := h.byName[name].luns[0]
	return aptpl.Unit{ScsiSN: l.cfg.ScsiSN, ScsiID: l.cfg.ScsiID}
}

// A fighter is one of the nodes that fence each other: a session that is made anew
// when another node has fenced it, as a node does that restarts.
type fighter struct {
	key  uint64
	dial func() (*initiator.Session, error)
	now  atomic.Pointer[initiator.Session]
}

// TestFencing has sixteen nodes on two loops, through two targets, take a disk from
// each other by PREEMPT AND ABORT, with writes under way. Who has it writes, and as
// long as it has it reads what it wrote: no write of one that was fenced comes
// after, not even one that was under way.
func TestFencing(t *testing.T) {
	const nodes, turns = 16, 12
	h := newHouse(t)
	h.file("a.img", 4)
	if err := h.Open(h.parse("Target iqn.a\n\tLun 0 Path=DIR/a.img,BlockSize=512\nTarget iqn.b\n\tLun 0 Path=DIR/a.img,BlockSize=512\n"), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	fighters := make([]*fighter, nodes)
	for i := range fighters {
		fighters[i] = &fighter{key: uint64(i + 1), dial: func() (*initiator.Session, error) {
			return initiator.Dial(initiator.Options{Address: h.portal.Portals()[0].String(), Initiator: fmt.Sprintf("host%d", i),
				Target: []string{"iqn.a", "iqn.b"}[i%2], ISID: pdu.ISID{0x80, 0, 0, 0, 0, 1}, Timeout: 60 * time.Second})
		}}
	}
	var had, fenced atomic.Int32
	var all sync.WaitGroup
	for i, f := range fighters {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for turn := range turns {
				err := f.fight(t, r, fighters, turn, &had, &fenced)
				if err == nil {
					continue
				}
				// It was fenced with commands under way, of which none is answered.
				if s := f.now.Swap(nil); s != nil {
					_ = s.Close() // whoever fenced it has closed it
				}
			}
		})
	}
	all.Wait()
	for _, f := range fighters {
		if s := f.now.Load(); s != nil {
			_ = s.Close() // nothing is open
		}
	}
	if had.Load() == 0 || fenced.Load() == 0 {
		t.Errorf("%d nodes had the disk, %d were fenced: the test has tried nothing", had.Load(), fenced.Load())
	}
}

// fight is one turn of a node: it takes the disk, or fences who has it, or works.
func (f *fighter) fight(t *testing.T, r *rand.Rand, all []*fighter, turn int, had, fenced *atomic.Int32) error {
	s := f.now.Load()
	if s == nil {
		var err error
		if s, err = f.dial(); err != nil {
			return err
		}
		f.now.Store(s)
	}
	do := func(action byte, key, newKey uint64) (uint8, error) {
		c, err := retried(s, func() *initiator.Command { return persist(action, exclusiveAccess, key, newKey, 0) })
		return c.Status, err
	}
	if status, err := do(prIgnore, 0, f.key); err != nil || status != 0 {
		return errors.Join(err, fmt.Errorf("status %#x", status))
	}
	holder, err := holderOf(s)
	switch {
	case err != nil:
		return err
	case holder == 0:
		if _, err := do(prReserve, f.key, 0); err != nil {
			return err
		}
	case holder != f.key && r.IntN(3) == 0:
		status, err := do(prPreemptAbort, f.key, holder)
		if err != nil || status == 0 {
			// The node restarts. It may also have been fenced by us when we were
			// fenced before we heard of it.
			if victim := all[holder-1].now.Load(); victim != nil {
				_ = victim.Close() // it may be closed already
			}
		}
		if err != nil {
			return err
		}
		if status == 0 {
			fenced.Add(1)
		}
	}
	return f.work(t, s, byte(turn), had)
}

// holderOf returns the key of who has the disk, 0 for nobody.
func holderOf(s *initiator.Session) (uint64, error) {
	in := make([]byte, 24)
	c, err := retried(s, func() *initiator.Command { return &initiator.Command{CDB: initiator.CDB{0: 0x5e, 1: 1, 8: 24}, In: in} })
	if err = errors.Join(err, c.OK()); err != nil || binary.BigEndian.Uint32(in[4:]) == 0 {
		return 0, err
	}
	return binary.BigEndian.Uint64(in[8:]), nil
}

// work writes, whether it may or not, and reads what is there when it may.
func (f *fighter) work(t *testing.T, s *initiator.Session, turn byte, had *atomic.Int32) error {
	stamp := bytes.Repeat([]byte{byte(f.key), turn, 0x5a, 0xa5}, 16<<10)
	got := make([]byte, len(stamp))
	where := initiator.Range{LBA: 0, Blocks: uint32(len(stamp) / 512)}
	w, err := retried(s, func() *initiator.Command {
		return &initiator.Command{CDB: initiator.Write10(where, false), Out: stamp}
	})
	if err != nil || w.Status != 0 {
		return err
	}
	c := &initiator.Command{CDB: initiator.Read10(where), In: got}
	if err := s.Do(c); err != nil || c.Status != 0 {
		return err
	}
	// Its key is its own and is registered once a turn: who holds now has held since.
	if holder, err := holderOf(s); err != nil || holder != f.key {
		return err
	}
	had.Add(1)
	if !bytes.Equal(got, stamp) {
		t.Errorf("node %d has the disk, and finds what node %d wrote", f.key, got[0])
	}
	return nil
}
