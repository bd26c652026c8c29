// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package textkey

import (
	"fmt"
	"strconv"
	"strings"

	"ietring/pdu"
)

// A Kind is how a key gets its value (RFC 7143, Section 6.2).
type Kind uint8

// Kinds of keys.
const (
	Declarative Kind = iota + 1 // the sender says it; nobody answers
	Minimum                     // numbers: the smaller one
	Maximum                     // numbers: the larger one
	And                         // Yes when both say Yes
	Or                          // Yes when one says Yes
	List                        // the first of the offer that the answering side takes
	Constant                    // always answered with the row's Answer
)

// A Place is a set of phases in which a key may be sent.
type Place uint8

// Phases. A key that initialises the session (RFC 7143: IO) stands in the
// stages that RFC 7143, Section 6.3.2 lists it for.
const (
	Security Place = 1 << iota
	Operational
	FullFeature
	AnyPhase = Security | Operational | FullFeature
	AnyStage = Security | Operational
)

// A Sender is a set of sides that may say a key unasked.
type Sender uint8

// Sides.
const (
	Initiator Sender = 1 << iota
	Target
	Both = Initiator | Target
)

// A Key is one row of the table.
type Key struct {
	Name    string
	Section string // of RFC 7143; of another RFC when it says so
	Kind    Kind
	Place   Place
	Sender  Sender
	// Leading is true exactly when only the first connection of a session may
	// send the key (RFC 7143: LO).
	Leading bool
	// NotDiscovery is true exactly when the key is irrelevant in a discovery
	// session.
	NotDiscovery bool
	Min, Max     int    // of a number
	Default      string // what holds when the key is not negotiated; "" when nothing does
	Answer       string // of a Constant
}

const maxDataLen = pdu.MaxDataLen

// table holds every key. Order: RFC 7143 Sections 12 and 13, RFC 7145, RFC 3720.
var table = []Key{
	{Name: "AuthMethod", Section: "12.1", Kind: List, Place: Security, Sender: Both, Default: "None"},
	{Name: "HeaderDigest", Section: "13.1", Kind: List, Place: Operational, Sender: Both, Default: "None"},
	{Name: "DataDigest", Section: "13.1", Kind: List, Place: Operational, Sender: Both, Default: "None"},
	{Name: "MaxConnections", Section: "13.2", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Min: 1, Max: 65535, Default: "1"},
	{Name: "SendTargets", Section: "13.3", Kind: Declarative, Place: FullFeature, Sender: Initiator},
	{Name: "TargetName", Section: "13.4", Kind: Declarative, Place: AnyStage, Sender: Both},
	{Name: "InitiatorName", Section: "13.5", Kind: Declarative, Place: AnyStage, Sender: Initiator},
	{Name: "TargetAlias", Section: "13.6", Kind: Declarative, Place: AnyPhase, Sender: Target},
	{Name: "InitiatorAlias", Section: "13.7", Kind: Declarative, Place: AnyPhase, Sender: Initiator},
	{Name: "TargetAddress", Section: "13.8", Kind: Declarative, Place: AnyPhase, Sender: Target},
	{Name: "TargetPortalGroupTag", Section: "13.9", Kind: Declarative, Place: AnyStage, Sender: Target, Max: 65535},
	{Name: "InitialR2T", Section: "13.10", Kind: Or, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Default: "Yes"},
	{Name: "ImmediateData", Section: "13.11", Kind: And, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Default: "Yes"},
	{Name: "MaxRecvDataSegmentLength", Section: "13.12", Kind: Declarative, Place: AnyPhase, Sender: Both, Min: 512, Max: maxDataLen, Default: "8192"},
	{Name: "MaxBurstLength", Section: "13.13", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Min: 512, Max: maxDataLen, Default: "262144"},
	{Name: "FirstBurstLength", Section: "13.14", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Min: 512, Max: maxDataLen, Default: "65536"},
	{Name: "DefaultTime2Wait", Section: "13.15", Kind: Maximum, Place: Operational, Sender: Both, Leading: true, Min: 0, Max: 3600, Default: "2"},
	{Name: "DefaultTime2Retain", Section: "13.16", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, Min: 0, Max: 3600, Default: "20"},
	{Name: "MaxOutstandingR2T", Section: "13.17", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Min: 1, Max: 65535, Default: "1"},
	{Name: "DataPDUInOrder", Section: "13.18", Kind: Or, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Default: "Yes"},
	{Name: "DataSequenceInOrder", Section: "13.19", Kind: Or, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Default: "Yes"},
	{Name: "ErrorRecoveryLevel", Section: "13.20", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, Min: 0, Max: 2, Default: "0"},
	{Name: "SessionType", Section: "13.21", Kind: Declarative, Place: AnyStage, Sender: Initiator, Leading: true, Default: "Normal"},
	{Name: "TaskReporting", Section: "13.23", Kind: List, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Default: "RFC3720"},
	{Name: "iSCSIProtocolLevel", Section: "13.24", Kind: Minimum, Place: Operational, Sender: Both, Leading: true, NotDiscovery: true, Min: 0, Max: 31, Default: "1"},

	// The keys of iSER matter only after RDMAExtensions=Yes, which we never say.
	{Name: "RDMAExtensions", Section: "RFC 7145, 6.3", Kind: Constant, Place: Operational, Sender: Both, Leading: true, Answer: "No"},
	{Name: "TargetRecvDataSegmentLength", Section: "RFC 7145, 6.4", Kind: Constant, Place: Operational, Sender: Both, Answer: pdu.ValueIrrelevant},
	{Name: "InitiatorRecvDataSegmentLength", Section: "RFC 7145, 6.5", Kind: Constant, Place: Operational, Sender: Both, Answer: pdu.ValueIrrelevant},
	{Name: "MaxOutstandingUnexpectedPDUs", Section: "RFC 7145, 6.7", Kind: Constant, Place: Operational, Sender: Both, Leading: true, Answer: pdu.ValueIrrelevant},
	{Name: "MaxAHSLength", Section: "RFC 7145, 6.8", Kind: Constant, Place: Operational, Sender: Both, Leading: true, Answer: pdu.ValueIrrelevant},
	{Name: "TaggedBufferForSolicitedDataOnly", Section: "RFC 7145, 6.9", Kind: Constant, Place: Operational, Sender: Both, Leading: true, Answer: pdu.ValueIrrelevant},
	{Name: "iSERHelloRequired", Section: "RFC 7145, 6.10", Kind: Constant, Place: Operational, Sender: Both, Leading: true, Answer: pdu.ValueIrrelevant},

	// Markers are obsolete; still they may not be answered NotUnderstood. No is
	// the answer that every initiator of RFC 3720's time takes.
	{Name: "IFMarker", Section: "13.25", Kind: Constant, Place: Operational, Sender: Both, Answer: pdu.ValueNo},
	{Name: "OFMarker", Section: "13.25", Kind: Constant, Place: Operational, Sender: Both, Answer: pdu.ValueNo},
	{Name: "IFMarkInt", Section: "13.25", Kind: Constant, Place: Operational, Sender: Both, Answer: pdu.ValueReject},
	{Name: "OFMarkInt", Section: "13.25", Kind: Constant, Place: Operational, Sender: Both, Answer: pdu.ValueReject},
}

