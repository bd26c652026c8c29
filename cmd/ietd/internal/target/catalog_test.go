// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import "testing"

func TestCatalog(t *testing.T) {
	var c Catalog
	if c.Find("iqn.a") != nil || len(c.All()) != 0 {
		t.Error("the zero catalog is not empty")
	}
	a, b := &Target{Name: "iqn.a"}, &Target{Name: "iqn.b"}
	for _, x := range []*Target{b, a} {
		if err := c.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Add(&Target{Name: "IQN.A"}); err == nil || err.Error() != "target IQN.A is there already" {
		t.Errorf("a name that is taken: %v", err)
	}
	if c.Find("IQN.a") != a || c.Find("iqn.b") != b || c.Find("iqn.c") != nil {
		t.Error("Find")
	}
	if all := c.All(); len(all) != 2 || all[0] != b || all[1] != a {
		t.Error("All is not in the order of Add")
	}
}
