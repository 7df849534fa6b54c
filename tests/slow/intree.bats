#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The in-tree form: git am takes the patch, checkpatch accepts it, it builds on and off.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	kver=$(scripts/lab/image.sh --show-kver)
	tmp=$(mktemp -d)
	tarball=$(ls /usr/src/linux-source-*.tar.xz)
	export E1000_NAPI_CACHE=${E1000_NAPI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/e1000_napi}
	export HOME=$tmp
	unset XDG_CONFIG_HOME GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
	git config --global user.name "A Person"
	git config --global user.email person@example.org
	from=$(scripts/prepare.sh --show-tree --ksrc "$tarball")
	cp -R "$from" "$tmp/tree"
	intel=$tmp/tree/drivers/net/ethernet/intel
}

teardown() { rm -rf "$tmp"; }

# build CONFIG…: the in-tree folder as a module, with the headers that are here
build() {
	cp -R "$intel/e1000" "$tmp/build"
	make -s -C "/lib/modules/$kver/build" M="$tmp/build" W=1 CONFIG_E1000=m "$@" modules 2>&1 |
		grep -v 'Skipping BTF' >"$tmp/log" || :
	cat "$tmp/log"
	[ -e "$tmp/build/e1000.ko" ]
	! grep -q 'warning:' "$tmp/log" || false
}

@test "make patch prints a mail that git am takes and checkpatch accepts" {
	make patch KSRC="$tarball" >"$tmp/patch"
	head -n 1 "$tmp/patch" | grep -q '^From [0-9a-f]\{40\} '
	grep -q '^From: A Person ' "$tmp/patch"
	grep -q '^Signed-off-by: A Person <person@example.org>$' "$tmp/patch"
	cd "$tmp/tree"
	git init -q
	git add -f .
	git commit -qm stock
	git am -q "$tmp/patch"
	[ -f drivers/net/ethernet/intel/e1000/e1000_napi/poll.c ]
	# A line of MAINTAINERS covers all folders of intel/
	mkdir "$tmp/check"
	tar -xf "$tarball" -C "$tmp/check" --strip-components=1 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
	perl "$tmp/check/scripts/checkpatch.pl" --no-tree --strict --ignore FILE_PATH_CHANGES "$tmp/patch"
}

@test "make intree changes the tree once; it is stock but for the option" {
	make intree KSRC="$tmp/tree"
	grep -q '^config E1000_NAPI_STATS' "$intel/Kconfig"
	grep -q 'e1000_driver_name\[\] = "e1000"' "$intel/e1000/e1000_main.c"
	grep -q 'MODULE_DEVICE_TABLE(pci' "$intel/e1000/e1000_main.c"
	run make intree KSRC="$tmp/tree"
	[ "$status" -ne 0 ]
	[[ $output == *"has it already"* ]]
}

@test "it builds with the option on" {
	make intree KSRC="$tmp/tree"
	build CONFIG_E1000_NAPI_STATS=y KCFLAGS=-DCONFIG_E1000_NAPI_STATS
	modinfo -F parm "$tmp/build/e1000.ko" | grep -q '^weight:'
}

@test "it builds with the option off, and then nothing of it is there" {
	make intree KSRC="$tmp/tree"
	build
	[ -z "$(nm "$tmp/build/e1000.ko" | grep napi_stats)" ]
	[ -z "$(modinfo -F parm "$tmp/build/e1000.ko" | grep '^weight:')" ]
}

@test "without KSRC, or with a folder that is no kernel: one sentence" {
	run make intree
	[ "$status" -ne 0 ]
	[[ $output == *"KSRC is missing"* ]]
	run make patch KSRC="$tmp/check"
	[ "$status" -ne 0 ]
	[[ $output == *"has no drivers/net/ethernet/intel/e1000"* ]]
}
