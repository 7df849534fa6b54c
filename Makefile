# SPDX-License-Identifier: GPL-2.0
# The user's targets. The module's objects are in Kbuild.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# The kernel to build for: this one, or KVER=release, or KDIR=its headers
ifdef KDIR
KVER := $(shell cat "$(KDIR)/include/config/kernel.release" 2>/dev/null || echo unknown)
endif
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
# Its e1000 sources, a tree or a tarball; searched for when not given
KSRC ?=

ifneq ($(words $(CURDIR)),1)
$(error the name of this folder, "$(CURDIR)", has a space in it, which the build of the kernel's modules does not take; move the clone, or rename the folder)
endif

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
BUILD := $(CURDIR)/build/$(KVER)
MODDIR := $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/updates
DKMSDIR := $(DESTDIR)/usr/src/e1000_napi-$(VERSION)

# After sudo, what this makes belongs to the caller: the goals run below dev/as-caller.sh, which
# dkms has not
ifneq ($(and $(SUDO_UID),$(wildcard dev/as-caller.sh),$(if $(CALLER),,1)),)
GOALS := $(or $(MAKECMDGOALS),all)
.PHONY: $(GOALS) as-caller
$(GOALS): as-caller
	@:
as-caller:
	+@CALLER=$(SUDO_UID) dev/as-caller.sh $(MAKE) $(GOALS)
else

all: module tools

module:
	@dev/prepare.sh --out "$(BUILD)" --kver "$(KVER)" --kdir "$(KDIR)" --ksrc "$(KSRC)"
	+@$(MAKE) -C "$(KDIR)" M="$(BUILD)" modules

tools:
	+@$(MAKE) -C tools

install: module
	install -D -m 644 "$(BUILD)/e1000_napi.ko" "$(MODDIR)/e1000_napi.ko"
	depmod $(if $(INSTALL_MOD_PATH),-b "$(INSTALL_MOD_PATH)") "$(KVER)"

uninstall:
	[ ! -e "$(MODDIR)/e1000_napi.ko" ] || { rm "$(MODDIR)/e1000_napi.ko" && \
		{ rmdir "$(MODDIR)" 2>/dev/null || :; } && \
		depmod $(if $(INSTALL_MOD_PATH),-b "$(INSTALL_MOD_PATH)") "$(KVER)"; }

# Only the files that dkms needs to build the module
dkms-source:
	install -d "$(DKMSDIR)/e1000_napi" "$(DKMSDIR)/patches" "$(DKMSDIR)/dev" \
		"$(DKMSDIR)/scripts/lib"
	install -m 644 Makefile Kbuild dkms.conf "$(DKMSDIR)"
	install -m 644 e1000_napi/*.[ch] "$(DKMSDIR)/e1000_napi"
	install -m 644 patches/*.patch "$(DKMSDIR)/patches"
	install -m 755 dev/prepare.sh "$(DKMSDIR)/dev"
	install -m 755 scripts/lib/common.sh "$(DKMSDIR)/scripts/lib"

dkms: dkms-source
	dkms install e1000_napi/$(VERSION) -k "$(KVER)"

dkms-remove:
	dkms remove e1000_napi/$(VERSION) --all
	rm -rf "$(DKMSDIR)"

deb:
	packaging/deb.sh

intree:
	@dev/intree.sh tree "$(KSRC)"

patch:
	@dev/intree.sh patch "$(KSRC)"

patch-net:
	@dev/intree.sh fix "$(KSRC)"

# DEPS: groups of packages, see dev/deps.sh --help
deps:
	@dev/deps.sh $(DEPS)

# Module and tools for the lab's kernel; root is needed only for missing packages
lab-build: deps
	@echo 'building the module and the tools (some twenty seconds the first time)'
	+@$(MAKE) -s module tools KVER="$$(lab/image.sh --show-kver)"

demo: lab-build
	lab/demo.sh

lab: lab-build
	lab/boot.sh

# The same sweep on each hypervisor; mmdebstrap makes the hosts of Xen and VirtualBox
lab-qemu lab-xen lab-virtualbox lab-vmware lab-all iso: DEPS += hypervisors
lab-qemu lab-xen lab-virtualbox lab-vmware lab-all: lab-build
	lab/hypervisors/$(@:lab-%=%).sh $(LAB)

# The study on Xen, in counted time; STUDY: parts and options, see --help
study study-check: DEPS += hypervisors
study: lab-build
	lab/study.sh $(STUDY)
study-check: lab-build
	lab/study.sh --check $(STUDY)

iso: lab-build
	lab/iso/iso.sh

# A shell beside three guests that ssh reaches; $$FLEET is their Ansible inventory
lab-fleet: DEPS += fleet
lab-fleet: lab-build
	lab/fleet.sh

check: DEPS += check
check: lab-build
	tests/run.sh

# The tests of reports that need a browser, R and more
check-report: DEPS += check report
check-report: lab-build
	tests/run.sh report

# The cost, compared with ftrace, bpftrace, perf and printk; BENCH: parts, see --help
bench: DEPS += bench hypervisors
bench: lab-build
	bench/run.sh $(BENCH)

# Root: taps and bridges in a network namespace of their own
check-fleet: DEPS += check fleet
check-fleet: lab-build
	bats --print-output-on-failure --tap tests/slow/fleet.bats

# Root: the README's commands in a bare Debian 12 and 13; FRESH: options, see --help
check-fresh: DEPS += fresh
check-fresh: deps
	dev/check-fresh.sh $(FRESH)

# Root: compilers and kernels of other Debian suites go into private roots
check-kernels: DEPS += kernels
check-kernels: deps
	dev/kernels.sh

# Root: the kernel's own tests of network drivers
check-selftests: DEPS += kernels
check-selftests: deps
	tests/selftests.sh

# Root: the packages in a private Debian 12
check-deb: DEPS += kernels
check-deb: deps
	tests/packages.sh

# Root: the packages in full Debian guests with each network manager, and with Secure Boot; DISTRO:
# options, see --help
check-distro: DEPS += distro kernels
check-distro: deps
	tests/distro.sh $(DISTRO)

# Root: a console in such a guest, with the packages installed; DEBIAN: options of lab/debian.sh
lab-debian: DEPS += hypervisors kernels
lab-debian: deps deb
	lab/debian.sh --install "$$(echo build/deb/e1000-napi-dkms_*.deb)" \
		--install "$$(echo build/deb/e1000-napi-tools_*.deb)" $(DEBIAN)

# Two kernels with sanitizers are built for it, seven minutes each
check-faults: DEPS += faults
check-faults: deps
	tests/faults/run.sh $(FAULTS)

# Simulated sweeps with known truth; STATISTICS=--short: half a minute
check-statistics: DEPS += check
check-statistics: deps
	+@$(MAKE) -C tools/napistat
	+@$(MAKE) -C tests/statistics
	tests/statistics/check.py $(STATISTICS)
	tests/statistics/broken.sh

# Root: what the scripts read, changed at random, in namespaces of its own; SECONDS, SEED
fuzz-scripts: DEPS += report
fuzz-scripts: deps tools
	tests/fuzz/scripts.py --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1)

check-static: DEPS += static
check-static: deps
	dev/check-static.sh

# Drawn from tracked text; the pages show the drawing
pictures: DEPS += static
pictures: deps
	dot -Tsvg docs/architecture.dot >docs/architecture.svg

clean:
	rm -rf build

help:
	@echo 'make               the module for the running kernel, and the tools'
	@echo '  KVER=release     ... for another kernel whose headers are there'
	@echo '  KDIR=folder      ... for the kernel of these headers'
	@echo '  KSRC=path        ... with e1000 from this kernel tree or tarball'
	@echo 'make tools         the tools alone'
	@echo 'make install       put the module under /lib/modules/KVER/updates'
	@echo 'make uninstall     take it away again'
	@echo 'make demo          weights 1, 2, 60, 200 in a guest, in two minutes'
	@echo 'make lab           a shell in that guest, module loaded, traffic ready'
	@echo 'make lab-xen       a weight sweep on real Xen, in QEMU; needs root; LAB=--short'
	@echo '  lab-virtualbox lab-vmware lab-qemu   ... on these; VMware is a stand-in'
	@echo '  lab-all          ... on all four, and the report that compares them'
	@echo 'make study         the study on real Xen, in counted time, three hours; STUDY=--quick: 5 min'
	@echo 'make study-check   a part of it again, compared with the tracked rows; STUDY=--quick'
	@echo 'make lab-debian    a full Debian guest with the packages; DEBIAN=options; needs root'
	@echo 'make lab-fleet     three guests at once, for scripts/fleet/run.sh; needs root'
	@echo 'make iso           a bootable ISO with the guest, for any hypervisor'
	@echo 'make check         the tests, in ten minutes; tests/run.sh --help names slower ones'
	@echo 'make check-fresh   the commands of README.md on a bare Debian 12 and 13, in 40 minutes; needs root'
	@echo 'make check-report  the reports, beside a browser, R and promtool'
	@echo 'make bench         what it costs, against ftrace, bpftrace, perf; 90 minutes'
	@echo 'make deps          install the Debian packages that building and the lab need'
	@echo 'make check-kernels the same on every kernel from 5.10 to 7.3; needs root'
	@echo 'make check-selftests  network selftests of Linux 7.3 on the NIC; needs root'
	@echo 'make check-deb     the Debian packages in a Debian of their own; needs root'
	@echo 'make check-distro  the packages in full Debian guests, over reboots; DISTRO=--short; needs root'
	@echo 'make check-faults  faults under load, with sanitizers; four hours, FAULTS=--short half of one'
	@echo 'make check-statistics  intervals and verdicts against known truth; STATISTICS=--short'
	@echo 'make pictures      draw docs/architecture.svg again, after a change of its .dot'
	@echo 'make check-fleet   scripts/fleet over three guests, in six minutes; needs root'
	@echo 'make check-static  checkpatch, sparse, shellcheck and the like'
	@echo 'make fuzz-scripts  the files that the scripts read, changed at random; SECONDS=60; needs root'
	@echo 'make dkms          have dkms build it, now and for each new kernel'
	@echo 'make dkms-remove   take that away again'
	@echo 'make deb           Debian packages, into build/deb/'
	@echo 'make intree        put it into the kernel tree KSRC=path'
	@echo 'make patch         print that as one patch for git am; KSRC=path'
	@echo 'make patch-net     print the fix of stock e1000 as a patch for net; KSRC=path'
	@echo 'make clean         remove build/'

.PHONY: all module tools install uninstall deps lab-build demo lab lab-qemu lab-xen \
	lab-virtualbox lab-vmware lab-all study study-check iso check bench clean help \
	dkms-source dkms dkms-remove deb intree patch patch-net pictures check-kernels check-static check-deb check-faults check-fresh check-report check-selftests lab-fleet check-fleet check-distro lab-debian \
	check-statistics fuzz-scripts

endif
