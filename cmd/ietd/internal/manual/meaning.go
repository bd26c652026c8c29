// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import "strings"

// A meaning explains one name of ietd.conf.
type meaning struct {
	name  string
	args  string   // how its arguments are written, for directives
	words []string // the words that it takes, where there are few
	path  bool     // its value is a file
	text  string   // sentences; *word* is literal, /WORD/ is an argument
}

var directiveMeanings = []meaning{
	{name: "Target", args: "NAME", text: "Begins a target. What follows belongs to it, up to the next *Target*. Target ids are given in the order of the file, from 1. Names are iSCSI names (RFC 7143, Section 4.2.7) of at most 223 bytes: *iqn.*, *eui.* or *naa.*."},
	{name: "Alias", args: "TEXT", text: "A name for people, to the end of the line. It is sent to initiators as *TargetAlias*."},
	{name: "Lun", args: "NUMBER PARAMETER=VALUE,...", text: "Gives the target a logical unit, see LUN PARAMETERS. There are no blanks around the commas."},
	{name: "LunMask", args: "INITIATOR LUNS [ro]", text: "Says which LUNs an initiator sees. /INITIATOR/ is its name with *\\** and *?* as wildcards, its address, a prefix as *192.0.2.0/24*, or *ALL*; /LUNS/ is a list as *0,2-5*, or *ALL*, or *none*; with *ro* it cannot write. The first line that matches decides. A target with such lines shows nothing to initiators that none of them matches; one without shows everything to everybody. This directive is not IET's."},
	{name: "Redirect", args: "ADDRESS[:PORT] [permanent]", text: "Sends logins to another portal, as *ietadm --redirect* does; with *permanent* initiators may remember it. This directive is not IET's."},
	{name: "PortGroup", args: "NUMBER [STATE] [explicit]", text: "Puts the target into a target port group (ALUA), with a number from 2 on; targets without this line are in group 1. /STATE/ is how good the way to the disks through the targets of the group is: *optimized* (the default), *non-optimized*, *standby*, *unavailable* or *transitioning*; all targets of a group have the same. Initiators with several paths to one *Path* choose by it. *ietadm --op update --tid N --params 'PortGroup=2 standby'* changes it at any time; with *explicit* initiators may, too. This directive is not IET's."},
	{name: "IncomingUser", args: "NAME SECRET", text: "A CHAP account that initiators log in with; any number. With one of them CHAP is required. Before the first *Target* it is for discovery. RFC 7143 asks for secrets of at least 12 bytes."},
	{name: "OutgoingUser", args: "NAME SECRET", text: "What this side answers with when an initiator wants mutual CHAP. Its secret must not be that of an *IncomingUser*."},
	{name: "MaxSessions", args: "NUMBER", text: "The most sessions of the target; 0 is any number."},
	{name: "QueuedCommands", args: "NUMBER", text: "The most commands that a session may have open."},
	{name: "Wthreads", args: "NUMBER", text: "IET's disk threads. It is read, shown and of no effect: threads are the process's, see *--threads* and *--workers* of ietd(8)."},
	{name: "NOPInterval", args: "SECONDS", text: "After that much silence the initiator is pinged with a NOP-In; 0 is never."},
	{name: "NOPTimeout", args: "SECONDS", text: "How long the answer to a ping may take before the connection is closed; at most *NOPInterval*, which is the default."},
	{name: "Type", args: "0", text: "The type of the target. Every target has disks, which is 0."},
	{name: "iSNSServer", args: "HOST", text: "Registers the targets with this iSNS server, a name or an IP address."},
	{name: "iSNSAccessControl", args: "Yes|No", words: yesNo, text: "With Yes only initiators that the iSNS server names may log in."},
}

var yesNo = []string{"Yes", "No"}
var digestLists = []string{"None", "CRC32C", "CRC32C,None", "None,CRC32C"}

