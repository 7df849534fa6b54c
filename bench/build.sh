#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Build what the bench compares with: stock e1000 with its weight as a parameter
# (build/bench/stock/e1000.ko), that with the study's print per poll (printk/), and a BPF
# program that counts polls (tpbtf/).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$here/..
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"
kver=$1

make -s -C "$top/bench/insns"
make -s -C "$top/bench/tpbtf"
for name in stock printk; do
	dir=$top/build/bench/$name
	key=$(cat "$0" "$here"/*.patch "$here/Kbuild" | cksum)-$kver
	[ "$(cat "$dir/.built" 2>/dev/null)" != "$key" ] || continue
	log "$prog: building $name e1000 (once, half a minute)"
	rm -rf "$dir"
	"$top/dev/prepare.sh" --stock --kver "$kver" --out "$dir" 2>/dev/null
	cp "$here/Kbuild" "$dir/"
	patches=weight
	[ "$name" = stock ] || patches="weight printk"
	for p in $patches; do
		(cd "$dir" && patch -s -p1 -F0 --no-backup-if-mismatch <"$here/$p.patch") ||
			die "$p.patch does not apply to e1000 of $kver"
	done
	make -s -C "/lib/modules/$kver/build" M="$dir" modules >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		die "$name did not build"
	}
	echo "$key" >"$dir/.built"
done
