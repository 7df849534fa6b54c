#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# prepare.sh finds e1000 where each distribution keeps its kernel's sources. The trees
# are made up, of the same shape as theirs; nothing here ran on those distributions.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	tmp=$(mktemp -d)
	export PREPARE_ROOT=$tmp/root E1000_NAPI_CACHE=$tmp/cache
	mkdir -p "$tmp/root/usr/src" "$tmp/root/etc" "$tmp/root/lib/modules"
}

teardown() { rm -rf "$tmp"; }

# headers KVER VERSION [AT]: headers as /lib/modules/KVER/build has them
headers() {
	local at=$tmp/root/${3:-lib/modules/$1/build} a b c
	IFS=. read -r a b c <<<"$2"
	mkdir -p "$at/include/generated/uapi/linux"
	echo "#define LINUX_VERSION_CODE $((a * 65536 + b * 256 + c))" \
		>"$at/include/generated/uapi/linux/version.h"
	if [ -n "${3:-}" ]; then
		mkdir -p "$tmp/root/lib/modules/$1"
		ln -s "$at" "$tmp/root/lib/modules/$1/build"
	fi
}

# tree DIR VERSION MARK: a kernel tree with an e1000 that says MARK
tree() {
	local a b c
	IFS=. read -r a b c <<<"$2"
	mkdir -p "$1/drivers/net/ethernet/intel/e1000" "$1/include/linux"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\n' "$a" "$b" "$c" >"$1/Makefile"
	echo "$3" >"$1/drivers/net/ethernet/intel/e1000/e1000_main.c"
	touch "$1/drivers/net/ethernet/intel/Kconfig" "$1/include/linux/slab.h"
}

# tarball FILE NAME VERSION MARK: the same as FILE, in a folder NAME
tarball() {
	tree "$tmp/t/$2" "$3" "$4"
	mkdir -p "${1%/*}"
	tar -caf "$1" -C "$tmp/t" "$2"
	rm -rf "$tmp/t"
}

# found MARK KVER [OPTION…]: that e1000 is taken
found() {
	local mark=$1 kver=$2
	shift 2
	run dev/prepare.sh --stock --kver "$kver" --out "$tmp/out" "$@"
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	[ "$(cat "$tmp/out/e1000_main.c")" = "$mark" ]
}

@test "Debian: a tarball in /usr/src" {
	headers 6.1.0-56-amd64 6.1.192
	tarball "$tmp/root/usr/src/linux-source-6.1.tar.xz" linux-source-6.1 6.1.192 debian
	found debian 6.1.0-56-amd64
}

@test "Debian: a tarball of another series is not taken, nor 6.12 for 6.1" {
	headers 6.1.0-56-amd64 6.1.192
	tarball "$tmp/root/usr/src/linux-source-6.12.tar.xz" linux-source-6.12 6.12.1 wrong
	run dev/prepare.sh --stock --kver 6.1.0-56-amd64 --out "$tmp/out"
	[ "$status" -eq 1 ]
	[[ $output == *"no e1000 sources of Linux 6.1 found"*"linux-source-6.1"* ]]
}

@test "Ubuntu: a folder with the tarball, and a link to that" {
	headers 6.8.0-50-generic 6.8.12
	tarball "$tmp/root/usr/src/linux-source-6.8.0/linux-source-6.8.0.tar.bz2" linux-source-6.8.0 6.8.12 ubuntu
	ln -s linux-source-6.8.0/linux-source-6.8.0.tar.bz2 "$tmp/root/usr/src/linux-source-6.8.0.tar.bz2"
	found ubuntu 6.8.0-50-generic
}

@test "Fedora and RHEL: headers only in /usr/src/kernels; KSRC is the source package's tarball" {
	headers 6.11.4-301.fc41.x86_64 6.11.4 usr/src/kernels/6.11.4-301.fc41.x86_64
	echo ID=fedora >"$tmp/root/etc/os-release"
	run dev/prepare.sh --stock --kver 6.11.4-301.fc41.x86_64 --out "$tmp/out"
	[ "$status" -eq 1 ]
	[[ $output == *"dnf download --source"* ]]
	tarball "$tmp/linux-6.11.4.tar.xz" linux-6.11.4 6.11.4 fedora
	found fedora 6.11.4-301.fc41.x86_64 --ksrc "$tmp/linux-6.11.4.tar.xz"
}

@test "openSUSE: build and source are two trees" {
	headers 6.4.0-150600.21-default 6.4.0 usr/src/linux-6.4.0-150600.21-obj/x86_64/default
	tree "$tmp/root/usr/src/linux-6.4.0-150600.21" 6.4.0 suse
	ln -s /nowhere "$tmp/root/lib/modules/6.4.0-150600.21-default/source"
	found suse 6.4.0-150600.21-default
	rm "$tmp/root/lib/modules/6.4.0-150600.21-default/source"
	mv "$tmp/root/usr/src/linux-6.4.0-150600.21" "$tmp/root/usr/src/tree"
	ln -s "$tmp/root/usr/src/tree" "$tmp/root/lib/modules/6.4.0-150600.21-default/source"
	found suse 6.4.0-150600.21-default
}

@test "Arch: a kernel.org tarball put into /usr/src" {
	headers 6.11.5-arch1-1 6.11.5
	echo ID=arch >"$tmp/root/etc/os-release"
	run dev/prepare.sh --stock --kver 6.11.5-arch1-1 --out "$tmp/out"
	[ "$status" -eq 1 ]
	[[ $output == *kernel.org* ]]
	tarball "$tmp/root/usr/src/linux-6.11.5.tar.xz" linux-6.11.5 6.11.5 arch
	found arch 6.11.5-arch1-1
}

@test "Gentoo and self-built: /usr/src/linux, and the build tree itself" {
	headers 6.6.0 6.6.0
	tree "$tmp/root/usr/src/linux" 6.6.0 gentoo
	found gentoo 6.6.0
	tree "$tmp/root/lib/modules/6.6.0/build" 6.6.0 self
	found self 6.6.0
}

@test "KSRC of another series, without e1000, or not there: one sentence each" {
	headers 6.1.0-56-amd64 6.1.192
	tree "$tmp/other" 6.12.3 other
	run dev/prepare.sh --stock --kver 6.1.0-56-amd64 --out "$tmp/out" --ksrc "$tmp/other"
	[ "$status" -eq 1 ]
	[[ $output == *"Linux 6.12.3"*"6.1.192"*"one series"* ]]
	mkdir "$tmp/empty"
	run dev/prepare.sh --stock --kver 6.1.0-56-amd64 --out "$tmp/out" --ksrc "$tmp/empty"
	[ "$status" -eq 1 ]
	[[ $output == *"has no drivers/net/ethernet/intel/e1000"* ]]
	run dev/prepare.sh --stock --kver 6.1.0-56-amd64 --out "$tmp/out" --ksrc "$tmp/none"
	[ "$status" -eq 1 ]
	[[ $output == *"there is no $tmp/none"* ]]
}
