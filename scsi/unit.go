// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
)

// A UnitConfig is what a Unit is made of.
type UnitConfig struct {
	Handle uint32  // opaque number of the data plane, handed back by Unit.Handle
	Medium *Medium // what the unit shares with others over the same blocks; nil: it has its own

	Blocks            uint64 // logical blocks, at least 1
	BlockSize         uint32 // bytes of a logical block: 512, 1024, 2048 or 4096
	PhysicalBlockSize uint32 // bytes of a physical block: BlockSize times a power of two

	NotReady    bool // there is no medium to speak of just now: geometry is a guess
	ReadOnly    bool // writes are refused
	WriteCache  bool // the default of WCE: an acknowledged write may still be volatile
	NonRotating bool // VPD B1h says solid state
	Removable   bool // the medium can be ejected and loaded

	// Thin says that blocks can be given back, and then read as zeros. They are
	// given back in pieces of UnmapGranularity logical blocks, of which the
	// first begins at block UnmapAlignment; 0 is one block.
	Thin             bool
	UnmapGranularity uint32
	UnmapAlignment   uint32
	KnowsUnmapped    bool // GET LBA STATUS tells what was given back
	KnowsSpace       bool // Medium.SetSpace is told what room there is
	WSNZ             bool // a WRITE SAME must say how many blocks it writes

	// AtomicBlocks is how many blocks an atomic write has, at multiples of that:
	// 0 says that there are none.
	AtomicBlocks uint32

	EraseRate int64 // bytes a second that SANITIZE and FORMAT UNIT erase at most; 0: no bound

	ScsiID [16]byte // IET's ScsiId, in VPD 83h
	NAA    bool     // VPD 83h has an NAA designator too, of which initiators build the WWID then
	ScsiSN string   // IET's ScsiSN, in VPD 80h: 1 to 32 printable ASCII characters

	// MaxTransfer is the most bytes one READ, WRITE or VERIFY may ask for, at
	// least one block. VPD B0h reports it; more is an invalid field.
	MaxTransfer int
}

// A unitState is what a Unit is at one time: a snapshot that is never changed
// once published. A command is planned by one of them.
type unitState struct {
	UnitConfig
	maxBlocks uint32 // MaxTransfer in logical blocks
	ppbExp    uint8  // physical block = 1<<ppbExp logical blocks
}

// newState checks c and works out what follows from it. The error names the
// field of c that cannot be.
func newState(c UnitConfig) (*unitState, error) {
	switch c.BlockSize {
	case 512, 1024, 2048, 4096:
	default:
		return nil, fmt.Errorf("scsi: BlockSize %d is not 512, 1024, 2048 or 4096", c.BlockSize)
	}
	ratio := c.PhysicalBlockSize / c.BlockSize
	if c.PhysicalBlockSize%c.BlockSize != 0 || bits.OnesCount32(ratio) != 1 || ratio > 1<<15 {
		return nil, fmt.Errorf("scsi: PhysicalBlockSize %d is not BlockSize %d times a power of two up to 32768", c.PhysicalBlockSize, c.BlockSize)
	}
	if c.Blocks == 0 || c.Blocks > math.MaxInt64/uint64(c.BlockSize) {
		return nil, fmt.Errorf("scsi: Blocks %d is not in 1..%d", c.Blocks, math.MaxInt64/uint64(c.BlockSize))
	}
	maxBlocks := int64(c.MaxTransfer) / int64(c.BlockSize)
	if maxBlocks < 1 || maxBlocks > math.MaxUint32 {
		return nil, fmt.Errorf("scsi: MaxTransfer %d bytes is not 1..%d blocks of %d", c.MaxTransfer, uint32(math.MaxUint32), c.BlockSize)
	}
	if len(c.ScsiSN) == 0 || len(c.ScsiSN) > maxScsiSN {
		return nil, fmt.Errorf("scsi: ScsiSN %q does not have 1..%d characters", c.ScsiSN, maxScsiSN)
	}
	for i := range len(c.ScsiSN) {
		if c.ScsiSN[i] < 0x20 || c.ScsiSN[i] > 0x7e {
			return nil, fmt.Errorf("scsi: ScsiSN %q is not printable ASCII", c.ScsiSN)
		}
	}
	return &unitState{
		UnitConfig: c,
		maxBlocks:  uint32(maxBlocks),
		ppbExp:     uint8(bits.TrailingZeros32(ratio)),
	}, nil
}

// A Medium is what all units over the same blocks have in common, through
// whichever targets and LUNs initiators reach them.
type Medium struct {
	name string // for messages

	unitsMu sync.Mutex // taken last of all
	units   []*Unit    // in a target; the slice is never changed, but replaced

	reservations registrar
	tray         tray
	modes        modes

	space    atomic.Pointer[Space] // nil: not known yet
	spaceLow bool                  // of who calls SetSpace

	erasure      atomic.Pointer[Erasure] // under way, or failed; nil: none
	keepErasures func(*Erasure) error    // nil: they are forgotten with the process
}

// NewMedium returns the state of a medium that no unit has yet.
func NewMedium(name string) *Medium { return &Medium{name: name} }

// Name returns what NewMedium was given.
func (m *Medium) Name() string { return m.name }

// A Unit is a logical unit: a disk.
type Unit struct {
	handle    uint32
	medium    *Medium
	state     atomic.Pointer[unitState]
	target    *Target // set by Target.Add before the unit is seen by anyone, as are the next two
	lun, slot uint16
	added     atomic.Bool // it is in the LUN map of a target
}

// NewUnit returns the logical unit that c describes, or an error that names
// the field of c that cannot be.
func NewUnit(c UnitConfig) (*Unit, error) {
	state, err := newState(c)
	if err != nil {
		return nil, err
	}
	if state.Medium == nil {
		state.Medium = NewMedium(c.ScsiSN)
	}
	u := &Unit{handle: c.Handle, medium: state.Medium}
	u.state.Store(state)
	return u, nil
}

// Handle returns the number that the data plane gave to the unit.
func (u *Unit) Handle() uint32 { return u.handle }

// Medium returns what the unit shares with others over the same blocks.
func (u *Unit) Medium() *Medium { return u.medium }

// Config returns what the unit is made of now.
func (u *Unit) Config() UnitConfig { return u.state.Load().UnitConfig }

// Ready reports whether there is a medium; see Target.Change.
func (u *Unit) Ready() bool { return !u.state.Load().NotReady }

// LUN returns the number that Target.Add gave to the unit.
func (u *Unit) LUN() uint16 { return u.lun }