var byName = func() map[string]*Key {
	m := make(map[string]*Key, len(table))
	for i := range table {
		m[table[i].Name] = &table[i]
	}
	return m
}()

// Lookup returns the row of a key, or nil when nobody defined it. Names are case
// sensitive (RFC 7143, Section 6.1).
func Lookup(name string) *Key { return byName[name] }

// All returns the whole table; the caller does not change it.
func All() []Key { return table }

// Number reads a numerical value: decimal, or hexadecimal after 0x (RFC 7143,
// Section 6.1), not below lo, not above hi.
func Number(value string, lo, hi int) (int, error) {
	digits, base := value, 10
	if rest, ok := strings.CutPrefix(strings.ToLower(value), "0x"); ok {
		digits, base = rest, 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	if err != nil || int(n) < lo || int(n) > hi {
		return 0, fmt.Errorf("%.40q is not a number from %d to %d", value, lo, hi)
	}
	return int(n), nil
}

// Result returns what an offer becomes on a side whose own wish is ours: the
// value of both sides and the answer. It returns false when offered is no value
// that the key can have, or a List has nothing in common: then the answer is
// Reject and the key keeps the value that it had. ours is a value that
// [Key.Valid] accepts. The key is negotiated: neither Declarative nor Constant.
func (k *Key) Result(offered, ours string) (string, bool) {
	switch k.Kind {
	case Minimum, Maximum:
		theirs, err := Number(offered, k.Min, k.Max)
		if err != nil {
			return "", false
		}
		wish, err := Number(ours, k.Min, k.Max)
		if err != nil {
			panic("textkey: our own number is out of its range")
		}
		if k.Kind == Minimum {
			return strconv.Itoa(min(theirs, wish)), true
		}
		return strconv.Itoa(max(theirs, wish)), true
	case And, Or:
		if offered != pdu.ValueYes && offered != pdu.ValueNo {
			return "", false
		}
		// The value that one side can force on both: No for And, Yes for Or.
		force := pdu.ValueNo
		if k.Kind == Or {
			force = pdu.ValueYes
		}
		if offered == force {
			return force, true
		}
		return ours, true
	case List:
		return firstCommon(offered, ours)
	}
	panic("textkey: result of a key that is not negotiated")
}

// Valid reports what is wrong with value as a value of k, or nil.
func (k *Key) Valid(value string) error {
	switch {
	case k.Kind == And || k.Kind == Or:
		if value != pdu.ValueYes && value != pdu.ValueNo {
			return fmt.Errorf("%.40q is neither Yes nor No", value)
		}
	case k.Max > 0:
		_, err := Number(value, k.Min, k.Max)
		return err
	}
	return nil
}

// firstCommon returns the first item of offered that is in ours too. Both are
// lists with commas.
func firstCommon(offered, ours string) (string, bool) {
	for o := range strings.SplitSeq(offered, ",") {
		for w := range strings.SplitSeq(ours, ",") {
			if o == w {
				return o, true
			}
		}
	}
	return "", false
}

// Same reports whether a and b are one value of k: numbers can be written in
// more than one way.
func (k *Key) Same(a, b string) bool {
	if k.Kind != Minimum && k.Kind != Maximum {
		return a == b
	}
	x, errX := Number(a, k.Min, k.Max)
	y, errY := Number(b, k.Min, k.Max)
	return errX == nil && errY == nil && x == y
}
