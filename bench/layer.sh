#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs that are too large for the lab's small guest: bpftrace with LLVM,
# perf. Prints a read-only disk image of them, made once and cached; in the
# guest it is mounted at /layer, with bin/ and lib/.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"

need bpftrace
need perf linux-perf
need mkfs.ext4 e2fsprogs
key=$( (
	dpkg-query -W bpftrace linux-perf libc6
	cat "$0"
) | sha256sum | cut -c1-16)
folder=$(cache_dir bench)
disk=$folder/layer-$key
if [ ! -e "$disk" ]; then
	log "$prog: making the disk with bpftrace and perf (once, half a minute)"
	mkdir -p "$folder"
	tmp=$(mktemp -d "$folder/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
	mkdir -p "$tmp/root/bin" "$tmp/root/lib"
	for p in bpftrace perf; do
		p=$(command -v "$p")
		cp -L "$p" "$tmp/root/bin/"
		ldd "$p" | sed -n 's|^[^/]*=> \(/[^ ]*\).*|\1|p'
	done | sort -u | while read -r lib; do
		cp -L "$lib" "$tmp/root/lib/"
	done
	mkfs.ext4 -q -O ^has_journal -m 0 -d "$tmp/root" "$tmp/disk" \
		"$(($(du -sm "$tmp/root" | cut -f1) * 11 / 10 + 16))M" >/dev/null
	find "$folder" -name 'layer-*' -mtime +7 -delete
	mv "$tmp/disk" "$disk"
fi
echo "$disk"
