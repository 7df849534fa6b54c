#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Copy a kernel's own e1000 sources, patched, and ours into a build directory.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: dev/prepare.sh --out DIR [--kver KVER] [--kdir DIR] [--ksrc PATH] [--stock | --intree]
       dev/prepare.sh --show-tree --ksrc PATH

Finds the e1000 sources of the kernel that is built for, copies them to the
folder given, applies patches/ without fuzz, and checks that every hunk is in
the function that it is meant for. make calls it; a second call with nothing
changed does nothing.

  --out DIR    the build folder
  --kver KVER  the kernel's release (default: the running kernel's)
  --kdir DIR   its headers (default: /lib/modules/KVER/build)
  --ksrc PATH  its sources, a tree or a tarball (default: searched for)
  --stock      copy the sources as they are, without patches and our files
  --intree     for a kernel tree (KSRC) itself: without our files, and without the
               patch that makes it a module of its own name
  --show-tree  print the tree that KSRC is, or the part of it that a tarball gave
EOF
}

kver=$(uname -r) kdir='' ksrc='' out='' stock='' intree='' show=''
while [ $# -gt 0 ]; do
	case $1 in
	--kver) kver=${2:?} && shift ;;
	--kdir) kdir=${2:?} && shift ;;
	--ksrc) ksrc=$2 && shift ;;
	--out) out=${2:?} && shift ;;
	--stock) stock=1 ;;
	--intree) intree=1 ;;
	--show-tree) intree=1 show=1 ;;
	-h | --help) usage && exit 0 ;;
	*) usage_error "unknown argument: $1" ;;
	esac
	shift
done
[ -n "$out$show" ] || usage_error "--out is missing"
kdir=${kdir:-${PREPARE_ROOT-}/lib/modules/$kver/build}
need patch
need diff diffutils

# The tests put made-up sources of other distributions under a folder
root=${PREPARE_ROOT-}

e1000=drivers/net/ethernet/intel/e1000
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; [ -z "$out" ] || give_back "$out"; give_back "$(cache_dir e1000-source)"' EXIT

# The series (6.1) and version (6.1.192) of the headers
headers_version() {
	_h=$kdir/include/generated/uapi/linux/version.h
	[ -r "$_h" ] || die "no headers for kernel $kver in $kdir: install them" \
		"(Debian: apt-get install linux-headers-$kver) or set KVER= or KDIR=; here are: $(have_headers)"
	awk '$2 == "LINUX_VERSION_CODE" {
		print int($3 / 65536) "." int($3 / 256) % 256 "." $3 % 256 }' "$_h"
}

have_headers() {
	for _d in /lib/modules/*/build; do
		[ ! -e "$_d" ] || basename "$(dirname "$_d")"
	done | tr '\n' ' ' | grep . || echo none
}

# makefile_version < Makefile: the version that a kernel's Makefile states
makefile_version() {
	awk -F' *= *' '$1 == "VERSION" { v = $2 } $1 == "PATCHLEVEL" { p = $2 }
		$1 == "SUBLEVEL" { s = $2; exit } END { if (v) print v "." p "." s }'
}

# series VERSION: 6.1 of 6.1.192
series() { echo "$1" | cut -d . -f 1-2; }

# The member of a tarball that holds e1000, unpacked once and kept
from_tarball() {
	_key=$(printf '%s' "$1 $(stat -L -c '%s %Y' "$1")" | cksum | tr ' ' -)
	_kept=$(cache_dir "e1000-source/$_key")
	if [ ! -e "$_kept/include/linux/slab.h" ]; then
		log "unpacking e1000 from $1 (once, some seconds)"
		mkdir -p "$(dirname "$_kept")" "$tmp/tar"
		tar -xf "$1" -C "$tmp/tar" --wildcards --no-wildcards-match-slash \
			"*/Makefile" "*/$e1000/*" \
			"*/${e1000%/*}/Kconfig" "*/include/linux/slab.h" || return 1
		# Another run may have been quicker
		if [ ! -e "$_kept/include/linux/slab.h" ]; then
			rm -rf "$_kept"
			mv "$tmp"/tar/* "$_kept"
		fi
	fi
	echo "$_kept"
}

# as_tree PATH: a tree with e1000, from a tree or a tarball; prints nothing if it has none
as_tree() {
	if [ -f "$1" ]; then
		from_tarball "$1"
	elif [ -f "$1/$e1000/e1000_main.c" ]; then
		echo "$1"
	else
		# Ubuntu and others keep the tarball in a folder
		for _t in "$1"/linux*.tar.*; do
			[ ! -f "$_t" ] || { from_tarball "$_t" && return; }
		done
		return 1
	fi
}

# Where distributions put sources, the likeliest first: a link to the tree; Debian's
# tarball, Ubuntu's folder with one; SUSE's and Gentoo's tree, or a kernel.org tarball
candidates() {
	printf '%s\n' "$root/lib/modules/$kver/source" "$kdir"
	for _c in "$root"/usr/src/linux-source-"$series"[!0-9]* "$root"/usr/src/kernels/"$kver" \
		"$root"/usr/src/linux-"$series" "$root"/usr/src/linux-"$series"[!0-9]* "$root"/usr/src/linux; do
		[ ! -e "$_c" ] || printf '%s\n' "$_c"
	done
}

# The command that fetches them here; docs/install.md has all of them
how_to_get() {
	# shellcheck disable=SC1091 # the system's
	case " $(. "$root/etc/os-release" 2>/dev/null && echo "${ID-} ${ID_LIKE-}") " in
	*' debian '* | *' ubuntu '*) echo "apt-get install linux-source-$series; on Ubuntu linux-source" ;;
	*' fedora '* | *' rhel '*) echo "dnf download --source kernel-$kver, and KSRC= the linux tarball in it" ;;
	*suse*) echo "zypper install kernel-source" ;;
	*' arch '*) echo "linux-$series.tar.xz from kernel.org into /usr/src" ;;
	*) echo "Debian: apt-get install linux-source-$series" ;;
	esac
}

# Sets $tree and $src_version, or stops
find_source() {
	if [ -n "$ksrc" ]; then
		[ -e "$ksrc" ] || die "KSRC: there is no $ksrc"
		tree=$(as_tree "$ksrc") || die "KSRC: $ksrc has no $e1000; give a kernel tree or its tarball"
		src_version=$(makefile_version <"$tree/Makefile")
		[ "$(series "$src_version")" = "$series" ] ||
			die "KSRC: $ksrc is Linux $src_version, the headers in $kdir are $version: they must be of one series"
		return
	fi
	candidates >"$tmp/candidates"
	while read -r c; do
		tree=$(as_tree "$c") || continue
		src_version=$(makefile_version <"$tree/Makefile")
		[ "$(series "$src_version")" = "$series" ] && return
	done <"$tmp/candidates"
	die "no e1000 sources of Linux $series found: install them ($(how_to_get))" \
		"or set KSRC= to a kernel tree or tarball"
}

# hunks < DIFF: per hunk file, function (as far as every diff shows it), lines
hunks() {
	awk '/^\+\+\+ / { file = $2; sub(/^[^\/]*\//, "", file); next }
		/^@@/ { f = $0; sub(/^@@[^@]*@@ ?/, "", f); f = substr(f, 1, 40)
			sub(/\(.*/, "", f); sub(/ +$/, "", f); print "@ " file " " f; in_h = 1; next }
		/^[-+ ]/ && in_h && !/^--- / { print; next } { in_h = 0 }'
}

