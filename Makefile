# SPDX-FileCopyrightText: 2026 The ietring authors
# SPDX-License-Identifier: Apache-2.0

# `make` lists the targets. What CI does is `make test`, and nothing else.

# giouring reaches into package syscall by linkname, which Go's linker refuses
# since 1.23 unless it is told not to check. Set once, for every go command.
export GOFLAGS := $(GOFLAGS) -ldflags=-checklinkname=0

# ietd is one static file; only the race detector needs C.
export CGO_ENABLED := 0

# mkfs, losetup and their kin, which the tests use, stand here.
export PATH := $(PATH):/usr/sbin:/sbin

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
FUZZTIME   ?= 10s
SEEDS      ?= 10000
UNITTIME   ?= 10m

# go's ./... passes folders that begin with a dot.
checks   := ./.ci/check ./.ci/serve ./.ci/conformance ./.ci/roundtrip ./.ci/guest ./.ci/qemu
packages := ./... $(checks)

.PHONY: help build run test deps check vet unit race fuzz sim conformance roundtrip roundtrip-full kernel kernel-short qemu bench bench-full manual install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

build: ## build ./ietd, one static file
	go build -trimpath -o ietd ./cmd/ietd

run: build ## build, then serve two demonstration disks; Ctrl-C ends it
	./ietd --demo

test: ## everything that CI does, the short way
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory check vet unit
	@$(MAKE) --no-print-directory race
	@$(MAKE) --no-print-directory fuzz FUZZTIME=10000x
	@$(MAKE) --no-print-directory conformance
	@$(MAKE) --no-print-directory roundtrip
	@$(MAKE) --no-print-directory kernel-short
	@$(MAKE) --no-print-directory qemu

deps: ## install the Debian packages that the tests need, or say which
	.ci/deps

check: ## the house rules: imports, comments, headers, words
	go run ./.ci/check

vet: ## go vet
	go vet $(packages)

unit: build ## unit and end-to-end tests
	go test -timeout $(UNITTIME) $(packages)

race: build ## the same under the race detector, which needs gcc
	CGO_ENABLED=1 go test -race -timeout $(UNITTIME) $(packages)

fuzz: ## every fuzz target for FUZZTIME (10s)
	@grep -rE --include='*_test.go' '^func Fuzz' . | sed -E 's|/[^/]*_test.go:func (Fuzz[A-Za-z0-9]*).*| \1|' | \
	while read -r folder target; do \
		echo "$$folder $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "$$folder" || exit 1; \
	done

sim: ## the data plane on a simulated kernel, SEEDS (10000) times; SEED=n tells of one
	go test ./ring -count=1 -timeout 1h -run '^TestSimulation$$' $(if $(SEED),-v -sim.seed=$(SEED),-sim.seeds=$(SEEDS))

conformance: build ## libiscsi's iscsi-test-cu; its skips stand in .ci/conformance/skip.txt
	go run ./.ci/conformance

roundtrip: build ## a real ext4 image to the disk and back by qemu-img, 12 ways
	go run ./.ci/roundtrip

roundtrip-full: build ## the same in all 384 ways; takes hours
	go run ./.ci/roundtrip -full

kernel: build ## the Linux kernel's initiator, in a User-mode Linux guest
	go run ./.ci/guest

kernel-short: build ## the part of it that make test runs
	go run ./.ci/guest -short

qemu: build ## QEMU's initiator: patterns by qemu-io, then a machine that boots from the disk
	go run ./.ci/qemu

bench: build ## measure what the goals name, beside a floor and other targets; minutes
	.ci/deps bench
	go run ./bench/harness --ietd ./ietd

bench-full: build ## the same on every backing with every workload; half an hour
	.ci/deps bench
	go run ./bench/harness --ietd ./ietd --full

manual: build ## manual pages and shell completions, into .build
	mkdir -p .build
	for page in ietd.8 ietadm.8 ietd.conf.5; do ./ietd --print-manual $$page > .build/$$page || exit 1; done
	for shell in bash zsh fish; do ./ietd --print-completion $$shell > .build/completion.$$shell || exit 1; done

# A configuration that is there stays as it is.
install: build manual ## into PREFIX (/usr/local) and SYSCONFDIR (/etc); DESTDIR goes before both
	install -D -m 0755 ietd $(DESTDIR)$(PREFIX)/sbin/ietd
	ln -sf ietd $(DESTDIR)$(PREFIX)/sbin/ietadm
	install -d $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 0644 .build/ietd.8 .build/ietadm.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 .build/ietd.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -D -m 0644 .build/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ietd
	ln -sf ietd $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ietadm
	install -D -m 0644 .build/completion.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ietd
	install -D -m 0644 .build/completion.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ietd.fish
	ln -sf ietd.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ietadm.fish
	for unit in ietd.service ietd.socket; do \
		sed 's|/usr/local/sbin/|$(PREFIX)/sbin/|' cmd/ietd/packaging/$$unit > .build/$$unit && \
		install -D -m 0644 .build/$$unit $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit 1; \
	done
	install -D -m 0644 cmd/ietd/packaging/seccomp.json $(DESTDIR)$(PREFIX)/share/ietd/seccomp.json
	cd cmd/ietd/packaging && for file in ietd.conf initiators.allow targets.allow; do \
		mode=0644; test $$file != ietd.conf || mode=0640; \
		test -e $(DESTDIR)$(SYSCONFDIR)/iet/$$file || install -D -m $$mode $$file $(DESTDIR)$(SYSCONFDIR)/iet/$$file || exit 1; \
	done

clean: ## remove what was built
	rm -rf ietd ietadm .build