var sessionKeyMeanings = []meaning{
	{name: "InitialR2T", words: yesNo, text: "Yes: a write waits for R2T. No: *FirstBurstLength* bytes may come without."},
	{name: "ImmediateData", words: yesNo, text: "Data may come in the same PDU as the command."},
	{name: "MaxConnections", text: "The most connections of a session."},
	{name: "MaxRecvDataSegmentLength", text: "The longest data segment that this side receives."},
	{name: "MaxXmitDataSegmentLength", text: "The longest data segment that this side sends, whatever the initiator takes. It is IET's, not on the wire."},
	{name: "MaxBurstLength", text: "The most data of one sequence."},
	{name: "FirstBurstLength", text: "The most data that comes without R2T; at most *MaxBurstLength*."},
	{name: "DefaultTime2Wait", text: "How long an initiator waits before it connects again."},
	{name: "DefaultTime2Retain", text: "How long tasks of a lost connection are kept."},
	{name: "MaxOutstandingR2T", text: "The most R2Ts that a task may have open."},
	{name: "DataPDUInOrder", words: []string{"Yes"}, text: "PDUs of a sequence come in order of their offsets."},
	{name: "DataSequenceInOrder", words: []string{"Yes"}, text: "Sequences come in order of their offsets."},
	{name: "ErrorRecoveryLevel", text: "What is recovered inside a session."},
	{name: "HeaderDigest", words: digestLists, text: "A checksum of each header. *CRC32C* alone refuses initiators that want none."},
	{name: "DataDigest", words: digestLists, text: "A checksum of each data segment, likewise."},
}

var lunParamMeanings = []meaning{
	{name: "Path", path: true, text: "What the LUN is kept in. Required but for *nullio*."},
	{name: "Type", words: []string{"fileio", "blockio", "nullio"}, text: "*fileio*: a file (or device). *blockio*: a block device, opened for ietd alone, past the page cache. *nullio*: nothing; reads give zeros and writes are forgotten."},
	{name: "ScsiId", text: "Identity of the disk in VPD page 83h. Without it, it is made of the target's name and the LUN's number, as IET made it; initiators know the disk by it."},
	{name: "ScsiSN", text: "Serial number in VPD page 80h. Without it, it is made of *ScsiId*."},
	{name: "NAA", words: []string{"yes", "no"}, text: "With *yes* VPD page 83h has an NAA designator besides, locally assigned and made of *ScsiId*. Initiators name the disk by it rather than by IET's, so a disk that they know already gets another name. This parameter is not IET's."},
	{name: "Removable", words: []string{"yes", "no"}, text: "With *yes* the medium can be ejected by an initiator, and loaded again, unless one prevents it (START STOP UNIT; PREVENT ALLOW MEDIUM REMOVAL). This parameter is not IET's."},
	{name: "IOMode", words: []string{"wt", "wb", "ro"}, text: "*wt*: no write cache, an acknowledged write is on stable storage. *wb*: write cache, it is there after SYNCHRONIZE CACHE or with FUA. *ro*: write protected."},
	{name: "BlockSize", words: []string{"512", "1024", "2048", "4096"}, text: "Size of a logical block. VMware ESXi wants 512."},
	{name: "PhysicalBlockSize", text: "Size of a physical block, which initiators align to."},
	{name: "Blocks", text: "Size of a *nullio* disk."},
	{name: "Sectors", text: "The same as *Blocks*."},
	{name: "Direct", words: []string{"yes", "no"}, text: "Whether *fileio* goes past the page cache."},
	{name: "AtomicWrite", text: "How many bytes an atomic write (WRITE ATOMIC) has: a power of two from 512 to 1048576, at multiples of itself. The file system or device must be able to do it; a file on xfs can since Linux 6.16. Without it there are none."},
	{name: "Thin", words: []string{"yes", "no"}, text: "Whether initiators can give blocks back by UNMAP and WRITE SAME; they then read as zeros. Without it, yes wherever the file system can make holes in the file, or the device can give blocks back as zeros."},
	{name: "ThinThreshold", text: "In percent of the disk: when the file system of a thin file has less room left, initiators hear it, once (THIN PROVISIONING SOFT THRESHOLD REACHED), and it is logged. 0, the default: never. What is taken and left stands in log page 0Ch."},
	{name: "EraseRate", text: "How much of the disk SANITIZE and FORMAT UNIT erase in a second at most, in each pass, in bytes or as in *64MiB*; at least *1MiB*. Without it, as much as the disk can: commands to others on the same device then wait longer. This parameter is not IET's."},
	{name: "WSNZ", words: []string{"yes", "no"}, text: "Whether WRITE SAME without a number of blocks is refused; *no*, the default, takes it as all blocks to the end."},
}

// find returns the row of name, without regard to case, or nil.
func find(table []meaning, name string) *meaning {
	for i := range table {
		if strings.EqualFold(table[i].name, name) {
			return &table[i]
		}
	}
	return nil
}
