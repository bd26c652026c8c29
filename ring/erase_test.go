// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/pdu"
	"ietring/scsi"
)

var blockErase = []byte{0x48, 0x02, 0, 0, 0, 0, 0, 0, 0, 0}

// keeper keeps erasures as the control plane does, and can hold them up.
type keeper struct {
	mu   sync.Mutex
	last *scsi.Erasure
	hold chan struct{} // while open, erasures wait to begin
	err  error
}

func (k *keeper) keep(e *scsi.Erasure) error {
	k.mu.Lock()
	hold := k.hold
	k.mu.Unlock()
	if e != nil && hold != nil {
		<-hold
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = e
	return k.err
}

func (k *keeper) kept() *scsi.Erasure {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last
}

// erasable adds a file of 4 MiB with data as LUN 2, whose erasures k keeps and that
// has restored to go on with.
func (p *plane) erasable(k *keeper, restored *scsi.Erasure) (*backing.Disk, *scsi.Unit) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "erasable")
	p.add(3, backing.Params{Type: "fileio", Path: path}, 4<<20) // makes the file
	d, err := backing.Open(backing.Params{Type: "fileio", Path: path})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.end(); _ = d.Close() })
	if err := d.WriteAt(pattern(4<<20, 1), 0, true); err != nil {
		p.t.Fatal(err)
	}
	m := scsi.NewMedium("erasable")
	m.KeepErasures(k.keep)
	if restored != nil {
		m.RestoreErasure(restored)
	}
	u, err := p.eng.AddUnit(d, scsi.UnitConfig{ScsiSN: "erasable", Medium: m})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.target.Add(2, u); err != nil {
		p.t.Fatal(err)
	}
	return d, u
}

// meet takes the unit attentions of LUN 2.
func (i *peer) meet() {
	i.t.Helper()
	for range 3 {
		if r := i.do(2, testUnitReady, 0, nil); r.sense.Key != scsi.UnitAttention {
			return
		}
	}
}

// awaitReady waits until LUN 2 takes commands again.
func (i *peer) awaitReady() {
	i.t.Helper()
	for range 2000 {
		r := i.do(2, testUnitReady, 0, nil)
		if r.status == scsi.StatusGood {
			return
		}
		if r.sense.Key != scsi.NotReady && r.sense.Key != scsi.UnitAttention {
			i.t.Fatalf("while it is erased: %+v", r)
		}
		time.Sleep(5 * time.Millisecond)
	}
	i.t.Fatal("the erasure does not end")
}

