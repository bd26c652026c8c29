// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"slices"
	"sync"
	"sync/atomic"
)

// The limits of what is remembered of a nexus' copies.
const (
	maxConcurrentCopies = 8  // of one nexus
	maxKeptCopies       = 32 // that have ended; the oldest is forgotten for another
)

// A copyLog holds the third-party copies of one nexus by list identifier.
type copyLog struct {
	mu      sync.Mutex
	records []*copyRecord // the oldest first
}

// A copyRecord is what RECEIVE COPY RESULTS tells of one copy.
type copyRecord struct {
	id    uint32
	known bool // it has a list identifier

	// Of POPULATE TOKEN and WRITE USING TOKEN.
	action     byte   // the service action; 0 for EXTENDED COPY
	token      *Token // that was made; to be read when the copy has ended
	blockSize  uint32 // of the unit that the command came to
	background bool   // IMMED

	pieces atomic.Int32 // that are done
	moved  atomic.Int64 // bytes

	// Guarded by copyLog.mu.
	log    *copyLog
	ended  bool
	status Status
	sense  Sense
}

// begin makes the record of a copy that starts.
func (l *copyLog) begin(id uint32, known bool) (*copyRecord, Sense) {
	r := &copyRecord{id: id, known: known}
	if s := l.enter(r); s != Good {
		return nil, s
	}
	return r, Good
}

// enter takes the record of a copy that starts.
func (l *copyLog) enter(r *copyRecord) Sense {
	id, known := r.id, r.known
	l.mu.Lock()
	defer l.mu.Unlock()
	running := 0
	for i := len(l.records) - 1; i >= 0; i-- {
		switch o := l.records[i]; {
		case !o.ended && known && o.known && o.id == id:
			return CopyInProgress
		case !o.ended:
			running++
		case known && o.known && o.id == id: // its results are given up for those of the new one
			l.records = slices.Delete(l.records, i, i+1)
		}
	}
	if running >= maxConcurrentCopies {
		return InsufficientResources
	}
	r.log = l
	l.records = append(l.records, r)
	return Good
}

// find returns the record of the copy that is called id, or nil.
func (l *copyLog) find(id uint32) *copyRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.known && r.id == id {
			return r
		}
	}
	return nil
}

// result returns whether the copy has ended, and how.
func (r *copyRecord) result() (ended bool, status Status, sense Sense) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.ended, r.status, r.sense
}

// Moved tells that n bytes more are copied. last is set for the last bytes of a
// piece.
func (c *Copy) Moved(n int64, last bool) {
	c.record.moved.Add(n)
	if last {
		c.record.pieces.Add(1)
	}
}

// End tells how the copy has ended, after the last Moved. The first call counts.
func (c *Copy) End(status Status, sense Sense) {
	r := c.record
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.ended {
		return
	}
	r.ended, r.status, r.sense = true, status, sense
	if r.token != nil && status != StatusGood || c.delete && c.Token != nil {
		c.Token.owner.target.tokens.drop(c.Token)
	}
	ended := 0
	for i := len(l.records) - 1; i >= 0; i-- {
		if o := l.records[i]; o.ended {
			if ended++; !o.known || ended > maxKeptCopies {
				l.records = slices.Delete(l.records, i, i+1)
			}
		}
	}
}
