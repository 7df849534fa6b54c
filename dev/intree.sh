#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The driver inside a kernel tree: stock e1000 with a Kconfig option, without a second module.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

usage() {
	cat <<EOF
usage: dev/intree.sh tree KSRC      (make intree KSRC=…)
       dev/intree.sh fix KSRC       (make patch-net KSRC=…)
       dev/intree.sh patch KSRC     (make patch KSRC=…)

tree   changes the kernel tree KSRC: drivers/net/ethernet/intel/e1000 gains the
       poll statistics and the live weight, behind the option E1000_NAPI_STATS,
       and the fix.
fix    prints the fix of stock e1000, patches/0001, as one mail for git am, from
       and signed off by the user that git knows: it is for net, and by itself.
patch  prints the rest, likewise; without the option it changes nothing.

For fix and patch KSRC, a tree or a tarball, is not changed. The patch that makes the
driver a module of its own name is in none of them.
EOF
}

intel=drivers/net/ethernet/intel
parts=$top/patches/intree

# stock DIR: copy the files of KSRC that will change into DIR
stock() {
	mkdir -p "$1/$intel/e1000"
	cp "$from/$intel/Kconfig" "$1/$intel/"
	cp "$from/$intel/e1000"/*.[ch] "$from/$intel/e1000/Makefile" "$1/$intel/e1000/"
}

# change DIR: change the files that stock copied into DIR
change() {
	_e=$1/$intel/e1000
	"$top/dev/prepare.sh" --ksrc "$ksrc" --intree --out "$_e.new"
	cp "$_e.new"/*.[ch] "$_e/"
	mkdir "$_e/e1000_napi"
	for f in "$top"/e1000_napi/*.[ch]; do
		# There is no -I for the directory above, and docs/ is elsewhere
		sed -e 's|^#include "e1000.h"|#include "../e1000.h"|' \
			-e 's|: docs/driver.md describes it\.|.|' "$f" >"$_e/e1000_napi/${f##*/}"
	done
	rm -rf "$_e.new"
	# checkpatch wants this form from the kernels on that have it
	! grep -q 'define kvmalloc_obj(' "$from/include/linux/slab.h" ||
		sed -i 's|kv\([mz]\)alloc(sizeof(\(\*[a-z]*\)), GFP_KERNEL)|kv\1alloc_obj(\2)|' "$_e"/e1000_napi/*.c

	_h=$_e/e1000_napi/e1000_napi.h
	! grep -q 'struct netlink_ext_ack \*extack' "$_e/e1000_ethtool.c" ||
		sed -i '/^\/\* In kernels before 5.15 /,/^$/d' "$_h"
	awk -v stubs="$parts/stubs.h" '
		/^#include/ && !n++ { print "#ifdef CONFIG_E1000_NAPI_STATS\n" }
		/^#endif \/\* E1000_NAPI_H \*\/$/ {
			while ((getline line < stubs) > 0) print line
			print ""
		}
		{ print }' "$_h" >"$_h.new"
	mv "$_h.new" "$_h"
	sed -i 's|^#include "e1000_napi/ethtool_stats.h"|#ifdef CONFIG_E1000_NAPI_STATS\n&\n#endif|' "$_e/e1000_ethtool.c"

	cat "$parts/Makefile" >>"$_e/Makefile"
	_k=$1/$intel/Kconfig
	awk -v option="$parts/Kconfig" '
		$1 == "config" && $2 == "E1000E" {
			while ((getline line < option) > 0) print line
		}
		{ print }' "$_k" >"$_k.new"
	mv "$_k.new" "$_k"
	grep -q '^config E1000_NAPI_STATS' "$_k" || die "$intel/Kconfig has no config E1000E to stand before"
}

do_tree() {
	[ -d "$ksrc" ] || die "KSRC=$ksrc is not a folder; make patch works on a tarball"
	[ ! -e "$ksrc/$intel/e1000/e1000_napi" ] || die "$ksrc has it already"
	change "$tmp/tree"
	cp -R "$tmp/tree/$intel/." "$ksrc/$intel/"
	log "$ksrc has it now; say y to E1000_NAPI_STATS in its configuration"
}

# commits: a repository in $tmp/tree, whose commits are stock, the fix, and the rest
commits() {
	need git
	name=$(git config user.name || :)
	mail=$(git config user.email || :)
	if [ -z "$name" ] || [ -z "$mail" ]; then
		die "the patch needs an author: set git config --global user.name and user.email"
	fi
	cd "$tmp/tree"
	_git() { git -c user.name="$name" -c user.email="$mail" -c core.hooksPath=/dev/null \
		-c commit.gpgSign=false -c core.autocrlf=false -c format.signature=e1000_napi "$@"; }
	_git init -q
	_git add .
	_git commit -qm stock
	for _p in "$top"/patches/0001-*; do
		(cd "$intel/e1000" && LC_ALL=C patch -p1 -s -F0 --no-backup-if-mismatch -r - <"$_p") ||
			die "${_p##*/} does not apply to $ksrc; is the fix in it already?"
		_git add .
		sed -n '/^---$/q; s/^Subject: //; p' "$_p" | _git commit -qs -F -
	done
	change .
	_git add .
	_git commit -qs -F "$parts/commit"
}

do_fix() {
	commits
	_git format-patch --stdout --subject-prefix='PATCH net' HEAD^^..HEAD^
}

do_patch() {
	commits
	_git format-patch --stdout -M -1
}

what=${1:-}
case $what in
-h | --help) usage && exit 0 ;;
tree | fix | patch) ;;
*) usage_error "say tree, fix or patch" ;;
esac
ksrc=${2:-}
[ -n "$ksrc" ] || usage_error "KSRC is missing: the kernel tree"
case $ksrc in /*) ;; *) ksrc=$PWD/$ksrc ;; esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; give_back "$ksrc/drivers/net/ethernet/intel"' EXIT
from=$("$top/dev/prepare.sh" --show-tree --ksrc "$ksrc")
stock "$tmp/tree"
do_"$what"
