// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/netip"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/access"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/isns"
	"ietring/cmd/ietd/internal/target"
)

// accessFiles are initiators.allow and its kin as a target.Admission.
type accessFiles struct{ *access.Rules }

// Initiator reports whether the files let the initiator see the target.
func (a accessFiles) Initiator(target, initiator string, remote netip.Addr) (bool, string) {
	return a.Rules.Initiator(target, initiator, remote), "initiators.allow or initiators.deny shuts it out"
}

// announcer is the iSNS client as a target.Admission, and its goroutine.
type announcer struct {
	*isns.Client
	stop context.CancelFunc
	done chan struct{} // closed when it has deregistered
}

// Initiator reports whether the server lets the initiator in.
func (a *announcer) Initiator(target, initiator string, _ netip.Addr) (bool, string) {
	return a.Allowed(target, initiator), "the iSNS server does not name it"
}

// Local reports that every address will do: the server has nothing to say.
func (a *announcer) Local(string, netip.Addr) bool { return true }

// newAnnouncer returns the iSNS client of cfg, which does nothing yet.
func newAnnouncer(cfg *config.Config, catalog *target.Catalog, portals func() []netip.AddrPort, log zerolog.Logger) (*announcer, error) {
	client, err := isns.New(isns.Config{
		Server: cfg.ISNSServer, AccessControl: cfg.ISNSAccessControl, Portals: portals, Group: cfg.Groups.Tag, Log: log,
		Targets: func() []isns.TargetInfo {
			var list []isns.TargetInfo
			for _, t := range catalog.All() {
				list = append(list, isns.TargetInfo{Name: t.Name, Alias: t.Alias})
			}
			return list
		},
	})
	if err != nil {
		return nil, err
	}
	return &announcer{Client: client}, nil
}

// start registers what there is, and keeps it registered.
func (a *announcer) start() {
	var ctx context.Context
	ctx, a.stop = context.WithCancel(context.Background())
	a.done = make(chan struct{})
	go func() {
		defer close(a.done)
		a.Run(ctx)
	}()
}

// end deregisters, if start was called, and waits for that.
func (a *announcer) end() {
	if a.stop != nil {
		a.stop()
		<-a.done
	}
}