apply() {
	_p=$1
	rm -rf "$tmp/before"
	cp -r "$tmp/src" "$tmp/before"
	if ! (cd "$tmp/src" && LC_ALL=C patch -p1 -F0 --no-backup-if-mismatch -r - <"$_p") >"$tmp/patch.log" 2>&1; then
		cat "$tmp/patch.log" >&2
		die "patches/$(basename "$_p") does not apply to e1000 of Linux $src_version ($tree):" \
			"$(awk '/^patching file/ { f = $3 } /^Hunk .* FAILED/ { sub(/^#/, "", $2)
				printf "%shunk %s of %s", s, $2, f; s = ", " }' "$tmp/patch.log"); nothing was built"
	fi
	hunks <"$_p" >"$tmp/meant"
	# diff exits 1 if there is a difference, as there should be
	(
		cd "$tmp" || exit
		LC_ALL=C diff -r -p -U1 before src
	) | hunks >"$tmp/got"
	cmp -s "$tmp/meant" "$tmp/got" ||
		die "patches/$(basename "$_p"): a hunk is not where it should be in e1000 of Linux $src_version" \
			"($tree); meant (<), got (>), nothing was built:
$(diff "$tmp/meant" "$tmp/got")"
}

if [ -n "$intree" ]; then
	[ -n "$ksrc" ] || usage_error "--ksrc is missing"
	tree=$(as_tree "$ksrc") || die "KSRC: $ksrc has no $e1000; give a kernel tree or its tarball"
	src_version=$(makefile_version <"$tree/Makefile")
	version=$src_version
	[ -z "$show" ] || { echo "$tree" && exit 0; }
else
	version=$(headers_version)
	series=$(series "$version")
	find_source
fi
[ "$src_version" = "$version" ] ||
	log "note: e1000 is of Linux $src_version, the headers are $version (one series, that is fine)"

if [ -n "$stock" ]; then
	mkdir -p "$out"
	cp "$tree/$e1000"/*.[ch] "$out/"
	exit 0
fi

key=$(cat "$tree/$e1000"/*.[ch] "$top"/patches/*.patch | cksum)
if [ "$(cat "$out/.prepared" 2>/dev/null)" != "$key" ]; then
	mkdir "$tmp/src"
	cp "$tree/$e1000"/*.[ch] "$tmp/src/"
	for p in "$top"/patches/*.patch; do
		case $intree$p in 1*-be-a-module-of-its-own-name*) continue ;; esac
		apply "$p"
	done
	rm -rf "$out"
	mkdir -p "$out"
	mv "$tmp/src"/* "$out/"
	echo "$key" >"$out/.prepared"
fi

[ -z "$intree" ] || exit 0

# Only what changed, so that make builds no more than it must
mkdir -p "$out/e1000_napi"
cd "$top"
for f in Kbuild e1000_napi/*.[ch]; do
	cmp -s "$top/$f" "$out/$f" || cp "$top/$f" "$out/$f"
done 2>/dev/null
