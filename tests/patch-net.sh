#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The fix of stock e1000 (make patch-net) as its reader tries it: git am on the kernel's sources,
# and its reproducer on the driver built before and after.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<-END
		usage: tests/patch-net.sh [--seconds N] [SERIES…]
		For Linux 6.1 and 7.3, or each SERIES of dev/kernels/list: apply the patch that
		make patch-net prints with git am, build e1000 without and with it, and run its
		reproducer on both in a guest. Needs root; five minutes a kernel, the first time five
		more.
		  --seconds N  how long to try (default 90)
		Exit status: 0 it shows before and not after, 1 otherwise, 2 wrong usage.
	END
}

seconds=90 wanted=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--seconds)
		is_uint "${2-}" || usage_error "--seconds requires a number"
		seconds=$2
		shift
		;;
	[0-9]*) wanted="$wanted $1" ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
need_root
need git
work=$(mktemp -d)
trap 'rm -rf "$work"; give_back_all "$top"' EXIT
e1000=drivers/net/ethernet/intel/e1000
failed=0 passed=0

# tell WHAT COMMAND…
tell() {
	local what="$1"
	shift
	if "$@"; then
		echo "ok $what"
		passed=$((passed + 1))
	else
		echo "not ok $what"
		failed=$((failed + 1))
	fi
}

git_in() {
	git -C "$tree" -c user.name=e1000_napi -c user.email=e1000_napi@localhost -c core.hooksPath=/dev/null \
		-c commit.gpgSign=false "$@"
}

# build NAME: e1000.ko of the tree as it is, to $work/$series/NAME
build() {
	mkdir -p "$work/$series/$1"
	cp "$tree/$e1000"/*.[ch] "$tree/$e1000/Makefile" "$work/$series/$1/"
	"$top/dev/kernels/root.sh" run "$root" --bind "$work/$series/$1" /mnt -- \
		make -s -j2 -C "/lib/modules/$kver/build" M=/mnt modules >"$work/build" 2>&1 || {
		cat "$work/build"
		return 1
	}
}

# reproduces NAME: packets are sent while the device is down, or it crashes by one
reproduces() {
	local rc=0
	"$top/lab/boot.sh" --kver "$kver" --no-module --share "$work/$series/$1" --timeout $((seconds + 120)) \
		--console "$top/build/check/patch-net-$series-$1.console" -- sh tests/guest/patch-net.sh "$seconds" \
		>"$work/guest" 2>&1 || rc=$?
	sed -n 's/^# /# '"$series, $1"': /p' "$work/guest"
	[ "$rc" -ne 0 ] || return 1
	! grep -q '^# the end' "$work/guest" || return 0
	grep 'RIP: 0010:e1000_xmit_frame' "$top/build/check/patch-net-$series-$1.console" && return
	tail -n 3 "$work/guest"
	return 1
}
does_not() { ! reproduces "$1" && grep -q '^# the end' "$work/guest"; }

for series in ${wanted:-6.1 7.3}; do
	"$top/dev/kernels.sh" --build-only "$series-amd64" >/dev/null || die "Linux $series cannot be had, see above"
	{ read -r kver && read -r root && read -r tar; } <"$top/build/check/$series-amd64.where"
	tree=$work/$series/tree
	mkdir -p "$tree"
	tar -xJf "$tar" -C "$tree" --strip-components=1 --wildcards "*/$e1000" '*/intel/Kconfig' '*/include/linux/slab.h' "linux-source-$series/Makefile"
	git_in init -q
	git_in add .
	git_in commit -qm "Linux $series"
	(cd "$tree" && GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=e1000_napi \
		GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=e1000_napi@localhost \
		"$top/dev/intree.sh" fix "$tree") >"$work/$series/fix.patch"
	build before
	tell "$series: git am applies it" git_in am -q "$work/$series/fix.patch"
	build after
	tell "$series: e1000 without it sends while it is down" reproduces before
	tell "$series: and with it does not" does_not after
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
