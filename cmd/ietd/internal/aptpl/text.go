// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package aptpl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"ietring/scsi"
)

// firstLine names the format and its version. It changes when an older program
// would read a newer file wrongly.
const firstLine = "ietring reservations 1\n"

// checksumLen is the length of the last line.
const checksumLen = len("checksum 00000000\n")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode returns the text of r for u.
func encode(u Unit, r *scsi.Reservations) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sunit %q %x\n", firstLine, u.ScsiSN, u.ScsiID)
	for _, g := range r.Registrations {
		fmt.Fprintf(&b, "register %016x %s\n", g.Key, nexusText(g.Nexus))
	}
	if r.Type != scsi.NoReservation {
		fmt.Fprintf(&b, "reserve %d", r.Type)
		if r.Holder != (scsi.NexusID{}) {
			fmt.Fprintf(&b, " %s", nexusText(r.Holder))
		}
		b.WriteByte('\n')
	}
	return sealed(b.String())
}

// sealed returns body with its checksum behind it.
func sealed(body string) []byte {
	return fmt.Appendf([]byte(body), "checksum %08x\n", crc32.Checksum([]byte(body), castagnoli))
}

func nexusText(id scsi.NexusID) string {
	return fmt.Sprintf("%x %d %q %q", id.ISID[:], id.Group, id.Initiator, id.Target)
}

// decode reads what encode has written for u. It takes nothing else.
func decode(u Unit, text []byte) (*scsi.Reservations, error) {
	if len(text) < len(firstLine)+checksumLen || !bytes.HasPrefix(text, []byte(firstLine)) {
		return nil, fmt.Errorf("it does not begin with %q, or is too short", strings.TrimSpace(firstLine))
	}
	body, last := text[:len(text)-checksumLen], text[len(text)-checksumLen:]
	if !bytes.Equal(sealed(string(body))[len(body):], last) {
		return nil, errors.New("its checksum is wrong")
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")[1:]
	if len(lines) == 0 || lines[0] != fmt.Sprintf("unit %q %x", u.ScsiSN, u.ScsiID) {
		return nil, errors.New("it is about another unit")
	}
	r := &scsi.Reservations{Persist: true}
	for i, line := range lines[1:] {
		if err := decodeLine(r, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+3, err)
		}
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	// What is not written as encode does it was not written by encode.
	if !bytes.Equal(encode(u, r), text) {
		return nil, errors.New("it is not written as ietd writes it")
	}
	return r, nil
}

var errLine = errors.New("it is neither a registration nor a reservation")

func decodeLine(r *scsi.Reservations, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	number, rest, more := strings.Cut(rest, " ")
	var id scsi.NexusID
	if more {
		var err error
		if id, err = decodeNexus(rest); err != nil {
			return err
		}
	}
	switch word {
	case "register":
		key, err := strconv.ParseUint(number, 16, 64)
		if err != nil || !more {
			return errLine
		}
		r.Registrations = append(r.Registrations, scsi.Registration{Nexus: id, Key: key})
		return nil
	case "reserve":
		kind, err := strconv.ParseUint(number, 10, 8)
		if err != nil || r.Type != scsi.NoReservation {
			return errLine
		}
		r.Type, r.Holder = scsi.ReservationType(kind), id
		return nil
	}
	return errLine
}

// decodeNexus reads what nexusText has written.
func decodeNexus(text string) (id scsi.NexusID, err error) {
	isid, rest, _ := strings.Cut(text, " ")
	raw, err := hex.DecodeString(isid)
	if err != nil || len(raw) != len(id.ISID) {
		return id, errLine
	}
	copy(id.ISID[:], raw)
	number, rest, _ := strings.Cut(rest, " ")
	group, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return id, errLine
	}
	id.Group = uint16(group)
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return id, errLine
	}
	if id.Initiator, err = strconv.Unquote(quoted); err != nil {
		return id, errLine
	}
	if id.Target, err = strconv.Unquote(strings.TrimPrefix(rest[len(quoted):], " ")); err != nil {
		return id, errLine
	}
	return id, nil
}
