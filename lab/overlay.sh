#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of boot.sh: the initramfs of one boot, which is the cached base followed by
# what changes from boot to boot: this tree's scripts, tests and built programs.
#
# overlay.sh IMAGE WORK MODULE [COMMAND ARG…]: writes WORK/initrd. WORK/conf is there.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"
top=$here/..
image=$1
work=$2
module=$3
shift 3

# quote WORD: so that a shell reads it as the same word
quote() {
	printf "'"
	printf '%s' "$1" | sed "s/'/'\\\\''/g"
	printf "' "
}

root=$work/root
opt=$root/opt/e1000_napi
mkdir -p "$opt/tools" "$root/lab"
for room in scripts lab bench tests e1000-napi dkms.conf version; do
	[ ! -e "$top/$room" ] || cp -R "$top/$room" "$opt/"
done
case $module in
'') ;;
# DKMS compresses modules for some kernels; decompress it for the guest
*.xz) xz -dc "$module" >"$opt/e1000_napi.ko" ;;
*.zst) zstd -qdc "$module" >"$opt/e1000_napi.ko" ;;
*) cp "$module" "$opt/" ;;
esac
cp "$here/init" "$root/init"
cp "$work/conf" "$root/lab/conf"
for arg in "$@"; do
	quote "$arg"
done >"$root/lab/command"

# Built programs, and libraries that the base does not have
for name in napimeter napistat napinic; do
	f=$(tool "$name")
	cp "$f" "$opt/tools/"
	ldd "$f" 2>/dev/null | sed -n 's|^[^/]*\(/[^ ]*\).*|\1|p'
done | sort -u >"$work/libs"
while read -r lib; do
	# /lib is a link to usr/lib there; a directory lib in the archive would replace it
	to=usr${lib#/usr}
	! grep -qxF "./$to" "$image/files" || continue
	mkdir -p "$root/${to%/*}"
	cp -L "$lib" "$root/$to"
done <"$work/libs"

# The kernel unpacks one archive after the other; each begins on four bytes
cp "$image/base.cpio.zst" "$work/initrd"
size=$(wc -c <"$work/initrd")
[ $((size % 4)) -eq 0 ] || head -c $((4 - size % 4)) /dev/zero >>"$work/initrd"
# The same files make the same bytes, so that deterministic runs are identical
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet --reproducible -o -H newc -R +0:+0) >>"$work/initrd"
rm -rf "$root"
