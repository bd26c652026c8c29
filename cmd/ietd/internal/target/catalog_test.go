// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"ietring/cmd/ietd/internal/config"
)

// listing returns the targets in their order, as "tid:name" words.
func listing(c *Catalog) string {
	var all []string
	for _, t := range c.All() {
		if c.Find(t.Name) != t || c.FindTID(t.TID) != t {
			return "the indexes disagree about " + t.Name
		}
		all = append(all, fmt.Sprintf("%d:%s", t.TID, t.Name))
	}
	return strings.Join(all, " ")
}

func TestChanges(t *testing.T) {
	tests := []struct {
		name  string
		do    func(c *Catalog) error
		want  string // the catalog of 1:iqn.b 2:iqn.a afterwards
		fault string // "": none
		is    error
	}{
		{"add at the end, with the next id", func(c *Catalog) error { return c.Add(&Target{Name: "iqn.c"}) }, "1:iqn.b 2:iqn.a 3:iqn.c", "", nil},
		{"add with an id", func(c *Catalog) error { return c.Add(&Target{Name: "iqn.c", TID: 9}) }, "1:iqn.b 2:iqn.a 9:iqn.c", "", nil},
		{"an id that was given is passed over", func(c *Catalog) error {
			return errors.Join(c.Add(&Target{Name: "iqn.c", TID: 3}), c.Add(&Target{Name: "iqn.d"}))
		}, "1:iqn.b 2:iqn.a 3:iqn.c 4:iqn.d", "", nil},
		{"ids are not given again", func(c *Catalog) error { return errors.Join(c.Remove("iqn.a"), c.Add(&Target{Name: "iqn.c"})) }, "1:iqn.b 3:iqn.c", "", nil},
		{"a name that is taken, without case", func(c *Catalog) error { return c.Add(&Target{Name: "IQN.A"}) }, "1:iqn.b 2:iqn.a", "target IQN.A is there already", ErrTaken},
		{"an id that is taken", func(c *Catalog) error { return c.Add(&Target{Name: "iqn.c", TID: 2}) }, "1:iqn.b 2:iqn.a", "target id 2 is there already", ErrTaken},
		{"remove, without case", func(c *Catalog) error { return c.Remove("IQN.B") }, "2:iqn.a", "", nil},
		{"remove what is not there", func(c *Catalog) error { return c.Remove("iqn.c") }, "1:iqn.b 2:iqn.a", "target iqn.c is not there", ErrUnknown},
		{"replace keeps place and id", func(c *Catalog) error { return c.Replace(&Target{Name: "iqn.b", TID: 77}) }, "1:iqn.b 2:iqn.a", "", nil},
		{"replace what is not there", func(c *Catalog) error { return c.Replace(&Target{Name: "iqn.c"}) }, "1:iqn.b 2:iqn.a", "target iqn.c is not there", ErrUnknown},
		{"a change that fails in the middle is none", func(c *Catalog) error {
			return c.Change(func(e *Edit) error {
				if err := e.Remove("iqn.b"); err != nil {
					return err
				}
				e.SetDiscovery(Accounts{Outgoing: &config.Account{}})
				return e.Remove("iqn.c")
			})
		}, "1:iqn.b 2:iqn.a", "target iqn.c is not there", ErrUnknown},
		{"a change sees what it has done", func(c *Catalog) error {
			return c.Change(func(e *Edit) error {
				if err := errors.Join(e.Remove("iqn.b"), e.Add(&Target{Name: "iqn.b", TID: 1})); err != nil {
					return err
				}
				if e.Find("iqn.b") != e.FindTID(1) {
					return errors.New("the indexes disagree")
				}
				return nil
			})
		}, "2:iqn.a 1:iqn.b", "", nil},
	}
	for _, tt := range tests {
		var c Catalog
		b, a := &Target{Name: "iqn.b"}, &Target{Name: "iqn.a"}
		if err := errors.Join(c.Add(b), c.Add(a)); err != nil {
			t.Fatal(err)
		}
		before := c.All()
		err := tt.do(&c)
		if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || err.Error() != tt.fault || !errors.Is(err, tt.is)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.fault)
		}
		if got := listing(&c); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if len(before) != 2 || before[0] != b || before[1] != a || c.Discovery().Outgoing != nil {
			t.Errorf("%s: an older snapshot has changed", tt.name)
		}
	}
}

func TestEmptyCatalog(t *testing.T) {
	var c Catalog
	if c.Find("iqn.a") != nil || c.FindTID(0) != nil || len(c.All()) != 0 || c.Discovery().Incoming != nil {
		t.Error("the zero catalog is not empty")
	}
	if err := c.Change(func(e *Edit) error {
		e.SetDiscovery(Accounts{Incoming: []config.Account{{Name: "a"}}})
		return nil
	}); err != nil || len(c.Discovery().Incoming) != 1 {
		t.Errorf("accounts of discovery: %v", err)
	}
}

// TestReadersAndWriters lets both meet; the race detector looks on.
func TestReadersAndWriters(t *testing.T) {
	var c Catalog
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := fmt.Sprintf("iqn.%d", i)
			for range 50 {
				if err := errors.Join(c.Add(&Target{Name: name}), c.Replace(&Target{Name: name}), c.Remove(name)); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 200 {
				for _, x := range c.All() {
					if x.TID == 0 || x.Name == "" {
						t.Error("a target that is not whole")
					}
				}
			}
		})
	}
	all.Wait()
	if len(c.All()) != 0 {
		t.Error(listing(&c))
	}
}
