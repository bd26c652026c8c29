// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import "slices"

// An object is what an operation is about.
type object string

const (
	daemon     object = "the daemon"
	target     object = "a target"
	session    object = "a session"
	connection object = "a connection"
	lun        object = "a LUN"
	account    object = "an account"
	volumes    object = "--volume"
	sessions   object = "--session"
)

// An action is a row of what ietadm can do.
type action struct {
	op     string
	object object
	takes  []string // options of our own that mean something here, besides --json
	run    func(*dialog) error
}

// actions has every operation with every object that it knows. What IET answered
// with Unsupported, or did nothing for, has a row that says what to do instead.
var actions = []action{
	{"new", target, nil, newTarget},
	{"delete", target, []string{"force"}, deleteTarget},
	{"update", target, []string{"permanent"}, updateTarget},
	{"show", target, nil, showTarget},

	{"new", lun, nil, newLun},
	{"delete", lun, nil, deleteLun},
	{"update", lun, nil, updateLun},
	{"show", lun, nil, showLun},

	{"new", session, nil, unsupported("a session begins when an initiator logs in")},
	{"delete", session, nil, deleteSession},
	{"update", session, nil, unsupported("a session keeps what was agreed on at login; change the target, for new sessions")},
	{"show", session, nil, showSession},

	{"new", connection, nil, unsupported("a connection begins when an initiator logs in")},
	{"delete", connection, nil, deleteConnection},
	{"update", connection, nil, unsupported("nothing of a connection can be changed; --op delete closes it")},
	{"show", connection, nil, showConnection},

	{"new", account, nil, newAccount},
	{"delete", account, nil, deleteAccount},
	{"update", account, nil, unsupported("delete the account and make it anew")},
	{"show", account, nil, showAccount},

	{"new", daemon, nil, noObject},
	{"delete", daemon, nil, stopAll},
	{"update", daemon, nil, noObject},
	{"show", daemon, nil, noObject},
	{"reload", daemon, []string{"dry-run"}, reload},
	{"dump", daemon, nil, dump},

	{"show", volumes, nil, showVolumes},
	{"show", sessions, nil, showSessions},
}

// ours are the options of our own that mean something in few rows. IET's own
// options are passed over where they mean nothing, as IET did.
var ours = []string{"force", "permanent", "dry-run"}

func unsupported(why string) func(*dialog) error {
	return func(*dialog) error { return unsupportedError(why) }
}

func noObject(*dialog) error {
	return invalid("no object: give --tid or --target, and --lun, --sid, --cid or --user where one of those is meant")
}

// object returns what the arguments are about: what the most particular option
// names.
func (c *command) object() object {
	switch {
	case c.volume:
		return volumes
	case c.session:
		return sessions
	case c.user:
		return account
	case c.given("lun"):
		return lun
	case c.given("cid"):
		return connection
	case c.given("sid"):
		return session
	case c.hasTarget():
		return target
	}
	return daemon
}

// action finds the row of the arguments.
func (c *command) action() (*action, error) {
	about := c.object()
	i := slices.IndexFunc(actions, func(a action) bool { return a.op == c.op && a.object == about })
	if i < 0 {
		return nil, invalid("--op %s does not know %s", c.op, about)
	}
	a := &actions[i]
	for _, name := range ours {
		if c.given(name) && !slices.Contains(a.takes, name) {
			return nil, usageError("--" + name + " means nothing for --op " + c.op + " of " + string(about))
		}
	}
	return a, c.checkObject(a)
}

// checkObject holds that the options which name the object are all there.
func (c *command) checkObject(a *action) error {
	switch {
	case c.volume && c.session:
		return usageError("--volume and --session are two questions; ask one of them")
	case c.given("tid") && c.given("target") && !(a.op == "new" && a.object == target):
		return usageError("--tid and --target both name the target; give one of them")
	case a.object == account && (c.given("lun") || c.given("cid") || c.given("sid")):
		return invalid("an account belongs to a target or to discovery: leave --lun, --cid and --sid out")
	case (a.object == lun || a.object == session || a.object == connection) && !c.hasTarget():
		return invalid("%s belongs to a target: give --tid or --target", a.object)
	case a.object == connection && !c.given("sid"):
		return invalid("a connection belongs to a session: give --sid")
	}
	return nil
}
