// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bytes"
	"testing"
)

const testBlock = 512

// modelTest is a model of four blocks with what a target would hold.
type modelTest struct {
	*Model
	t    *testing.T
	disk []byte
}

// write begins a write of block i and returns its content and token.
func (m *modelTest) write(i int) (content []byte, token uint64) {
	content = make([]byte, testBlock)
	return content, m.BeginWrite(i, content)
}

// written is a write that is acknowledged at once.
func (m *modelTest) written(i int) []byte {
	content, token := m.write(i)
	m.EndWrite(i, 1, token)
	return content
}

// TestModel tells a story a row and says whether what is read in the end is
// right.
func TestModel(t *testing.T) {
	for _, row := range []struct {
		sentence string
		story    func(m *modelTest) error
		right    bool
	}{
		{"what was written is read", func(m *modelTest) error {
			return m.CheckNow(1, m.written(1))
		}, true},
		{"one bit is wrong", func(m *modelTest) error {
			b := m.written(1)
			b[300] ^= 4
			return m.CheckNow(1, b)
		}, false},
		{"the block of another number", func(m *modelTest) error {
			m.written(1)
			return m.CheckNow(1, m.written(2))
		}, false},
		{"zeros", func(m *modelTest) error {
			m.written(1)
			return m.CheckNow(1, make([]byte, testBlock))
		}, false},
		{"a version that was replaced", func(m *modelTest) error {
			old := m.written(1)
			m.written(1)
			return m.CheckNow(1, old)
		}, false},
		{"a version of long ago", func(m *modelTest) error {
			old := m.written(1)
			for range 10 {
				m.written(1)
			}
			return m.CheckNow(1, old)
		}, false},
		{"a write in flight is seen", func(m *modelTest) error {
			m.written(1)
			b, _ := m.write(1)
			return m.CheckNow(1, b)
		}, true},
		{"a write in flight is not seen yet", func(m *modelTest) error {
			b := m.written(1)
			m.write(1)
			return m.CheckNow(1, b)
		}, true},
		{"the earlier of two writes that overlapped", func(m *modelTest) error {
			a, tokenA := m.write(1)
			_, tokenB := m.write(1)
			m.EndWrite(1, 1, tokenB)
			m.EndWrite(1, 1, tokenA)
			return m.CheckNow(1, a)
		}, true},
		{"what both of two overlapping writes replaced", func(m *modelTest) error {
			old := m.written(1)
			_, tokenA := m.write(1)
			_, tokenB := m.write(1)
			m.EndWrite(1, 1, tokenB)
			m.EndWrite(1, 1, tokenA)
			return m.CheckNow(1, old)
		}, false},
		{"a read that began before the write ended sees the old", func(m *modelTest) error {
			old := m.written(1)
			read := m.BeginRead()
			m.written(1)
			m.written(1)
			return m.EndRead(1, read, old)
		}, true},
		{"a read that began after the write ended sees the old", func(m *modelTest) error {
			old := m.written(1)
			m.written(1)
			read := m.BeginRead()
			m.written(1)
			return m.EndRead(1, read, old)
		}, false},
		{"a mix of old and new while the write is in flight", func(m *modelTest) error {
			old := m.written(1)
			b, _ := m.write(1)
			copy(b[256:], old[256:])
			return m.CheckNow(1, b)
		}, true},
		{"a mix of old and new after the write", func(m *modelTest) error {
			old := m.written(1)
			b := m.written(1)
			copy(b[256:], old[256:])
			return m.CheckNow(1, b)
		}, false},
		{"a mix with a third while the write is in flight", func(m *modelTest) error {
			third := m.written(1)
			m.written(1)
			b, _ := m.write(1)
			copy(b[256:], third[256:])
			return m.CheckNow(1, b)
		}, false},
		{"a block that nobody has written", func(m *modelTest) error {
			return m.CheckNow(1, bytes.Repeat([]byte{7}, testBlock))
		}, true},
		{"a block whose first write is in flight", func(m *modelTest) error {
			m.write(1)
			return m.CheckNow(1, bytes.Repeat([]byte{7}, testBlock))
		}, true},
		{"a write that never ended, long after", func(m *modelTest) error {
			b, _ := m.write(1)
			m.written(1)
			return m.CheckNow(1, b)
		}, true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			m := &modelTest{Model: NewModel(4, testBlock, 42), t: t}
			if err := row.story(m); (err == nil) != row.right {
				t.Errorf("the model says %v", err)
			}
		})
	}
}

// TestModelForgets has a block written often: its history must not grow.
func TestModelForgets(t *testing.T) {
	m := &modelTest{Model: NewModel(4, testBlock, 42), t: t}
	for range 1000 {
		read := m.BeginRead()
		b := m.written(1)
		if err := m.EndRead(1, read, b); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.blocks[1]); n > 3 {
		t.Errorf("%d versions are kept", n)
	}
}