// While a SANITIZE goes on nothing else does, and neither abort nor reset ends it.
func TestSanitizeGoesOn(t *testing.T) {
	p := newPlane(t, 2)
	k := &keeper{hold: make(chan struct{})}
	p.erasable(k, nil)
	i := p.connect(defaults)
	i.meet()
	list := []byte{0x82, 0, 0, 2, 0xaa, 0x55} // twice, the second time inverted
	c := i.scsi(2, []byte{0x48, 0x01, 0, 0, 0, 0, 0, 0, byte(len(list)), 0}, 0, list)
	c.Data = list
	i.send(c)
	for name, cdb := range map[string][]byte{"TEST UNIT READY": testUnitReady, "READ": read10(0, 1), "another SANITIZE": blockErase} {
		if r := i.do(2, cdb, 0, nil); !r.sense.Is(scsi.SanitizeInProgress) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := i.do(2, write10(0, 1), 0, make([]byte, 512)); !r.sense.Is(scsi.SanitizeInProgress) {
		t.Errorf("WRITE: %+v", r)
	}
	if r := i.do(2, []byte{0x12, 0, 0, 0, 96, 0}, 96, nil); r.status != scsi.StatusGood {
		t.Errorf("INQUIRY: %+v", r)
	}
	for _, f := range []pdu.TaskFunction{pdu.AbortTask, pdu.LogicalUnitReset} {
		if r := i.taskMgmt(f, 2, c.ITT()); r != pdu.FunctionComplete {
			t.Errorf("function %d: %d", f, r)
		}
	}
	i.meet()
	if r := i.do(2, testUnitReady, 0, nil); !r.sense.Is(scsi.SanitizeInProgress) {
		t.Errorf("after a reset: %+v", r)
	}
	close(k.hold)
	i.awaitReady()
	want := bytes.Repeat([]byte{0x55, 0xaa}, 256)
	for _, lba := range []int{0, 4000, 8191} {
		if r := i.do(2, read10(lba, 1), 512, nil); !bytes.Equal(r.data, want) {
			t.Errorf("block %d: % x…", lba, r.data[:min(4, len(r.data))])
		}
	}
	if k.kept() != nil {
		t.Error("what is done is kept")
	}
}

// BLOCK ERASE, CRYPTO ERASE and FORMAT UNIT leave zeros, and give all back.
func TestEraseGivesBack(t *testing.T) {
	p := newPlane(t, 1)
	d, _ := p.erasable(new(keeper), nil)
	i := p.connect(defaults)
	i.meet()
	for name, cdb := range map[string][]byte{
		"BLOCK ERASE":         blockErase,
		"BLOCK ERASE, IMMED":  {0x48, 0x82, 0, 0, 0, 0, 0, 0, 0, 0},
		"CRYPTO ERASE, IMMED": {0x48, 0x83, 0, 0, 0, 0, 0, 0, 0, 0},
		"FORMAT UNIT":         {0x04, 0, 0, 0, 0, 0},
	} {
		if err := d.WriteAt(pattern(4<<20, 2), 0, false); err != nil {
			t.Fatal(err)
		}
		if r := i.do(2, cdb, 0, nil); r.status != scsi.StatusGood {
			t.Fatalf("%s: %+v", name, r)
		}
		i.awaitReady()
		if blocks, deallocated := i.lbaStatus(2, 0); !deallocated || blocks != 8192 {
			t.Errorf("%s: %d blocks, deallocated %v", name, blocks, deallocated)
		}
		if r := i.do(2, read10(100, 8), 4096, nil); !isZero(r.data) || len(r.data) != 4096 {
			t.Errorf("%s: not zeros, %+v", name, r.sense)
		}
	}
	if r := i.do(1, blockErase, 0, nil); r.status != scsi.StatusGood {
		t.Errorf("nullio: %+v", r)
	}
}

// A disk that cannot be erased stays closed until a SANITIZE ends well, or EXIT
// FAILURE MODE; what cannot be written down does not begin.
func TestSanitizeFails(t *testing.T) {
	p := newPlane(t, 1)
	k := &keeper{err: errors.New("no space")}
	d, u := p.erasable(k, nil)
	i := p.connect(defaults)
	i.meet()
	if r := i.do(2, blockErase, 0, nil); !r.sense.Is(scsi.InternalTargetFailure) {
		t.Errorf("that cannot be kept: %+v", r)
	}
	if r := i.do(2, testUnitReady, 0, nil); r.status != scsi.StatusGood {
		t.Errorf("and is not begun: %+v", r)
	}
	k.mu.Lock()
	k.err = nil
	k.mu.Unlock()
	reader, err := unix.Open(d.Path(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Dup3(reader, d.FD(), unix.O_CLOEXEC), unix.Close(reader)); err != nil { // no write succeeds from now on
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		cdb  []byte
		want scsi.Sense
	}{
		{"a SANITIZE that fails", blockErase, scsi.SanitizeFailed},
		{"a command after it", testUnitReady, scsi.SanitizeFailed},
		{"EXIT FAILURE MODE, which it did not allow", []byte{0x48, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0}, scsi.InvalidFieldInCDB},
		{"another one, with AUSE", []byte{0x48, 0x22, 0, 0, 0, 0, 0, 0, 0, 0}, scsi.SanitizeFailed},
		{"EXIT FAILURE MODE, allowed", []byte{0x48, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0}, scsi.Good},
		{"a command after that", testUnitReady, scsi.Good},
		{"a FORMAT UNIT that fails", []byte{0x04, 0, 0, 0, 0, 0}, scsi.FormatFailed},
		{"a command after it", testUnitReady, scsi.FormatCorrupted},
	} {
		if r := i.do(2, tt.cdb, 0, nil); !r.sense.Is(tt.want) {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	if e := k.kept(); e == nil || !e.Failed || !e.Format || u.Medium().Pending() != nil {
		t.Errorf("kept is %+v", e)
	}
}

// EraseRate bounds a piece and has the eraser rest; whole pieces stay aligned.
func TestErasePace(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rate, n int64
		piece   int64
		rest    time.Duration
	}{
		{name: "nothing bounds it", n: 64 << 20, piece: 64 << 20},
		{name: "an eighth of a second", rate: 64 << 20, n: 64 << 20, piece: 8 << 20, rest: time.Second / 8},
		{name: "in whole spans", rate: 20 << 20, n: 64 << 20, piece: 2 << 20, rest: time.Second / 10},
		{name: "the slowest", rate: 1 << 20, n: 64 << 20, piece: 1 << 20, rest: time.Second},
		{name: "the end of the disk", rate: 1 << 20, n: 512 << 10, piece: 512 << 10, rest: time.Second / 2},
	} {
		if piece := pieceAt(tt.rate, tt.n); piece != tt.piece {
			t.Errorf("%s: a piece of %d", tt.name, piece)
		}
		if rest := restAfter(tt.rate, tt.piece); rest != tt.rest {
			t.Errorf("%s: it rests for %v", tt.name, rest)
		}
	}
}

// An eraser that rests is under way to initiators, and stops when its unit goes.
func TestErasureRests(t *testing.T) {
	p := newPlane(t, 1)
	_, u := p.erasable(new(keeper), nil)
	i := p.connect(defaults)
	c := u.Config()
	c.EraseRate = 1 // a week
	if err := p.target.Change(u, c); err != nil {
		t.Fatal(err)
	}
	i.meet()
	if r := i.do(2, []byte{0x48, 0x82, 0, 0, 0, 0, 0, 0, 0, 0}, 0, nil); r.status != scsi.StatusGood {
		t.Fatalf("%+v", r)
	}
	first := scsi.SanitizeInProgress.AtProgress(1 << 14) // of four pieces
	for n := 0; u.Medium().Erasing() != first; n++ {
		if n == 2000 {
			t.Fatalf("the first piece does not end: %v", u.Medium().Erasing())
		}
		time.Sleep(5 * time.Millisecond)
	}
	if r := i.do(2, testUnitReady, 0, nil); !r.sense.Is(scsi.SanitizeInProgress) {
		t.Errorf("while it rests: %+v", r)
	}
	p.target.Remove(2)
	if err := p.eng.RemoveUnit(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if u.Medium().Pending() == nil {
		t.Error("an erasure that was stopped is forgotten")
	}
}

// What a process had begun the next one ends; what is taken away stays begun.
func TestErasureResumes(t *testing.T) {
	p := newPlane(t, 1)
	k := new(keeper)
	_, u := p.erasable(k, &scsi.Erasure{Passes: 1, Pattern: pattern(512, 7)})
	i := p.connect(defaults)
	i.meet()
	i.awaitReady()
	if r := i.do(2, read10(8191, 1), 512, nil); !bytes.Equal(r.data, pattern(512, 7)) {
		t.Error("it was not erased")
	}
	k.mu.Lock()
	k.hold = make(chan struct{})
	k.mu.Unlock()
	list := append([]byte{31, 0, 2, 0}, pattern(512, 9)...)
	c := i.scsi(2, []byte{0x48, 0x81, 0, 0, 0, 0, 0, 2, 4, 0}, 0, list)
	c.Data = list
	i.send(c)
	if r := i.do(2, testUnitReady, 0, nil); !r.sense.Is(scsi.SanitizeInProgress) {
		t.Fatalf("%+v", r)
	}
	p.target.Remove(2)
	gone := make(chan error)
	go func() { gone <- p.eng.RemoveUnit(context.Background(), u) }()
	for { // until the eraser was asked to stop
		p.eng.erasers.mu.Lock()
		asked := false
		for _, x := range p.eng.erasers.byDisk {
			select {
			case <-x.stop:
				asked = true
			default:
			}
		}
		p.eng.erasers.mu.Unlock()
		if asked {
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(k.hold)
	if err := <-gone; err != nil {
		t.Fatal(err)
	}
	if u.Medium().Pending() == nil || k.kept() == nil {
		t.Error("an erasure that was stopped is forgotten")
	}
}
