// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "sync/atomic"

// A unitTable finds the lu of a handle, for every loop and without a lock. It
// has two levels, so that a unit among thousands costs no more to add than the
// first. Changes are made under Engine.mu; the zero value is empty.
type unitTable struct {
	chunks [maxHandles / unitChunk]atomic.Pointer[[unitChunk]atomic.Pointer[lu]]
	next   uint32   // handles from here on were never given out
	free   []uint32 // given back
}

// unitChunk is by how many units the table grows.
const unitChunk = 256

// get returns the lu of a handle that take gave out, nil after it was dropped.
func (t *unitTable) get(handle uint32) *lu {
	return t.chunks[handle/unitChunk].Load()[handle%unitChunk].Load()
}

// take returns a handle that no unit has; ok is false when all are out.
func (t *unitTable) take() (handle uint32, ok bool) {
	if n := len(t.free); n > 0 {
		handle = t.free[n-1]
		t.free = t.free[:n-1]
		return handle, true
	}
	if t.next == maxHandles {
		return 0, false
	}
	handle = t.next
	t.next++
	if handle%unitChunk == 0 {
		t.chunks[handle/unitChunk].Store(new([unitChunk]atomic.Pointer[lu]))
	}
	return handle, true
}

// set makes u the lu of a handle that is out.
func (t *unitTable) set(handle uint32, u *lu) {
	t.chunks[handle/unitChunk].Load()[handle%unitChunk].Store(u)
}

// drop takes the handle back.
func (t *unitTable) drop(handle uint32) {
	t.set(handle, nil)
	t.free = append(t.free, handle)
}
