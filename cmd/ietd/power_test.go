// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/pdu"
)

// persist does a PERSISTENT RESERVE OUT and reports whether it ended well.
func persist(s *initiator.Session, action, kind byte, key, newKey uint64, aptpl byte) error {
	out := make([]byte, 24)
	binary.BigEndian.PutUint64(out, key)
	binary.BigEndian.PutUint64(out[8:], newKey)
	out[20] = aptpl
	c := &initiator.Command{CDB: initiator.CDB{0: 0x5f, 1: action, 2: kind, 8: 24}, Out: out}
	if err := s.Do(c); err != nil {
		return err
	}
	return c.OK()
}

// A kept is what PERSISTENT RESERVE IN says of one nexus.
type kept struct {
	key  uint64 // 0: not registered
	held bool
}

func readKept(t *testing.T, s *initiator.Session) (k kept) {
	t.Helper()
	for action := range byte(2) {
		in := make([]byte, 64)
		c := &initiator.Command{CDB: initiator.CDB{0: 0x5e, 1: action, 8: 64}, In: in}
		if err := s.Do(c); err != nil || c.OK() != nil {
			t.Fatal(err, c.OK())
		}
		there := binary.BigEndian.Uint32(in[4:]) > 0
		if action == 1 {
			k.held = there
		} else if there {
			k.key = binary.BigEndian.Uint64(in[8:])
		}
	}
	return k
}

// keptAfter is the state after the change n of changeKept, from 1.
func keptAfter(n uint64) kept {
	if n == 0 {
		return kept{}
	}
	return kept{key: (n + 2) / 3, held: n%3 == 2}
}

// changeKept makes the change n: registers by the next key, reserves, releases.
func changeKept(s *initiator.Session, n uint64) error {
	key := keptAfter(n).key
	switch n % 3 {
	case 1:
		return persist(s, 0x06, 0, 0, key, 1)
	case 2:
		return persist(s, 0x01, 1, key, 0, 0)
	}
	return persist(s, 0x02, 1, key, 0, 0)
}

// TestReservationsOutliveKill kills ietd again and again while an initiator changes
// what it has registered and reserved. What was answered holds after the next
// start; of what was not answered all or nothing does.
func TestReservationsOutliveKill(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() (*ietd, *initiator.Session) {
		p := startIetd(t, "--control-socket", "", "--state-dir", filepath.Join(dir, "state"), "--target", "iqn.2026-11.com.example:a", "--lun", "0 Path="+disk)
		s, err := initiator.Dial(initiator.Options{Address: p.addr.String(), Initiator: "iqn.2026-11.com.example:host", Target: "iqn.2026-11.com.example:a",
			ISID: pdu.ISID{0x80, 0, 0, 0, 0, 1}, Timeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 { // unit attentions
			c := &initiator.Command{CDB: initiator.TestUnitReady()}
			if err := s.Do(c); err != nil {
				t.Fatal(err)
			}
			if c.OK() == nil {
				break
			}
		}
		return p, s
	}
	var done, rounds uint64
	p, s := start()
	for rounds < 6 {
		answered := make(chan uint64)
		go func() {
			n := done
			for changeKept(s, n+1) == nil {
				n++
			}
			answered <- n
		}()
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		last := <-answered
		_ = p.Wait()  // it was killed, and says so
		_ = s.Close() // its socket is gone
		p, s = start()
		switch got := readKept(t, s); got {
		case keptAfter(last):
			done = last
		case keptAfter(last + 1):
			done = last + 1
		default:
			t.Fatalf("round %d: after %d answered changes %+v, want %+v or %+v", rounds, last, got, keptAfter(last), keptAfter(last+1))
		}
		rounds++
	}
	t.Logf("%d changes", done)
	// APTPL off: nothing is kept any more.
	if err := persist(s, 0x06, 0, 0, 7, 0); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "state", "reservations", "[^.]*"))
	if err != nil || len(files) != 0 {
		t.Errorf("without APTPL there are still %v, %v", files, err)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// TestDamagedReservations holds that a file that cannot be read keeps a LUN of the
// command line from being served, in a sentence that names the file.
func TestDamagedReservations(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--control-socket", "", "--state-dir", dir, "--target", "iqn.2026-11.com.example:a", "--lun", "0 Path=" + disk + ",ScsiSN=one"}
	p := startIetd(t, args...)
	s, err := initiator.Dial(initiator.Options{Address: p.addr.String(), Initiator: "iqn.2026-11.com.example:host", Target: "iqn.2026-11.com.example:a",
		ISID: pdu.ISID{0x80, 0, 0, 0, 0, 1}, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for persist(s, 0x06, 0, 0, 5, 1) != nil { // unit attentions
	}
	_ = s.Close()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // it was killed, and says so
	files, err := filepath.Glob(filepath.Join(dir, "reservations", "one-*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("ietring reservations 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	code := run(append([]string{"ietd", "-a", "127.0.0.1", "-p", "0"}, args...), &stderr, &stderr)
	if code != 2 || !strings.Contains(stderr.String(), files[0]) {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}
